// A lane of the fuzzing: what it has for itself, so that no other lane's calls change it, and whoever takes
// part in its rounds. A user whose factors were changed is put back as they were, not made anew.
import type { Door } from './doors.ts'
import { subjectPlace } from './lab.ts'
import type { Person } from './person.ts'
import { type Cast, type Realm, type Stage, wordsOf } from './stage.ts'

/** After so many rounds a user is put back in any case: their history has grown. */
const ROUNDS_OF_A_PERSON = 40

/** Somebody, and how they were to begin with. */
interface Kept {
  person: Person
  saved: string
  codes: readonly string[]
  rounds: number
  worn: boolean
}

export interface Lane {
  realm: Realm
  spare: Realm
  kept: Map<string, Kept>
}

export const laneOf = async (stage: Stage): Promise<Lane> => ({
  realm: await stage.realm('keep'),
  spare: await stage.realm('keep'),
  kept: new Map(),
})

const whoIn = ({ guarded }: Door): string => (guarded ? 'operator' : 'user')

/** Makes those who will take part in a door's rounds. */
export async function enter(stage: Stage, lane: Lane, door: Door): Promise<void> {
  if (lane.kept.has(whoIn(door))) return
  const person = await (door.guarded ? stage.operator() : stage.user(lane.realm))
  const saved = await stage.lab.inside(subjectPlace(person.route, person.subject), 'save')
  const codes = [...person.recoveryCodes]
  lane.kept.set(whoIn(door), { person, saved, codes, rounds: 0, worn: false })
}

/** Who takes part in a round: the lane's user, or operator, signed in anew. */
export async function castOf(stage: Stage, lane: Lane, door: Door): Promise<Cast> {
  const { realm, spare } = lane
  const kept = lane.kept.get(whoIn(door))
  if (!kept) throw new Error('nobody takes part')
  if (kept.worn || kept.rounds >= ROUNDS_OF_A_PERSON) await putBack(stage, kept)
  kept.rounds += 1
  kept.person = await stage.again(realm, kept.person)
  const { person } = kept
  const operatorKey = door.guarded ? person.bearer : stage.lab.env.OPERATOR_KEY
  if (door.procedure === 'environment.update') await stage.mend(spare)
  const cast = { realm, spare, person }
  return { ...cast, operatorKey, words: wordsOf(cast, door.procedure ?? '') }
}

async function putBack({ lab }: Stage, kept: Kept): Promise<void> {
  const { person, saved, codes } = kept
  await lab.inside(subjectPlace(person.route, person.subject), { restore: saved })
  Object.assign(kept, { rounds: 0, worn: false, person: { ...person, recoveryCodes: [...codes] } })
}

const WEARING = /^factor\.(confirm|remove|enroll)|^recovery\.regenerate|resetFactors/

/** After what changes a user's factors they are put back before the next round. */
export function wear({ kept }: Lane, door: Door): void {
  const own = kept.get(whoIn(door))
  if (own) own.worn ||= WEARING.test(door.procedure ?? '')
}

export const isWorn = ({ kept }: Lane, door: Door): boolean => kept.get(whoIn(door))?.worn === true

/** Puts everybody back before the next round: something was granted that spoils it. */
export function wearAll({ kept }: Lane): void {
  for (const own of kept.values()) own.worn = true
}
