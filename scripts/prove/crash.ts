// `npm run prove:crash`: kills the service under load many times, and checks that nothing acknowledged is lost
// and nothing is accepted twice. This file reads options and prints. crash/rounds.ts has the proof, and says what
// a SIGKILL can prove.
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
import { type WeakenedBy, weakenedBy } from '../weakened.ts'
import { KINDS } from './crash/act.ts'
import { crash } from './crash/rounds.ts'
import type { Row, Tally } from './crash/tally.ts'

const MOST_KILLS = 10_000
/** Enough kills to catch every weakened build. */
const WEAKENED_KILLS = 10
const BUILDS = weakenedBy('crashes')
const NAMES = BUILDS.map(({ name }) => name)

const HELP = `Kills the service (SIGKILL) at random moments under load, starts it again with its stored data, and
compares the data with what it had acknowledged.

  npm run prove:crash -- [--kills N] [--weakened ${NAMES.join('|')}|none]

  --kills N          the number of kills (200)
  --weakened WHICH   only one build: ${NAMES.join(', ')}, or none for the unchanged Worker

The Worker is bundled as for deployment. workerd serves it with two front services, on disk and on free local
ports. Without --weakened, the unchanged Worker comes first, and then each weakened build until it is caught,
for at most ${WEAKENED_KILLS} kills. The exit code is 0 if nothing was lost, accepted twice or broken, and every weakened
build was caught.`

const OPTIONS = {
  kills: { type: 'string', default: '200' },
  weakened: { type: 'string' },
} as const

async function main(): Promise<number> {
  const options = readOptions(OPTIONS, HELP)
  if (!options) return 0
  const kills = readCount('kills', options.kills, { most: MOST_KILLS })
  const builds = readBuilds(options.weakened)
  const signal = interruption()
  let holds = true
  for (const build of builds) {
    const good = build ? await weakened(build, signal) : await asItIs(kills, signal)
    holds = holds && good
  }
  return holds ? 0 : 1
}

/** Proves the unchanged Worker. Returns whether there was no fault. */
async function asItIs(kills: number, signal: AbortSignal): Promise<boolean> {
  console.log('The unchanged Worker:\n')
  const startedAt = Date.now()
  const tally = await crash({ kills, signal, going })
  show(tally, (Date.now() - startedAt) / 1000)
  console.log(
    tally.holds
      ? paint(
          'green',
          '\nNothing acknowledged was lost, nothing was accepted twice, no chain is broken.\n',
        )
      : paint(
          'red',
          `\nThere were faults.\n${tally.messages.map((message) => `  ${message}`).join('\n')}\n`,
        ),
  )
  return tally.holds
}

/** Tries a weakened build. Returns whether it was caught. */
async function weakened(build: WeakenedBy<'crashes'>, signal: AbortSignal): Promise<boolean> {
  const by = build.caughtBy.crashes
  const { kills, faults, messages } = await crash({
    build,
    kills: WEAKENED_KILLS,
    signal,
    going,
    enough: (tally) => tally.faults[by] > 0,
  })
  progress('')
  console.log(`Weakened: ${build.breaks}.`)
  const found = faults[by] > 0
  console.log(
    found
      ? paint('green', `Caught, as expected, after ${kills} kills: ${messages[0]}\n`)
      : paint('red', `Not caught by ${kills} kills: the comparison proves nothing at this size.\n`),
  )
  return found
}

/** The member and the title of each column after the kind. */
const COLUMNS: [keyof Row, string][] = [
  ['calls', 'calls'],
  ['acknowledged', 'acknowledged'],
  ['inFlight', 'in flight at a kill'],
  ['happened', 'happened'],
  ['hadNot', 'did not happen'],
  ['again', 'presented again'],
  ['double', 'accepted again'],
]

function show(tally: Tally, seconds: number): void {
  const cells = (name: string, of: (what: keyof Row) => string) =>
    name.padEnd(18) + COLUMNS.map(([what, title]) => of(what).padStart(title.length + 2)).join('')
  progress('')
  const titles = new Map(COLUMNS)
  console.log(cells('kind', (what) => titles.get(what) ?? ''))
  for (const kind of KINDS)
    console.log(cells(kind, (what) => String(tally.rows.get(kind)?.[what] ?? 0)))
  console.log(cells('all', (what) => String(tally.sum(what))))
  const { kills, accounts, events, chains, receipts, retried, replayed, faults } = tally
  console.log(`
${kills} kills in ${Math.ceil(seconds)} seconds, ${accounts} users, ${events} events of history
consumptions repeated with their key: ${retried}, answered as a repetition: ${replayed}, as the first use: ${retried - replayed}
chains verified: ${chains}, broken: ${faults.broken}; receipts verified: ${receipts}
lost: ${faults.lost}, accepted twice: ${faults.double}, unexplained answers: ${faults.odd}`)
}

const going = (kill: number): void => progress(`kill ${kill}`)

/** Returns the builds to try. Undefined is the unchanged Worker. */
function readBuilds(asked: string | undefined): (WeakenedBy<'crashes'> | undefined)[] {
  if (asked === undefined) return [undefined, ...BUILDS]
  const build = BUILDS.find(({ name }) => name === asked)
  if (build || asked === 'none') return [build]
  throw new Complaint(
    `--weakened must be one of none, ${NAMES.join(', ')}.\n\n${HELP}`,
    USAGE_EXIT_CODE,
  )
}

await runCommand(main)
