// The objects that a door may change: their state is saved once, restored before every run, and compared.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { forgetEnvironment } from '../../functions/state/published.ts'
import { type Stored, storedBy } from '../support/stored.ts'

/** An object of the service with the state that it had when it was saved. */
export interface Saved {
  name: string
  stub: DurableObjectStub
  stored: Stored
}

export const subjectOf = (environment: string, subject: string): DurableObjectStub =>
  env.SUBJECT.getByName(subjectObjectName(environment, subject))
export const environmentOf = (id: string): DurableObjectStub => env.ENVIRONMENT.getByName(id)
export const directory = (): DurableObjectStub => env.DIRECTORY.getByName('directory')

/** Saves the state of objects. */
export const save = (stubs: Record<string, DurableObjectStub>): Promise<Saved[]> =>
  Promise.all(
    Object.entries(stubs).map(async ([name, stub]) => ({
      name,
      stub,
      stored: await storedBy(stub),
    })),
  )

/** Restores the saved state, and empties the objects of environments that were created since. */
export async function restore(saved: readonly Saved[]): Promise<void> {
  const created = await Promise.all(saved.map(({ stub, stored }) => replaceRows(stub, stored)))
  await Promise.all(
    created.flat().map(async (id) => {
      await runInDurableObject(environmentOf(id), (_object, { storage }) => storage.deleteAll())
      forgetEnvironment(id)
    }),
  )
  for (const { name } of saved) forgetEnvironment(name)
}

/** Puts rows back into the tables that are there; returns the environments that were listed beside the saved ones. */
const replaceRows = (stub: DurableObjectStub, { rows }: Stored): Promise<string[]> =>
  runInDurableObject(stub, (_object, { storage }) =>
    storage.transactionSync(() => {
      const known = new Set(rows.environments?.map(({ environment }) => String(environment)))
      const listed = rows.environments
        ? storage.sql
            .exec<{ environment: string }>('SELECT environment FROM environments')
            .toArray()
        : []
      for (const [table, all] of Object.entries(rows)) {
        storage.sql.exec(`DELETE FROM ${table}`)
        for (const row of all) {
          const marks = Object.keys(row).map(() => '?')
          storage.sql.exec(`INSERT INTO ${table} VALUES (${marks})`, ...Object.values(row))
        }
      }
      return listed.map(({ environment }) => environment).filter((id) => !known.has(id))
    }),
  )

/** What a refusal may write: attempts and refusals are counted, and recorded as events. */
const COUNTED_EVENTS = [
  ...['step_up.failed', 'factor.confirm_failed', 'attempts.refused', 'token.refused'],
  ...['token.consumed_again', 'policy.observed', 'operator.refused', 'operator.signed_in_again'],
]
const COUNTED_NOTES = [
  ...['attempts', 'passkeyFailures', 'passkeyFailuresBySession'],
  ...['keepDays', 'environment', 'alarmAt'],
]
const isCounted: Record<string, (row: Record<string, unknown>) => boolean> = {
  chain: () => true,
  tallies: () => true,
  events: ({ type }) => COUNTED_EVENTS.includes(String(type)),
  notes: ({ key }) => COUNTED_NOTES.includes(String(key)),
  // A challenge is claimed before its answer is verified (rule 5), so a wrong answer leaves its claim.
  claims: ({ key }) => String(key).startsWith('challenge:'),
}

/** Returns all that a refusal must leave as it was: by object, its rows as lines of text. */
export const stateOf = (saved: readonly Saved[]): Promise<string[][]> =>
  Promise.all(
    saved.map(async ({ name, stub }) => {
      const { rows } = await storedBy(stub)
      return Object.entries(rows).flatMap(([table, all]) =>
        all
          .filter((row) => !isCounted[table]?.(row))
          .map((row) => `${name} ${table} ${JSON.stringify(row)}`),
      )
    }),
  )

/** Returns the rows that are in one state only. */
export function difference(before: string[][], after: string[][]): string[] {
  const [old, now] = [new Set(before.flat()), new Set(after.flat())]
  return [
    ...[...old].filter((row) => !now.has(row)).map((row) => `- ${row}`),
    ...[...now].filter((row) => !old.has(row)).map((row) => `+ ${row}`),
  ]
}
