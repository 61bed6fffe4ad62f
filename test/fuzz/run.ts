// The fuzzing: for each door a number of calls, in rounds. A round begins with what is good, and goes on
// with what is not; what was refused must have left everything as it was.
import { type Call, TOKEN_HEADER } from './calls.ts'
import { moveOn, takeClock } from './clock.ts'
import { changeBetween, look, placesOf, type Seen } from './compare.ts'
import { DOORS, type Door } from './doors.ts'
import type { Lab } from './lab.ts'
import { castOf, enter, isWorn, type Lane, laneOf, wear, wearAll } from './lane.ts'
import { Random } from './random.ts'
import { type Shot, shoot, takeLog } from './shots.ts'
import { shrink } from './shrink.ts'
import { type Cast, Stage } from './stage.ts'
import { count, keep, type Tally, tallyOf } from './tally.ts'
import { credentialsOf, variationOf } from './vary.ts'

export interface Plan {
  seed: number
  /** How many calls at each door. */
  runs: number
  /** The doors' names; all where it is left out. */
  only?: readonly string[] | undefined
  /** Every so manieth door, from which on. */
  share?: { of: number; which: number } | undefined
}

/** Whoever wants to hear of a door before, and after. */
export interface Listener {
  /** Called when a door is begun, and now and then while it is tried. */
  going?: (door: string, calls: number) => void
  told?: (tally: Tally) => void
}

const LANES = 4
const CALLS_OF_A_ROUND = 24
/** The state is compared after so many calls that were refused. */
const CALLS_TO_COMPARE = 6
/** How often a round begins by spending what is good. */
const SPENT_AT_ONCE = 0.3

/** Fuzzes the doors of a plan, one after the other, and hands each door's tally on as it is there. */
export async function fuzz(lab: Lab, plan: Plan, { going, told }: Listener = {}): Promise<Tally[]> {
  const putBack = [takeClock(), takeLog()]
  try {
    const tallies: Tally[] = []
    const stage = new Stage(lab, `s${plan.seed}`)
    const lanes = await Promise.all(Array.from({ length: LANES }, () => laneOf(stage)))
    await stage.openOperators()
    for (const door of doorsOf(plan)) {
      going?.(door.name, 0)
      const tally = await fuzzDoor(stage, lanes, door, plan, going)
      tallies.push(tally)
      told?.(tally)
    }
    return tallies
  } finally {
    for (const undo of putBack) undo()
  }
}

/** The doors of a plan, in the order in which they are tried. */
export const doorsOf = ({ only, share }: Plan): Door[] =>
  DOORS.filter(({ name }) => !only || only.includes(name)).filter(
    (_door, index) => !share || index % share.of === share.which,
  )

async function fuzzDoor(
  stage: Stage,
  lanes: Lane[],
  door: Door,
  plan: Plan,
  going: Listener['going'],
): Promise<Tally> {
  const tally = tallyOf(door)
  const taking = lanes.slice(0, door.alone ? 1 : LANES)
  for (const lane of taking) await enter(stage, lane, door)
  const startedAt = performance.now()
  let broken = false
  const goingOn = () => tally.calls < plan.runs && !broken
  const ends = await Promise.allSettled(
    taking.map(async (lane, index) => {
      const random = new Random(plan.seed, `${door.name} ${index}`)
      try {
        for (let first = true; goingOn(); first = false) {
          await round({ stage, lane, door, random, tally, first, goingOn })
          going?.(door.name, tally.calls)
        }
      } catch (cause) {
        broken = true
        throw new Error(`the fuzzing itself failed at ${door.name}`, { cause })
      }
    }),
  )
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  tally.isShut = door.opens && tally.good.accepted <= tally.good.refused
  tally.seconds = (performance.now() - startedAt) / 1000
  return tally
}

interface Round {
  stage: Stage
  lane: Lane
  door: Door
  random: Random
  tally: Tally
  /** Whether it is the lane's first one at this door. */
  first: boolean
  goingOn: () => boolean
}

async function round(at: Round): Promise<void> {
  const { stage, lane, door, random } = at
  moveOn(1)
  const { cast, good } = await prepare(at).catch(() => {
    wearAll(lane)
    return prepare(at)
  })
  if (at.first || random.chance(SPENT_AT_ONCE)) await spend(at, good)
  const places = placesOf(door, cast)
  const others = await credentialsOf(stage, cast, good)
  let before = await look(stage.lab, places, 'digest, counters anew')
  let refused: Call[] = []
  for (let made = 0; made < CALLS_OF_A_ROUND && at.goingOn(); made += 1) {
    const call = variationOf(door, cast, good, others, random)
    const shot = await take(at, call)
    if (!shot) continue
    if (hasChanged(door, shot)) {
      wear(lane, door)
      // What was good once is not good again: the next round has another.
      if (good.headers[TOKEN_HEADER] || isWorn(lane, door)) return
      refused = []
      before = await look(stage.lab, places, 'digest')
    } else if (!isAccepted(shot)) refused.push(call)
    if (refused.length < CALLS_TO_COMPARE) continue
    await compare(at, before, refused)
    refused = []
  }
  await compare(at, before, refused)
}

/** Who takes part, and a call of theirs that is good. */
async function prepare({ stage, lane, door, random }: Round): Promise<{ cast: Cast; good: Call }> {
  const cast = await castOf(stage, lane, door)
  return { cast, good: await door.fresh({ cast, stage, random }) }
}

/** Makes the good call itself. */
async function spend(at: Round, good: Call): Promise<void> {
  const shot = await take(at, good)
  if (!shot) return
  at.tally.good[isAccepted(shot) ? 'accepted' : 'refused'] += 1
  if (isAccepted(shot)) wear(at.lane, at.door)
}

const isAccepted = ({ outcome }: Shot): boolean => 'accepted' in outcome

/**
 * Whether a call may have changed something: it was accepted where that changes things. Or it is a change
 * of operators, which spends the token of their step-up before the object of the change is asked
 * (procedures/authorize.ts): what only that object finds wrong has cost the token.
 */
const hasChanged = ({ changes, guarded }: Door, { outcome }: Shot): boolean =>
  changes &&
  ('accepted' in outcome || (guarded && 'reason' in outcome && outcome.reason === 'conflict'))

/** Compares the state with what it was before some calls that were refused. */
async function compare({ stage, tally }: Round, before: Seen, refused: Call[]): Promise<void> {
  if (refused.length === 0) return
  const change = changeBetween(before, await look(stage.lab, before.places, 'digest'))
  tally.compared += refused.length
  if (!change) return
  const wrong = `what was refused changed the state of ${change.where}`
  keep(tally, { wrong, calls: refused, answer: change.how })
}

/** Makes a call and counts how it came out. A failure is made smaller. */
async function take({ stage, door, tally }: Round, call: Call): Promise<Shot | undefined> {
  const shot = await shoot(stage.lab, door, call)
  if (!shot) return undefined
  const wrong = count(tally, shot)
  if (wrong) {
    const fails = async (smaller: Call) => {
      const again = await shoot(stage.lab, door, smaller)
      return again !== undefined && 'wrong' in again.outcome
    }
    const answer = `${shot.status} ${shot.text.slice(0, 600)}`
    keep(tally, { wrong, calls: [await shrink(call, fails)], answer })
  }
  return shot
}
