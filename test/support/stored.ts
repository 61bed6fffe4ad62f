// Reads the stored rows of an object, and writes them back as a restore of the storage does.
import { runInDurableObject } from 'cloudflare:test'
import { History } from '../../functions/state/history.ts'
import { now } from './service.ts'

type Row = Record<string, string | number | null>

/** The tables of an object with their rows. */
export interface Stored {
  schema: string[]
  rows: Record<string, Row[]>
}

const TABLES =
  "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\' AND sql IS NOT NULL ORDER BY type DESC, name"

/** Reads everything that an object has stored. */
export const storedBy = (stub: DurableObjectStub): Promise<Stored> =>
  runInDurableObject(stub, (_object, { storage: { sql } }) => {
    const made = sql.exec<{ name: string; sql: string }>(TABLES).toArray()
    const tables = made.filter((one) => one.sql.startsWith('CREATE TABLE'))
    return {
      schema: made.map((one) => one.sql),
      rows: Object.fromEntries(
        tables.map(({ name }) => [name, sql.exec<Row>(`SELECT * FROM ${name}`).toArray()]),
      ),
    }
  })

/** Replaces everything that an object has stored, and ends it: the next call opens what is there. */
export async function restore(stub: DurableObjectStub, { schema, rows }: Stored): Promise<void> {
  await runInDurableObject(stub, (_object, { storage: { sql } }) => {
    for (const { name, sql: made } of sql.exec<{ name: string; sql: string }>(TABLES).toArray())
      if (made.startsWith('CREATE TABLE')) sql.exec(`DROP TABLE ${name}`)
    for (const statement of schema) sql.exec(statement)
    replaceRows(sql, rows)
  })
  await end(stub)
}

/** Ends an object, as an update of the Worker does: the next call opens it again. */
export async function end(stub: DurableObjectStub): Promise<void> {
  await runInDurableObject(stub, (_object, state) => state.abort('opened again')).catch(() => {})
}

/** Replaces the rows of an object's tables, and leaves the object running. */
export const putBack = (stub: DurableObjectStub, { rows }: Stored): Promise<void> =>
  runInDurableObject(stub, (_object, { storage: { sql } }) => replaceRows(sql, rows))

function replaceRows(sql: SqlStorage, rows: Stored['rows']): void {
  for (const [table, all] of Object.entries(rows)) {
    sql.exec(`DELETE FROM ${table}`)
    for (const row of all) {
      const places = Object.keys(row).map(() => '?')
      sql.exec(`INSERT INTO ${table} VALUES (${places.join()})`, ...Object.values(row))
    }
  }
}

/** Adds events to the history of an object, and no more: no alarm is set. */
export const fillHistory = (stub: DurableObjectStub, events: number): Promise<void> =>
  runInDurableObject(stub, (_object, { storage }) => {
    const history = new History(storage.sql, () => undefined)
    storage.transactionSync(() => {
      for (let i = 0; i < events; i += 1)
        history.append({ type: 'test', actor: 'subject', at: now(), data: {} })
    })
  })
