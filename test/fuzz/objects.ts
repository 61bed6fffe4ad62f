// The objects that an endpoint can change: their state is saved once, restored before every run, and compared.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { forgetEnvironment } from '../../functions/edge/environment.ts'
import { putBack, type Stored, storedBy } from '../support/stored.ts'

/** An object of the service with the state that it had when it was saved. */
export type Saved = { name: string; stub: DurableObjectStub; stored: Stored }

export const subjectOf = (environment: string, subject: string): DurableObjectStub =>
  env.SUBJECT.getByName(subjectObjectName(environment, subject))
export const environmentOf = (id: string): DurableObjectStub => env.ENVIRONMENT.getByName(id)
export const directory = (): DurableObjectStub => env.DIRECTORY.getByName('directory')

/** Saves the state of objects. */
export function save(stubs: Record<string, DurableObjectStub>): Promise<Saved[]> {
  const all = Object.entries(stubs)
  return Promise.all(
    all.map(async ([name, stub]) => ({ name, stub, stored: await storedBy(stub) })),
  )
}

/** Restores the saved state, and empties the objects of environments that were created since. */
export async function restore(saved: readonly Saved[]): Promise<void> {
  const known = new Set(saved.flatMap(({ stored }) => namesOf(stored)))
  const listed = namesOf(await storedBy(directory()))
  await Promise.all([
    ...saved.map(({ stub, stored }) => putBack(stub, stored)),
    ...listed.filter((id) => !known.has(id)).map(empty),
  ])
  for (const name of [...listed, ...saved.map(({ name }) => name)]) forgetEnvironment(name)
}

const empty = (id: string): Promise<void> =>
  runInDurableObject(environmentOf(id), (_object, { storage }) => storage.deleteAll())
const namesOf = ({ rows }: Stored): string[] =>
  rows.environments?.map(({ environment }) => String(environment)) ?? []

const COUNTED_EVENTS = [
  ...['step_up.failed', 'factor.confirm_failed', 'attempts.refused', 'token.refused'],
  ...['token.consumed_again', 'policy.observed', 'operator.refused', 'operator.signed_in_again'],
]
/** What a refusal may write, by table: attempts and refusals are counted, and recorded as events. */
const COUNTED: Record<string, RegExp> = {
  chain: /./,
  tallies: /./,
  events: new RegExp(`"type":"(${COUNTED_EVENTS.join('|')})"`),
  notes: /^\{"key":"(attempts|passkeyFailures(BySession)?|keepDays|environment|subject|alarmAt)"/,
  // A challenge is claimed before its answer is verified (rule 5), so a wrong answer leaves its claim.
  claims: /^\{"key":"challenge:/,
}

/** Returns all that a refusal must leave as it was, as lines of text. */
export async function stateOf(saved: readonly Saved[]): Promise<Set<string>> {
  const lines = saved.map(async ({ name, stub }) =>
    Object.entries((await storedBy(stub)).rows).flatMap(([table, rows]) =>
      rows
        .map((row) => JSON.stringify(row))
        .filter((row) => !COUNTED[table]?.test(row))
        .map((row) => `${name} ${table} ${row}`),
    ),
  )
  return new Set((await Promise.all(lines)).flat())
}

/** Returns the rows that are in one state only. */
export const difference = (before: Set<string>, after: Set<string>): string[] => [
  ...[...before].filter((row) => !after.has(row)).map((row) => `- ${row}`),
  ...[...after].filter((row) => !before.has(row)).map((row) => `+ ${row}`),
]
