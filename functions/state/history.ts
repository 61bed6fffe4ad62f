// The history of one object: a chain of events in its own SQLite, and the tallies beside it (what
// may happen too often for an event each: each kind becomes one event an hour).
// All of it is synchronous and runs in the caller's transaction.
import type { AuditEvent, AuditVerifyResult } from '../../contract/index.ts'
import { random } from '../clock.ts'
import { DAY_SECONDS, HOUR_SECONDS } from '../domain/factors/throttle.ts'
import {
  chainEvent,
  GENESIS_HASH,
  type Happening,
  SALT_BYTES,
  verifyRun,
} from '../domain/history/audit.ts'

export const AUDIT_PAGE_SIZE = 50
export const AUDIT_VERIFY_PAGE_SIZE = 1000
/** More events than a user makes in a lifetime; what keeps a hostile one from filling the disk. */
export const HISTORY_MAX_EVENTS = 200_000
/** How many of the newest events are searched for recent ones. */
const LATELY_EVENTS = 100

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, type TEXT NOT NULL, actor TEXT NOT NULL,
    data TEXT NOT NULL, salt TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS chain (
    id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, head TEXT NOT NULL,
    anchor_seq INTEGER NOT NULL, anchor_hash TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS tallies (
    key TEXT PRIMARY KEY, type TEXT NOT NULL, actor TEXT NOT NULL, data TEXT NOT NULL,
    count INTEGER NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, due_at INTEGER NOT NULL);
  INSERT OR IGNORE INTO chain VALUES (1, 0, '${GENESIS_HASH}', 0, '${GENESIS_HASH}');`

type EventRow = Record<'at' | 'seq', number> &
  Record<'type' | 'actor' | 'data' | 'salt' | 'previous' | 'hash', string>
type ChainRow = { seq: number; head: string; anchor_seq: number; anchor_hash: string }
type TallyRow = Record<'key' | 'type' | 'actor' | 'data', string> &
  Record<'count' | 'first_at' | 'last_at', number>

/** Events that are counted under a key and written as one event when their hour has ended. */
export interface Tally extends Happening {
  key: string
}

/** The end of a chain. */
export type ChainEnd = {
  events: number
  head: string
}

export class History {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** Makes the tables; to be called in every transaction that writes. */
  ensure(): void {
    this.#sql.exec(SCHEMA)
  }

  /** Adds one event to the chain, after whatever was tallied before it. */
  append(happening: Happening): void {
    this.flush(happening.at)
    this.#append(happening)
  }

  /** Counts one happening beside the chain: at most one event an hour is written for each key. */
  tally({ key, type, actor, data, at }: Tally): void {
    this.#sql.exec(
      `INSERT INTO tallies VALUES (?, ?, ?, ?, 1, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET count = count + 1, last_at = excluded.last_at`,
      key,
      type,
      actor,
      JSON.stringify(data),
      at,
      at,
      endOfHour(at),
    )
  }

  /** Writes the tallies that are due as events; returns whether any are left. */
  flush(now: number): boolean {
    const due = this.#sql
      .exec<TallyRow>('SELECT * FROM tallies WHERE due_at <= ? ORDER BY first_at, key', now)
      .toArray()
    for (const row of due) {
      const data = {
        ...JSON.parse(row.data),
        count: row.count,
        firstAt: row.first_at,
        lastAt: row.last_at,
      }
      this.#append({ at: now, type: row.type, actor: row.actor, data })
      this.#sql.exec('DELETE FROM tallies WHERE key = ?', row.key)
    }
    return this.#sql.exec('SELECT 1 FROM tallies LIMIT 1').toArray().length > 0
  }

  #append(happening: Happening): void {
    const { seq, head } = this.#chain()
    const event = chainEvent({ seq: seq + 1, previous: head }, happening, random(SALT_BYTES))
    this.#sql.exec(
      'INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      event.seq,
      event.at,
      event.type,
      event.actor,
      JSON.stringify(event.data),
      event.salt,
      event.previous,
      event.hash,
    )
    this.#sql.exec('UPDATE chain SET seq = ?, head = ?', event.seq, event.hash)
  }

  /** Counts recent events of one type by one actor. */
  countLately({ type, actor }: Pick<Happening, 'type' | 'actor'>, after: number): number {
    return this.#sql
      .exec<{ n: number }>(
        'SELECT COUNT(*) AS n FROM events WHERE seq > ? AND at > ? AND type = ? AND actor = ?',
        this.#chain().seq - LATELY_EVENTS,
        after,
        type,
        actor,
      )
      .one().n
  }

  /** Forgets the events that are too old or too many; the last removed hash stays as the anchor. */
  trim(now: number, keepDays: number): void {
    const { seq } = this.#chain()
    const last = this.#sql
      .exec<{ seq: number; hash: string }>(
        'SELECT seq, hash FROM events WHERE at < ? OR seq <= ? ORDER BY seq DESC LIMIT 1',
        now - keepDays * DAY_SECONDS,
        seq - HISTORY_MAX_EVENTS,
      )
      .toArray()[0]
    if (!last) return
    this.#sql.exec('DELETE FROM events WHERE seq <= ?', last.seq)
    this.#sql.exec('UPDATE chain SET anchor_seq = ?, anchor_hash = ?', last.seq, last.hash)
  }

  /** When the oldest event will be old enough to be forgotten, epoch seconds. */
  nextTrimAt(keepDays: number): number | undefined {
    const { at } = this.#sql.exec<{ at: number | null }>('SELECT MIN(at) AS at FROM events').one()
    return at === null ? undefined : at + keepDays * DAY_SECONDS + 1
  }

  /** One page, newest first; `next` is what to pass as `before` for the page after it. */
  page(before: number | undefined): { events: AuditEvent[]; next?: number } {
    const events = this.#sql
      .exec<EventRow>(
        'SELECT * FROM events WHERE seq < ? ORDER BY seq DESC LIMIT ?',
        before ?? Number.MAX_SAFE_INTEGER,
        AUDIT_PAGE_SIZE,
      )
      .toArray()
      .map(toEvent)
    const oldest = events.at(-1)
    const more =
      oldest && events.length === AUDIT_PAGE_SIZE && oldest.seq > this.#chain().anchor_seq + 1
    return { events, ...(more && { next: oldest.seq }) }
  }

  /** Verifies one run of the chain, oldest first; `next` is what to pass as `after` to go on. */
  verify(after: number | undefined): Omit<AuditVerifyResult, 'cursor'> & { next?: number } {
    const chain = this.#chain()
    const from = Math.max(after ?? 0, chain.anchor_seq)
    const previous = from === chain.anchor_seq ? chain.anchor_hash : this.#hashOf(from)
    const events = this.#sql
      .exec<EventRow>(
        'SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?',
        from,
        AUDIT_VERIFY_PAGE_SIZE,
      )
      .toArray()
      .map(toEvent)
    const { head, brokenAt } = verifyRun(events, previous, from + 1)
    const reached = from + events.length
    const count = reached - chain.anchor_seq
    if (brokenAt !== undefined) return { intact: false, count, head, brokenAt }
    if (events.length === AUDIT_VERIFY_PAGE_SIZE && reached < chain.seq)
      return { intact: true, count, head, next: reached }
    // The end of the chain is remembered apart, so that cutting off its newest events shows too.
    if (reached !== chain.seq || head !== chain.head)
      return { intact: false, count, head, brokenAt: reached + 1 }
    return { intact: true, count, head }
  }

  /** Returns the head of the chain: how many events it ever had, and the hash of the last one. */
  end(): ChainEnd {
    const { seq, head } = this.#chain()
    return { events: seq, head }
  }

  #chain(): ChainRow {
    return this.#sql.exec<ChainRow>('SELECT * FROM chain').one()
  }

  #hashOf(seq: number): string {
    const row = this.#sql
      .exec<{ hash: string }>('SELECT hash FROM events WHERE seq = ?', seq)
      .toArray()[0]
    return row?.hash ?? GENESIS_HASH
  }
}

/** When the hour of a moment ends, both in epoch seconds. */
export const endOfHour = (at: number): number => (Math.floor(at / HOUR_SECONDS) + 1) * HOUR_SECONDS

const toEvent = (row: EventRow): AuditEvent => ({
  seq: row.seq,
  at: row.at,
  type: row.type,
  actor: row.actor,
  data: JSON.parse(row.data),
  salt: row.salt,
  previous: row.previous,
  hash: row.hash,
})
