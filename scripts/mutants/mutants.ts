// `npm run mutants`: changes the source in many small ways, one at a time, and counts the changes that the tests
// find. It has two parts: Stryker's mutants of the rules, the objects and the guard, and one build weakened in
// each security rule.
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

/** The files that Stryker mutates, and the tests that must find the mutants. */
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

const HELP = `Changes the source in many small ways and counts the changes that the tests find.

  npm run mutants -- [--only stryker|rules] [--file PATTERN]… [--concurrency N]

  --only PART        only one part: stryker mutates the rules, the objects and the guard; rules tries builds
                     that are each weakened in one security rule
  --file PATTERN     change only this file, relative to the project's root; can be repeated
  --concurrency N    the number of tries at the same time (the number of processors, at most 4)

It prints every mutant that no test found, and the scores. The exit code is 0 if the tests found at least
${MUTATED.map(({ name, leastScore }) => `${leastScore} of 100 (${name.toLowerCase()})`).join(', ')}, and every weakened build.`

const OPTIONS = {
  only: { type: 'string' },
  file: { type: 'string', multiple: true, default: [] as string[] },
  concurrency: { type: 'string', default: String(Math.min(4, availableParallelism())) },
} as const

interface RunOptions {
  files: readonly string[]
  concurrency: number
  signal: AbortSignal
}

/** Tries mutants and prints the result. Returns whether the tests found enough, or undefined without mutants. */
type Part = (options: RunOptions) => Promise<boolean | undefined>

async function main(): Promise<number> {
  const options = readOptions(OPTIONS, HELP)
  if (!options) return 0
  const runOptions = {
    files: options.file,
    concurrency: readCount('concurrency', options.concurrency, { most: MOST_CONCURRENCY }),
    signal: interruption(),
  }
  const answers: (boolean | undefined)[] = []
  for (const run of readParts(options.only)) answers.push(await run(runOptions))
  if (answers.every((answer) => answer === undefined))
    throw new Complaint('No mutants change these files.', USAGE_EXIT_CODE)
  return answers.includes(false) ? 1 : 0
}

async function stryker({ files, ...options }: RunOptions): Promise<boolean | undefined> {
  const answers: boolean[] = []
  for (const { name, files: all, within, ...mutated } of MUTATED) {
    const asked = files.length > 0 ? files.filter((file) => within.test(file)) : all
    if (asked.length === 0) continue
    console.log(`${name}:\n`)
    answers.push(await mutate({ ...mutated, ...options, files: asked }))
  }
  return answers.length > 0 ? !answers.includes(false) : undefined
}

/** Tries one build weakened in each security rule. The tests must catch every build. */
async function rules({ files, ...options }: RunOptions): Promise<boolean | undefined> {
  const builds = weakenedBy('tests').filter(
    ({ replacements }) => files.length === 0 || replacements.some(([file]) => files.includes(file)),
  )
  if (builds.length === 0) return undefined
  let count = 0
  const tried = () => progress(`${++count} of ${builds.length} tried`)
  const verdicts = await tryBuilds(builds, { ...options, tried }).finally(() => progress(''))
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
  throw new Complaint(`--only must be one of ${known}.\n\n${HELP}`, USAGE_EXIT_CODE)
}

await runCommand(main)
