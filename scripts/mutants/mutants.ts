// `npm run mutants`: changes the source in many small ways, one at a time, and counts which changes the
// tests notice. It reads options and prints; how it is done stands in the files beside it.
import { availableParallelism } from 'node:os'
import {
  Complaint,
  interruption,
  paint,
  readOptions,
  runCommand,
  USAGE_EXIT_CODE,
} from '../terminal.ts'
import { mutate, type Outcome, scoreOf, sumOf, type Tally } from './stryker.ts'

const LEAST_SCORE = 85
const MOST_CONCURRENCY = 16

const HELP = `Changes the source in many small ways and counts how many of the changes the tests notice.

  npm run mutants -- [--only stryker] [--file PATTERN]… [--concurrency N]

  --only PART        only one part: stryker, which mutates the rules and the guard
  --file PATTERN     mutate only this file, from the project's root; may be given several times
  --concurrency N    how many mutants are tried at once (as many as there are processors, at most 4)

It prints what became of the mutants of each file, every mutant that no test noticed, and the score. The
exit code is 0 where at least ${LEAST_SCORE} of 100 were noticed.`

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

/** The parts by name; each prints what it finds and says whether that will do. */
const PARTS: Record<string, (wish: Wish) => Promise<boolean>> = { stryker }

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
    concurrency: readCount('concurrency', options.concurrency),
    signal: interruption(),
  }
  let good = true
  for (const run of readParts(options.only)) good = (await run(wish)) && good
  return good ? 0 : 1
}

async function stryker({ files, concurrency, signal }: Wish): Promise<boolean> {
  const tallies: Tally[] = []
  for (const { name, files: all, tests, within } of MUTATED) {
    const asked = files.length > 0 ? files.filter((file) => within.test(file)) : all
    if (asked.length === 0) continue
    const outcome = await mutate({ files: asked, tests, concurrency, signal, going: progress })
    progress('')
    show(name, outcome)
    tallies.push(sumOf(outcome.files.map(({ tally }) => tally)))
  }
  if (tallies.length === 0)
    throw new Complaint('None of these files is one that Stryker mutates.', USAGE_EXIT_CODE)
  const score = scoreOf(sumOf(tallies))
  const good = score >= LEAST_SCORE
  const sentence = `Score: ${told(score)} of 100 mutants were noticed; at least ${LEAST_SCORE} must be.`
  console.log(paint(good ? 'green' : 'red', sentence))
  return good
}

const COLUMNS = [40, 8, 9, 10, 12, 9, 8]
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

const row = (cells: string[]): string =>
  cells
    .map((cell, index) => {
      const width = COLUMNS[index] ?? 0
      return index === 0 ? cell.padEnd(width) : cell.padStart(width)
    })
    .join('')

/** Says how far it is, in a line that the next one replaces; only where somebody looks. */
function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`)
}

function readParts(only: string | undefined) {
  if (only === undefined) return Object.values(PARTS)
  const part = Object.hasOwn(PARTS, only) ? PARTS[only] : undefined
  if (part) return [part]
  const known = Object.keys(PARTS).join(', ')
  throw new Complaint(`--only is one of ${known}.\n\n${HELP}`, USAGE_EXIT_CODE)
}

function readCount(name: string, text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= MOST_CONCURRENCY) return count
  throw new Complaint(`--${name} ${text} is no number from 1 to ${MOST_CONCURRENCY}.`, 2)
}

await runCommand(main)
