// `npm run prove:once`: measures that everything that can be used once is accepted once, and that weakened builds
// fail the same measurement. This file reads options and prints. proof.ts has the proof.
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
import { type Weakened, type WeakenedBy, weakenedBy } from '../weakened.ts'
import { allOnce, hasDoubles, prove, type Size, type Tally, weakenedPartOf } from './proof.ts'

const MOST = { tokens: 100_000, others: 100_000, presentations: 1_000 } as const
/** Enough to catch every weakened build. */
const WEAKENED_SIZE: Size = { tokens: 20, others: 10, presentations: 50 }
const LONGEST_HOURS = 4
const BUILDS = weakenedBy('races')
const NAMES = BUILDS.map(({ name }) => name)

const HELP = `Presents everything that can be used once many times at the same time, and counts what is accepted.

  npm run prove:once -- [--tokens N] [--others N] [--presentations M] [--weakened ${[...NAMES, 'none'].join('|')}]

  --tokens N          the number of elevated tokens (5000)
  --others N          the number of every other kind (1000)
  --presentations M   how often each is presented at the same time (100)
  --weakened WHICH    only one build: ${NAMES.join(', ')}, or none for the unchanged Worker

The Worker is bundled as for deployment. workerd serves it with four front services on one namespace of
objects, on free local ports. Without --weakened, the unchanged Worker comes first, and then each weakened
build at a small size. The exit code is 0 if everything was accepted exactly once, and every weakened build
accepted something more than once.`

const OPTIONS = {
  tokens: { type: 'string', default: '5000' },
  others: { type: 'string', default: '1000' },
  presentations: { type: 'string', default: '100' },
  weakened: { type: 'string' },
} as const

async function main(): Promise<number> {
  const options = readOptions(OPTIONS, HELP)
  if (!options) return 0
  const wanted = readBuilds(options.weakened)
  const size = {
    tokens: readCount('tokens', options.tokens, { most: MOST.tokens }),
    others: readCount('others', options.others, { most: MOST.others }),
    presentations: readCount('presentations', options.presentations, { most: MOST.presentations }),
  }
  const signal = AbortSignal.any([interruption(), limit()])
  let holds = true
  for (const build of wanted) {
    const asked = !build || options.weakened !== undefined ? size : WEAKENED_SIZE
    const good = build ? await doubles(build, asked, signal) : await once(asked, signal)
    holds = holds && good
  }
  return holds ? 0 : 1
}

/** Proves the unchanged Worker. Returns whether everything was accepted exactly once. */
async function once(size: Size, signal: AbortSignal): Promise<boolean> {
  console.log('The unchanged Worker:\n')
  const tallies = await show(undefined, size, signal)
  const holds = allOnce(tallies)
  console.log(
    holds
      ? paint('green', '\nEverything was accepted exactly once.\n')
      : paint('red', '\nNot everything was accepted exactly once.\n'),
  )
  return holds
}

/** Tries a weakened build. Returns whether it accepted something more than once. */
async function doubles(
  build: WeakenedBy<'races'>,
  size: Size,
  signal: AbortSignal,
): Promise<boolean> {
  console.log(`Weakened: ${build.breaks}:\n`)
  const tallies = await show(build, weakenedPartOf(build, size), signal)
  const found = hasDoubles(tallies)
  console.log(
    found
      ? paint(
          'green',
          `\nCaught, as expected: one thing was accepted up to ${Math.max(...tallies.map(({ most }) => most))} times.\n`,
        )
      : paint('red', '\nNot caught: the measurement proves nothing at this size.\n'),
  )
  return found
}

const row = inColumns([18, 10, 15, 14, 7, 16, 9])
const HEAD = [
  'kind',
  'subjects',
  'presentations',
  'exactly once',
  'never',
  'more than once',
  'seconds',
]

/** Runs the proof and prints a table, each row as soon as it is counted. */
async function show(
  build: Weakened | undefined,
  size: Size,
  signal: AbortSignal,
): Promise<Tally[]> {
  console.log(`${row(HEAD)}  other answers`)
  return prove({
    build,
    size,
    signal,
    going: (kind, index) => progress(`${kind} ${index}`),
    counted: ({ kind, subjects, presentations, once: exactly, never, more, seconds, others }) => {
      const reasons = [...others].map(([reason, times]) => `${reason} ${times}`).sort()
      const numbers = [subjects, presentations, exactly, never, more, Math.ceil(seconds)]
      progress('')
      console.log(`${row([kind, ...numbers.map(String)])}  ${reasons.join(', ')}`)
    },
  })
}

/** Returns a signal that aborts a run of any size after some hours. */
function limit(): AbortSignal {
  const controller = new AbortController()
  const tooLong = new Complaint(`Stopped: it took longer than ${LONGEST_HOURS} hours.`)
  setTimeout(() => controller.abort(tooLong), LONGEST_HOURS * 3_600_000).unref()
  return controller.signal
}

/** Returns the builds to try. Undefined is the unchanged Worker. */
function readBuilds(asked: string | undefined): (WeakenedBy<'races'> | undefined)[] {
  if (asked === undefined) return [undefined, ...BUILDS]
  const build = BUILDS.find(({ name }) => name === asked)
  if (build || asked === 'none') return [build]
  throw new Complaint(
    `--weakened must be one of none, ${NAMES.join(', ')}.\n\n${HELP}`,
    USAGE_EXIT_CODE,
  )
}

await runCommand(main)
