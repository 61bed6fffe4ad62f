// `npm run mutants`: changes the source in many small ways, one at a time, and counts which changes the
// tests notice. Three parts: Stryker's mutants of the rules and the guard, named changes to the objects,
// and a build weakened in each rule that always holds. It reads options and prints; how it is done stands
// in the files beside it.
import { availableParallelism } from 'node:os'
import {
  Complaint,
  inColumns,
  interruption,
  paint,
  progress,
  readCount,
  readOptions,
  runCommand,
  USAGE_EXIT_CODE,
} from '../terminal.ts'
import { weakenedBy } from '../weakened.ts'
import type { Change } from './change.ts'
import { tryChanges, type Verdict } from './named.ts'
import { STATE_CHANGES } from './state/index.ts'
import { mutate, type Outcome, scoreOf, sumOf, type Tally } from './stryker.ts'

const LEAST_SCORE = 85
const MOST_CONCURRENCY = 16

const HELP = `Changes the source in many small ways and counts how many of the changes the tests notice.

  npm run mutants -- [--only stryker|state|rules] [--file PATTERN]… [--concurrency N]

  --only PART        only one part: stryker, which mutates the rules and the guard; state, named changes to
                     the objects; rules, builds weakened in one rule that always holds each
  --file PATTERN     change only this file, from the project's root; may be given several times
  --concurrency N    how many are tried at once (as many as there are processors, at most 4)

It prints what became of the mutants of each file, every one that no test noticed, and the scores. The
exit code is 0 where at least ${LEAST_SCORE} of 100 were noticed in either part, and every weakened rule.`

const OPTIONS = {
  only: { type: 'string' },
  file: { type: 'string', multiple: true, default: [] as string[] },
  concurrency: { type: 'string', default: String(Math.min(4, availableParallelism())) },
} as const

interface Wish {
  files: readonly string[]
  concurrency: number
  signal: AbortSignal
}

/** Prints what it finds and says whether that will do; undefined where it has nothing to try. */
type Part = (wish: Wish) => Promise<boolean | undefined>

const PARTS: Record<string, Part> = { stryker, state, rules }

/** What Stryker mutates, each under the tests that are about it. */
const MUTATED = [
  {
    name: 'The rules',
    files: ['functions/domain/**/*.ts'],
    tests: 'scripts/mutants/domain.vitest.config.ts',
    within: /^functions\/domain\//,
  },
  {
    name: 'The guard',
    files: ['client/resource.ts', 'client/resource/**/*.ts'],
    tests: 'scripts/mutants/guard.vitest.config.ts',
    within: /^client\/resource/,
  },
]

async function main(): Promise<number> {
  const options = readOptions(OPTIONS, HELP)
  if (!options) return 0
  const wish = {
    files: options.file,
    concurrency: readCount('concurrency', options.concurrency, { most: MOST_CONCURRENCY }),
    signal: interruption(),
  }
  const answers: (boolean | undefined)[] = []
  for (const run of readParts(options.only)) answers.push(await run(wish))
  if (answers.every((answer) => answer === undefined))
    throw new Complaint('There is nothing to change in these files.', USAGE_EXIT_CODE)
  return answers.includes(false) ? 1 : 0
}

async function stryker({ files, concurrency, signal }: Wish): Promise<boolean | undefined> {
  const tallies: Tally[] = []
  for (const { name, files: all, tests, within } of MUTATED) {
    const asked = files.length > 0 ? files.filter((file) => within.test(file)) : all
    if (asked.length === 0) continue
    const outcome = await mutate({ files: asked, tests, concurrency, signal, going: progress })
    progress('')
    show(name, outcome)
    tallies.push(sumOf(outcome.files.map(({ tally }) => tally)))
  }
  if (tallies.length === 0) return undefined
  const scores = tallies.map(scoreOf)
  const score = told(scoreOf(sumOf(tallies)))
  const sentence = `Score: ${score} of 100 mutants were noticed; at least ${LEAST_SCORE} must be, of the rules and of the guard.\n`
  return verdictIs(
    scores.every((one) => one >= LEAST_SCORE),
    sentence,
  )
}

/** Named changes to the objects: so many of a hundred must be noticed. */
async function state(wish: Wish): Promise<boolean | undefined> {
  const verdicts = await tryNamed(STATE_CHANGES, wish)
  if (verdicts.length === 0) return undefined
  const files = Map.groupBy(verdicts, ({ change }) => change.replacements[0]?.[0] ?? '')
  console.log(`Named changes to the objects:\n\n${row(['file', 'caught', 'survived'])}`)
  for (const [file, all] of files) {
    const caught = caughtOf(all)
    console.log(row([file, String(caught), String(all.length - caught)]))
  }
  console.log('\nEach, and the first test that noticed it:\n')
  for (const verdict of verdicts) console.log(lineOf(verdict))
  const score = (100 * caughtOf(verdicts)) / verdicts.length
  const sentence = `\nScore: ${caughtOf(verdicts)} of ${verdicts.length} named changes were noticed, ${told(score)} of 100; at least ${LEAST_SCORE} must be.\n`
  return verdictIs(score >= LEAST_SCORE, sentence)
}

const WEAKENED_RULES = weakenedBy('tests').map(({ rule, breaks, replacements, caughtBy }) => ({
  ...{ name: `${rule} ${breaks}`, replacements, tests: caughtBy.tests },
}))

/** A build for each rule that always holds: every one must be noticed. */
async function rules(wish: Wish): Promise<boolean | undefined> {
  const verdicts = await tryNamed(WEAKENED_RULES, wish)
  if (verdicts.length === 0) return undefined
  console.log('Builds weakened in one rule each:\n')
  for (const verdict of verdicts) console.log(lineOf(verdict))
  const all = caughtOf(verdicts) === verdicts.length
  return verdictIs(all, `\n${caughtOf(verdicts)} of ${verdicts.length} were caught.\n`)
}

function tryNamed(all: Change[], { files, concurrency, signal }: Wish): Promise<Verdict[]> {
  const isAsked = ({ replacements }: Change) =>
    files.length === 0 || replacements.some(([file]) => files.includes(file))
  const changes = all.filter(isAsked)
  let count = 0
  return tryChanges(changes, {
    concurrency,
    signal,
    tried: () => progress(`${++count} of ${changes.length} tried`),
  }).finally(() => progress(''))
}

const caughtOf = (verdicts: Verdict[]): number =>
  verdicts.filter(({ outcome }) => outcome === 'caught').length

const lineOf = (verdict: Verdict): string =>
  `${verdict.outcome.padEnd(8)}  ${verdict.change.name}${'by' in verdict ? `\n            ${verdict.by}` : ''}`

function verdictIs(good: boolean, sentence: string): boolean {
  console.log(paint(good ? 'green' : 'red', sentence))
  return good
}

const row = inColumns([40, 8, 9, 10, 12, 9, 8])
const HEAD = ['file', 'killed', 'timeout', 'survived', 'no coverage', 'ignored', 'score']

function show(name: string, { files, unnoticed }: Outcome): void {
  console.log(`${name}:\n\n${row(HEAD)}`)
  for (const { file, tally } of files) console.log(row([file, ...numbersOf(tally)]))
  const all = sumOf(files.map(({ tally }) => tally))
  console.log(`${row(['together', ...numbersOf(all)])}\n`)
  console.log(unnoticed.length > 0 ? 'No test noticed:\n' : 'Every mutant was noticed.')
  for (const line of unnoticed) console.log(line)
  console.log('')
}

const numbersOf = (tally: Tally): string[] => [
  String(tally.killed),
  String(tally.timeout),
  String(tally.survived),
  String(tally.noCoverage),
  String(tally.ignored),
  told(scoreOf(tally)),
]

/** Rounded down: 84.99 is not 85. */
const told = (score: number): string => (Math.floor(score * 10) / 10).toFixed(1)

function readParts(only: string | undefined) {
  if (only === undefined) return Object.values(PARTS)
  const part = Object.hasOwn(PARTS, only) ? PARTS[only] : undefined
  if (part) return [part]
  const known = Object.keys(PARTS).join(', ')
  throw new Complaint(`--only is one of ${known}.\n\n${HELP}`, USAGE_EXIT_CODE)
}

await runCommand(main)
