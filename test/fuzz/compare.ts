// Whether what was refused left everything as it was: the state of the objects concerned, before and after.
import type { Door } from './doors.ts'
import {
  DIRECTORY,
  environmentPlace,
  type Lab,
  type Place,
  subjectPlace,
  type Task,
} from './lab.ts'
import type { Cast } from './stage.ts'

/** What the objects of a door held at one moment. */
export interface Seen {
  places: Place[]
  digests: string[]
}

/** The objects that a door has to do with. */
export const placesOf = ({ route, procedure }: Door, { realm, spare, person }: Cast): Place[] => [
  subjectPlace(person.route, person.subject),
  ...(route === 'environment' ? [environmentPlace(realm.id)] : [environmentPlace(spare.id)]),
  ...(route === 'operator' || !procedure ? [DIRECTORY] : []),
]

export async function look(lab: Lab, places: Place[], task: Task): Promise<Seen> {
  return { places, digests: await Promise.all(places.map((place) => lab.inside(place, task))) }
}

/** What is not as it was: in which objects, and how the first of them begins to differ. */
export function changeBetween(
  before: Seen,
  after: Seen,
): { where: string; how: string } | undefined {
  const changed = before.places.flatMap(({ kind, name }, index) => {
    const [one = '', other = ''] = [before.digests[index], after.digests[index]]
    return one === other ? [] : [{ where: `${kind} ${name}`, how: difference(one, other) }]
  })
  const [first] = changed
  return first && { where: changed.map(({ where }) => where).join(', '), how: first.how }
}

function difference(one: string, other: string): string {
  let from = 0
  while (one[from] === other[from]) from += 1
  const shown = (text: string) => text.slice(Math.max(0, from - 60), from + 200)
  return `${shown(one)}\n→ ${shown(other)}`
}
