// Where the fuzzing takes place: the Worker in this very isolate, its objects, and what of their state a
// refusal must leave as it was. Who runs it says how an object's storage is reached.
import { subjectObjectName } from '../../functions/domain/names.ts'

export type ObjectKind = 'subject' | 'environment' | 'directory'

/** One object of the service. */
export interface Place {
  kind: ObjectKind
  name: string
}

export interface Lab {
  env: Env
  fetch(request: Request): Promise<Response>
  /** Runs something on the storage of an object, inside it. */
  inside(place: Place, task: Task): Promise<string>
}

export const subjectPlace = (environment: string, subject: string): Place => ({
  kind: 'subject',
  name: subjectObjectName(environment, subject),
})
export const environmentPlace = (name: string): Place => ({ kind: 'environment', name })
export const DIRECTORY: Place = { kind: 'directory', name: 'directory' }

/** What can be done inside an object: a word, so that it can be asked for from elsewhere. */
export type Task = 'digest' | 'digest, counters anew' | 'save' | { restore: string }

/** What is written of a call that was refused: attempts and refusals are counted, and told of in events. */
const FAILURES = ['attempts', 'passkeyFailures', 'passkeyFailuresBySession']
const COUNTED_NOTES = [...FAILURES, 'keepDays', 'environment', 'alarmAt']
const COUNTED_EVENTS = [
  ...['step_up.failed', 'factor.confirm_failed', 'attempts.refused', 'token.refused'],
  ...['token.consumed_again', 'policy.observed', 'operator.refused', 'operator.signed_in_again'],
]
const listed = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(', ')

const EVENTS = `SELECT COUNT(*), MAX(seq), MAX(hash) FROM events WHERE type NOT IN (${listed(COUNTED_EVENTS)})`
/** A challenge is claimed before its answer is looked at (rule 5), so a wrong answer leaves its claim. */
const CLAIMS = "SELECT * FROM claims WHERE key NOT LIKE 'challenge:%' ORDER BY key"

/** All of the state of each kind of object, but for what is counted. */
const STATE: Record<ObjectKind, readonly string[]> = {
  subject: [
    'SELECT * FROM factors ORDER BY id',
    'SELECT * FROM recovery_codes ORDER BY hash',
    'SELECT * FROM tokens ORDER BY jti',
    CLAIMS,
    `SELECT * FROM notes WHERE key NOT IN (${listed(COUNTED_NOTES)}) ORDER BY key`,
    EVENTS,
  ],
  environment: [
    'SELECT * FROM document',
    'SELECT * FROM signing_keys ORDER BY kid',
    'SELECT * FROM resource_keys ORDER BY id',
    'SELECT * FROM credentials ORDER BY 1, 2',
    EVENTS,
  ],
  directory: [
    'SELECT * FROM environments ORDER BY environment',
    'SELECT COUNT(*) FROM removed_environments',
    'SELECT * FROM operators ORDER BY id',
    'SELECT * FROM guard',
    'SELECT * FROM console_sessions ORDER BY id',
    EVENTS,
  ],
}

/** A history of thousands is slow to look at: its beginning goes, as it does by its age. */
const SHORTER = [
  `UPDATE chain SET anchor_seq = seq - 50, anchor_hash =
     (SELECT hash FROM events WHERE events.seq = chain.seq - 50) WHERE seq - anchor_seq > 200`,
  'DELETE FROM events WHERE seq <= (SELECT anchor_seq FROM chain)',
  'DELETE FROM tallies',
]

/** Makes room, so that limits which are reached once do not end what is tried after. */
const ANEW: Record<ObjectKind, readonly string[]> = {
  subject: [
    `DELETE FROM notes WHERE key IN (${listed([...FAILURES, 'sessionChanges', 'changesBySession'])})`,
    ...SHORTER,
  ],
  environment: [
    `DELETE FROM resource_keys WHERE (SELECT COUNT(*) FROM resource_keys) > 40 AND label IS NOT 'keep'`,
    ...SHORTER,
  ],
  directory: [
    `DELETE FROM operators WHERE name NOT LIKE 'keep-%'
       AND rowid <= (SELECT MAX(rowid) FROM operators) - 20`,
    // As removed ones, whose names are not given again: their objects are there still.
    `INSERT OR IGNORE INTO removed_environments SELECT environment FROM environments
       WHERE (SELECT COUNT(*) FROM environments) > 400 AND environment NOT LIKE 'keep%'`,
    `DELETE FROM environments WHERE (SELECT COUNT(*) FROM environments) > 400
       AND environment NOT LIKE 'keep%'`,
    ...SHORTER,
  ],
}

/** Does a task on the storage of an object; an object without tables has no state. */
export function perform(storage: DurableObjectStorage, kind: ObjectKind, task: Task): string {
  const { sql } = storage
  const tables = sql
    .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
    .toArray()
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('_cf_'))
  if (task === 'save') return JSON.stringify(tables.map((table) => [table, rowsOf(sql, table)]))
  if (typeof task === 'object') {
    storage.transactionSync(() => restore(sql, JSON.parse(task.restore)))
    return ''
  }
  const tableOf = (statement: string) => /(?:FROM|UPDATE) (\w+)/.exec(statement)?.[1] ?? ''
  const has = (statement: string) => tables.includes(tableOf(statement))
  const missing = STATE[kind].filter((statement) => !has(statement)).map(tableOf)
  // What is not looked at cannot be found changed. Of a removed environment one table is left.
  if (missing.length > 0 && tables.length > 0 && !tables.includes('removed'))
    throw new Error(`a ${kind} has no tables named ${missing.join(', ')}`)
  if (task === 'digest, counters anew')
    for (const statement of ANEW[kind].filter(has)) sql.exec(statement)
  return JSON.stringify(STATE[kind].filter(has).map((statement) => sql.exec(statement).toArray()))
}

type Row = Record<string, SqlStorageValue>

const rowsOf = (sql: SqlStorage, table: string): Row[] =>
  sql.exec<Row>(`SELECT * FROM ${table}`).toArray()

/** Puts everything back that was saved. */
function restore(sql: SqlStorage, saved: [table: string, rows: Row[]][]): void {
  for (const [table, rows] of saved) {
    sql.exec(`DELETE FROM ${table}`)
    for (const row of rows) {
      const marks = Object.keys(row).map(() => '?')
      sql.exec(`INSERT INTO ${table} VALUES (${marks.join(', ')})`, ...Object.values(row))
    }
  }
}
