// `npm run fuzz`: every door of the service with generated and mutated inputs. It reads options and prints;
// the fuzzing itself stands in test/fuzz, and what must hold of every answer in test/fuzz/holds.ts.
import type { Failure, Tally } from '../../test/fuzz/tally.ts'
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
import { fuzzAll } from './workers.ts'

const MOST_RUNS = 10_000_000
const SHOWN_CHARACTERS = 1_000

const HELP = `Asks every procedure and every other route what they were not made for, and looks at each answer.

  npm run fuzz -- [--runs N] [--only NAME,NAME] [--seed S]

  --runs N      how many calls at each (50000)
  --only NAMES  only these, by the names in the first column
  --seed S      which inputs: a number; the same one makes the same choices

No answer may be a 5xx, each must come in time and in the form of the contract, and a call that was refused
must have changed nothing but what is counted. Everything runs inside workerd: no server, no network. The
exit code is 0 where all of that held.`

const OPTIONS = {
  runs: { type: 'string', default: '50000' },
  only: { type: 'string' },
  seed: { type: 'string' },
} as const

async function main(): Promise<number> {
  const options = readOptions(OPTIONS, HELP)
  if (!options) return 0
  const runs = readCount('runs', options.runs, { most: MOST_RUNS })
  const seed = options.seed
    ? readCount('seed', options.seed, { least: 0, most: 2 ** 31 - 1 })
    : Math.floor(Math.random() * 2 ** 31)
  const only = options.only?.split(',').map((name) => name.trim())
  console.log(`seed ${seed}, ${runs} calls at each\n`)
  console.log(row(HEAD))
  const tallies: Tally[] = []
  await fuzzAll({ seed, runs, only }, interruption(), {
    going: (door, calls) => progress(`${door} ${calls}`),
    counted: (tally) => {
      progress('')
      tallies.push(tally)
      console.log(row(cellsOf(tally)))
      for (const failure of tally.failures) console.log(paint('red', shown(failure)))
    },
  })
  return conclude(tallies, only)
}

const row = inColumns([33, 9, 9, 9, 9, 9, 9])
const HEAD = ['door', 'calls', '200', 'refused', 'compared', 'calls/s', 'slowest', ' reasons']

function cellsOf({ door, calls, accepted, compared, seconds, slowest, reasons }: Tally): string[] {
  const counted = Object.entries(reasons).sort(([, a], [, b]) => b - a)
  const refused = counted.reduce((sum, [, times]) => sum + times, 0)
  return [
    door,
    ...[calls, accepted, refused, compared, Math.round(calls / seconds)].map(String),
    `${Math.ceil(slowest)} ms`,
    ` ${counted.map(([reason, times]) => `${reason} ${times}`).join(', ')}`,
  ]
}

const shown = ({ door, wrong, calls, answer }: Failure): string =>
  `  ${door}: ${wrong}\n    ${calls.map((call) => JSON.stringify(call).slice(0, SHOWN_CHARACTERS)).join('\n    ')}\n    ${answer}`

function conclude(tallies: Tally[], only: string[] | undefined): number {
  const missing = only?.filter((name) => !tallies.some(({ door }) => door === name)) ?? []
  if (missing.length > 0)
    throw new Complaint(`There is no door named ${missing.join(', ')}.`, USAGE_EXIT_CODE)
  const calls = tallies.reduce((sum, tally) => sum + tally.calls, 0)
  const failures = tallies.reduce((sum, tally) => sum + tally.failures.length, 0)
  const shut = tallies.filter(({ isShut }) => isShut).map(({ door }) => door)
  if (shut.length > 0 && failures === 0)
    throw new Complaint(`Only knocked at: what is good was mostly refused at ${shut.join(', ')}.`)
  const unseen = tallies.filter(
    ({ compared, reasons }) => compared === 0 && Object.keys(reasons).length > 0,
  )
  if (unseen.length > 0 && failures === 0)
    throw new Complaint(
      `No state was compared at ${unseen.map(({ door }) => door).join(', ')}: more runs are needed.`,
    )
  console.log(
    failures === 0
      ? paint('green', `\n${calls} calls at ${tallies.length} doors: all of it held.`)
      : paint('red', `\n${calls} calls at ${tallies.length} doors: ${failures} failures.`),
  )
  return failures === 0 ? 0 : 1
}

await runCommand(main)
