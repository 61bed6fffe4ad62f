// `npm run mutants`: changes the source in many small ways, one at a time, and counts which changes the
// tests notice. Two parts: Stryker's mutants of the rules, the objects and the guard, and a build weakened in
// each rule that always holds. It reads options and prints; the other files of this folder do the work.
import { availableParallelism } from 'node:os'
import {
  Complaint,
  interruption,
  paint,
  progress,
  readCount,
  readOptions,
  runCommand,
  USAGE_EXIT_CODE,
} from '../terminal.ts'
import { weakenedBy } from '../weakened.ts'
import { tryBuilds, type Verdict } from './rules.ts'
import { mutate } from './stryker.ts'

const MOST_CONCURRENCY = 16

/** What Stryker mutates, each under the tests that are about it. */
const MUTATED = [
  {
    name: 'The rules',
    files: ['functions/domain/**/*.ts', 'contract/shared/**/*.ts'],
    tests: 'scripts/mutants/domain.vitest.config.ts',
    within: /^(?:functions\/domain|contract\/shared)\//,
    leastScore: 85,
  },
  {
    name: 'The objects',
    files: ['functions/state/**/*.ts'],
    tests: 'scripts/mutants/state.vitest.config.ts',
    within: /^functions\/state\//,
    leastScore: 80,
  },
  {
    name: 'The guard',
    files: ['client/resource.ts', 'client/resource/**/*.ts'],
    tests: 'scripts/mutants/guard.vitest.config.ts',
    within: /^client\/resource/,
    leastScore: 85,
  },
]

const HELP = `Changes the source in many small ways and counts how many of the changes the tests notice.

  npm run mutants -- [--only stryker|rules] [--file PATTERN]… [--concurrency N]

  --only PART        only one part: stryker, which mutates the rules, the objects and the guard; or rules,
                     builds that are each weakened in one rule that always holds
  --file PATTERN     change only this file, from the project's root; may be given several times
  --concurrency N    how many are tried at once (as many as there are processors, at most 4)

It prints every mutant that no test noticed, and the scores. The exit code is 0 where the tests noticed at
least ${MUTATED.map(({ name, leastScore }) => `${leastScore} of 100 (${name.toLowerCase()})`).join(', ')}, and every weakened build.`

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

async function stryker({ files, ...wish }: Wish): Promise<boolean | undefined> {
  const answers: boolean[] = []
  for (const { name, files: all, within, ...mutated } of MUTATED) {
    const asked = files.length > 0 ? files.filter((file) => within.test(file)) : all
    if (asked.length === 0) continue
    console.log(`${name}:\n`)
    answers.push(await mutate({ ...mutated, ...wish, files: asked }))
  }
  return answers.length > 0 ? !answers.includes(false) : undefined
}

/** A build for each rule that always holds: the tests must catch every one. */
async function rules({ files, ...wish }: Wish): Promise<boolean | undefined> {
  const builds = weakenedBy('tests').filter(
    ({ replacements }) => files.length === 0 || replacements.some(([file]) => files.includes(file)),
  )
  if (builds.length === 0) return undefined
  let count = 0
  const tried = () => progress(`${++count} of ${builds.length} tried`)
  const verdicts = await tryBuilds(builds, { ...wish, tried }).finally(() => progress(''))
  console.log('Builds weakened in one rule each:\n')
  for (const verdict of verdicts) console.log(lineOf(verdict))
  const caught = verdicts.filter(({ failed }) => failed !== undefined).length
  const all = caught === builds.length
  console.log(paint(all ? 'green' : 'red', `\n${caught} of ${builds.length} were caught.\n`))
  return all
}

function lineOf({ build, failed, broken }: Verdict): string {
  const outcome = failed ? 'caught' : broken ? 'broken' : 'survived'
  const by = failed ?? broken
  return `${outcome.padEnd(8)}  ${build.rule} ${build.breaks}${by ? `\n            ${by}` : ''}`
}

const PARTS: Record<string, Part> = { stryker, rules }

function readParts(only: string | undefined) {
  if (only === undefined) return Object.values(PARTS)
  const part = Object.hasOwn(PARTS, only) ? PARTS[only] : undefined
  if (part) return [part]
  const known = Object.keys(PARTS).join(', ')
  throw new Complaint(`--only is one of ${known}.\n\n${HELP}`, USAGE_EXIT_CODE)
}

await runCommand(main)
