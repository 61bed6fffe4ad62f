// Fills a service that is stopped, by writing into the files of its objects: users, and a long history. What it writes
// is what the service itself would have written, so every chain stays valid.
import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { chainEvent, SALT_BYTES } from '../../functions/domain/history/audit.ts'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { DEMO } from '../../scripts/demo.ts'
import type { Served } from '../../scripts/prove/serve.ts'

/** Returns the file of a user's object. It is complete once the service was stopped and `settle` was called. */
export const fileOf = ({ objects }: Pick<Served, 'objects'>, subject: string): string =>
  join(
    objects,
    'Subject',
    `${objectId('Subject', subjectObjectName(DEMO.environment, subject))}.sqlite`,
  )

/** Returns the id that workerd gives to the object of a name. */
function objectId(uniqueKey: string, name: string): string {
  const key = createHash('sha256').update(uniqueKey).digest()
  const half = (data: string | Buffer) =>
    createHmac('sha256', key).update(data).digest().subarray(0, 16)
  const named = half(name)
  return Buffer.concat([named, half(named)]).toString('hex')
}

/** Moves what is in the journal of a file into the file. */
export function settle(file: string): void {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
}

/** Copies the object of a user to other users, who then have the same factors and history. */
export function copyUser(
  served: Pick<Served, 'objects'>,
  subject: string,
  others: readonly string[],
): void {
  const file = fileOf(served, subject)
  settle(file)
  for (const other of others) copyFileSync(file, fileOf(served, other))
}

interface EventRow {
  seq: number
  at: number
  type: string
  actor: string
  data: string
  hash: string
}

/** How long a history is to be, with how many receipts of its tokens, and how many tokens that expired since. */
export interface HistorySize {
  events: number
  receipts: number
  expired: number
}

/** Repeats a user's last event and receipt for a new token each time, and adds claims of tokens that have expired. */
export function fillHistory(file: string, size: HistorySize): void {
  const database = new DatabaseSync(file)
  database.exec('BEGIN')
  const last = database.prepare('SELECT * FROM events ORDER BY seq DESC LIMIT 1').get()
  const { at, type, actor, data } = last as unknown as EventRow
  const { stored } = database.prepare('SELECT stored FROM receipts LIMIT 1').get() as {
    stored: string
  }
  const receipt = JSON.parse(stored)
  const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  const insertReceipt = database.prepare('INSERT INTO receipts VALUES (?, ?, ?)')
  const chain = database.prepare('SELECT seq, head FROM chain').get() as {
    seq: number
    head: string
  }
  let { seq, head } = chain
  const everyReceipt = Math.max(1, Math.floor(size.events / Math.max(1, size.receipts)))
  while (seq < size.events) {
    const jti = randomUUID()
    const added = { at, type, actor, data: { ...JSON.parse(data), jti } }
    seq += 1
    const event = chainEvent({ seq, previous: head }, added, randomBytes(SALT_BYTES))
    insert.run(seq, at, type, actor, JSON.stringify(added.data), event.salt, head, event.hash)
    head = event.hash
    if (seq % everyReceipt === 0) {
      const copy = JSON.stringify({ ...receipt, token: { ...receipt.token, jti } })
      insertReceipt.run(jti, seq, copy)
    }
  }
  database.prepare('UPDATE chain SET seq = ?, head = ?').run(seq, head)
  const claim = database.prepare('INSERT INTO claims VALUES (?, 0, NULL, ?, ?)')
  for (let count = 0; count < size.expired; count += 1) claim.run(`token:${randomUUID()}`, at, at)
  database.exec('COMMIT')
  database.close()
  settle(file)
}
