// `npm run prove:crash`: kills the service in the middle of its work, over and over, and shows that nothing
// which it acknowledged is lost and nothing is accepted twice. It reads options and prints; the proof
// itself, and what a SIGKILL proves and does not, is in crash/rounds.ts.
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
/** Enough to find what a weakened build loses, or accepts twice. */
const WEAKENED_KILLS = 10
const BUILDS = weakenedBy('crashes')
const NAMES = BUILDS.map(({ name }) => name)

const HELP = `Kills the service (SIGKILL) at random moments under load, starts it again on what it stored, and
compares that with what it had acknowledged.

  npm run prove:crash -- [--kills N] [--weakened ${NAMES.join('|')}|none]

  --kills N          how often (200)
  --weakened WHICH   only one build: ${NAMES.join(', ')}, or none for the Worker as it is

The Worker is bundled as for deployment and served by workerd, with two front services, on disk and on
ports of this machine that are free. Without --weakened the Worker as it is comes first, then the
weakened builds, each until something is found wrong, for at most ${WEAKENED_KILLS} kills. The exit code is 0 where
nothing was lost, accepted twice or broken, and the weakened builds were found out.`

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

/** The Worker as it is: nothing is to be wrong. */
async function asItIs(kills: number, signal: AbortSignal): Promise<boolean> {
  console.log('The Worker as it is:\n')
  const startedAt = Date.now()
  const tally = await crash({ kills, signal, going })
  show(tally, (Date.now() - startedAt) / 1000)
  console.log(
    tally.holds
      ? paint(
          'green',
          '\nNothing acknowledged was lost, nothing was accepted twice, no chain is broken.\n',
        )
      : paint('red', `\nIt does not hold.\n${tally.told.map((told) => `  ${told}`).join('\n')}\n`),
  )
  return tally.holds
}

/** A build that is broken on purpose: it is to be found out. */
async function weakened(build: WeakenedBy<'crashes'>, signal: AbortSignal): Promise<boolean> {
  const by = build.caughtBy.crashes
  const { kills, faults, told } = await crash({
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
      ? paint('green', `Found out, as it must be, after ${kills} kills: ${told[0]}\n`)
      : paint(
          'red',
          `Not found out by ${kills} kills: at this size the comparison proves nothing.\n`,
        ),
  )
  return found
}

/** Name and width of each column after the kind. */
const COLUMNS: [keyof Row, string][] = [
  ['calls', 'calls'],
  ['acknowledged', 'acknowledged'],
  ['inFlight', 'in flight at a kill'],
  ['happened', 'had happened'],
  ['hadNot', 'had not'],
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
  const { kills, accounts, events, chains, retried, replayed, faults } = tally
  console.log(`
${kills} kills in ${Math.ceil(seconds)} seconds, ${accounts} users, ${events} events of history
consumptions repeated with their key: ${retried}, answered as a repetition: ${replayed}, as the first use: ${retried - replayed}
chains verified: ${chains}, broken: ${faults.broken}
lost: ${faults.lost}, accepted twice: ${faults.double}, answers that nobody can explain: ${faults.odd}`)
}

const going = (kill: number): void => progress(`kill ${kill}`)

/** The builds to prove; undefined is the Worker as it is. */
function readBuilds(asked: string | undefined): (WeakenedBy<'crashes'> | undefined)[] {
  if (asked === undefined) return [undefined, ...BUILDS]
  const build = BUILDS.find(({ name }) => name === asked)
  if (build || asked === 'none') return [build]
  throw new Complaint(`--weakened is one of none, ${NAMES.join(', ')}.\n\n${HELP}`, USAGE_EXIT_CODE)
}

await runCommand(main)
