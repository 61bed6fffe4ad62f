// `npm run prove:once`: measures that whatever may happen once happens once, and that the measurement
// would show it if it did not. It reads options and prints; the proof itself is in proof.ts.
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
/** Enough for doubles in any weakened build. */
const WEAKENED_SIZE: Size = { tokens: 20, others: 10, presentations: 50 }
const LONGEST_HOURS = 4
const BUILDS = weakenedBy('races')
const NAMES = BUILDS.map(({ name }) => name)

const HELP = `Presents everything that is good for one use many times at once, and counts what is accepted.

  npm run prove:once -- [--tokens N] [--others N] [--presentations M] [--weakened ${[...NAMES, 'none'].join('|')}]

  --tokens N          how many elevated tokens (5000)
  --others N          how many of every other kind (1000)
  --presentations M   how often each is presented at the same time (100)
  --weakened WHICH    only one build: ${NAMES.join(', ')}, or none for the Worker as it is

The Worker is bundled as for deployment and served by workerd, with four front services on one
namespace of objects, on ports of this machine that are free. Without --weakened the Worker as it is comes
first, then the weakened builds at a small size, each with what it is weakened in. The exit code is 0
where every thing was accepted exactly once, and doubles were found in every weakened build.`

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

/** The Worker as it is: every thing is to be accepted exactly once. */
async function once(size: Size, signal: AbortSignal): Promise<boolean> {
  console.log('The Worker as it is:\n')
  const tallies = await show(undefined, size, signal)
  const holds = allOnce(tallies)
  console.log(
    holds
      ? paint('green', '\nEvery one was accepted exactly once.\n')
      : paint('red', '\nNot every one was accepted exactly once.\n'),
  )
  return holds
}

/** A build that is broken on purpose: doubles are to be found. */
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
          `\nDoubles found, as they must be: one and the same thing was accepted up to ${Math.max(...tallies.map(({ most }) => most))} times.\n`,
        )
      : paint('red', '\nNo doubles found: at this size the measurement proves nothing.\n'),
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

/** Proves and prints a table, each row as soon as it is there. */
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
      const told = [...others].map(([reason, times]) => `${reason} ${times}`).sort()
      const numbers = [subjects, presentations, exactly, never, more, Math.ceil(seconds)]
      progress('')
      console.log(`${row([kind, ...numbers.map(String)])}  ${told.join(', ')}`)
    },
  })
}

/** Aborts when it takes far too long, however large it was asked to be. */
function limit(): AbortSignal {
  const controller = new AbortController()
  const tooLong = new Complaint(`Stopped: it took longer than ${LONGEST_HOURS} hours.`)
  setTimeout(() => controller.abort(tooLong), LONGEST_HOURS * 3_600_000).unref()
  return controller.signal
}

/** The builds to prove; undefined is the Worker as it is. */
function readBuilds(asked: string | undefined): (WeakenedBy<'races'> | undefined)[] {
  if (asked === undefined) return [undefined, ...BUILDS]
  const build = BUILDS.find(({ name }) => name === asked)
  if (build || asked === 'none') return [build]
  throw new Complaint(`--weakened is one of none, ${NAMES.join(', ')}.\n\n${HELP}`, USAGE_EXIT_CODE)
}

await runCommand(main)
