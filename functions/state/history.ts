// The history of one object: a chain of events in its SQLite database, and tallies. A tally counts events that
// can happen without limit, and becomes one event in the chain each hour. All methods are synchronous and run in
// the caller's transaction.
import type { AuditEvent, AuditVerifyResult } from '../../contract/index.ts'
import { random } from '../clock.ts'
import { DAY_SECONDS, HOUR_SECONDS } from '../domain/factors/throttle.ts'
import {
  chainEvent,
  GENESIS_HASH,
  type NewEvent,
  SALT_BYTES,
  verifyRun,
} from '../domain/history/audit.ts'
import type { ChainEnd, StoredCheckpoint } from '../domain/history/checkpoint.ts'
import { Checkpoints, EVENTS_PER_CHECKPOINT } from './checkpoints.ts'

export const AUDIT_PAGE_SIZE = 50
export const AUDIT_VERIFY_PAGE_SIZE = 1000
/** Limits the stored events, so that a hostile user cannot fill the storage. */
export const HISTORY_MAX_EVENTS = 200_000
/** How many rows of a table are deleted in one transaction. */
export const TRIMMED_AT_ONCE = 500
/** Events that name a token but do not consume it. */
const NOT_CONSUMING = "'token.refused', 'token.revoked', 'token.consumed_again'"
/** The number of newest events that `countRecent` searches. */
const RECENT_EVENTS = 100

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, type TEXT NOT NULL, actor TEXT NOT NULL,
    data TEXT NOT NULL, salt TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS chain (
    id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, head TEXT NOT NULL,
    anchor_seq INTEGER NOT NULL, anchor_hash TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS tallies (
    key TEXT PRIMARY KEY, type TEXT NOT NULL, actor TEXT NOT NULL, data TEXT NOT NULL,
    count INTEGER NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, due_at INTEGER NOT NULL)
    WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS tallies_due ON tallies (due_at);
  INSERT OR IGNORE INTO chain VALUES (1, 0, '${GENESIS_HASH}', 0, '${GENESIS_HASH}');`

type EventRow = Record<'at' | 'seq', number> &
  Record<'type' | 'actor' | 'data' | 'salt' | 'previous' | 'hash', string>
type ChainTip = { seq: number; head: string }
type ChainRow = ChainTip & { anchor_seq: number; anchor_hash: string }
type TallyRow = Record<'key' | 'type' | 'actor' | 'data', string> &
  Record<'count' | 'first_at' | 'last_at', number>

/** An event that is counted under a key. The events of an hour are written as one event. */
export interface Tally extends NewEvent {
  key: string
}

/** The result of verifying one part of a chain. Pass `next` to verify the next part. */
export type VerifiedPart = Omit<AuditVerifyResult, 'cursor'> & {
  next?: number
  /** The stored checkpoints of this part, which the Worker compares. */
  checkpoints?: StoredCheckpoint[]
}

/** Verifies the chain of an object that has stored no event. */
export const verifyNothing = (since: ChainEnd | undefined): VerifiedPart => ({
  ...{ intact: true, count: 0, head: GENESIS_HASH },
  ...(since && { since: since.events === 0 ? 'intact' : 'broken' }),
})

/** The end of the chain of such an object. */
export const NO_EVENTS: ChainEnd = { events: 0, head: GENESIS_HASH }

export class History {
  readonly checkpoints: Checkpoints
  readonly #sql: SqlStorage
  readonly #onCheckpointDue: () => void

  /** @param onCheckpointDue called in the transaction that writes a 100th event */
  constructor(sql: SqlStorage, onCheckpointDue: () => void) {
    this.checkpoints = new Checkpoints(sql)
    this.#sql = sql
    this.#onCheckpointDue = onCheckpointDue
  }

  ensure(): void {
    this.checkpoints.ensure()
    this.#sql.exec(SCHEMA)
  }

  /** Adds an event to the chain, after the tallies that are due. Returns its position. */
  append(added: NewEvent): number {
    const { due, ...tip } = this.#sql
      .exec<ChainTip & { due: number }>(
        'SELECT seq, head, EXISTS (SELECT 1 FROM tallies WHERE due_at <= ?) AS due FROM chain',
        added.at,
      )
      .one()
    if (!due) return this.#append(added, tip)
    this.flush(added.at)
    return this.#append(added, this.#chain())
  }

  /** Counts an event outside the chain. For each key, at most one event is written per hour. */
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

  /** Writes the tallies that are due as events. Returns whether any tallies are left. */
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
      this.#append({ at: now, type: row.type, actor: row.actor, data }, this.#chain())
      this.#sql.exec('DELETE FROM tallies WHERE key = ?', row.key)
    }
    return this.#sql.exec('SELECT 1 FROM tallies LIMIT 1').toArray().length > 0
  }

  #append(added: NewEvent, { seq, head }: ChainTip): number {
    const event = chainEvent({ seq: seq + 1, previous: head }, added, random(SALT_BYTES))
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
    if (event.seq % EVENTS_PER_CHECKPOINT === 0) this.#onCheckpointDue()
    return event.seq
  }

  /** Counts recent events of one type by one actor. */
  countRecent({ type, actor }: Pick<NewEvent, 'type' | 'actor'>, after: number): number {
    return this.#sql
      .exec<{ n: number }>(
        'SELECT COUNT(*) AS n FROM events WHERE seq > ? AND at > ? AND type = ? AND actor = ?',
        this.#chain().seq - RECENT_EVENTS,
        after,
        type,
        actor,
      )
      .one().n
  }

  /**
   * Deletes the oldest events that are too old or too many, at most 500 at a time, so that no request waits
   * long. Stops at the first event that must be kept, because the clock may have gone back after it. The hash of
   * the last deleted event stays as the anchor. Returns whether more may be due.
   */
  trim(now: number, keepDays: number): boolean {
    const oldest = this.#oldest()
    if (!oldest) return false
    const end = oldest.seq + TRIMMED_AT_ONCE
    const [kept] = this.#sql
      .exec<{ seq: number }>(
        'SELECT seq FROM events WHERE seq < ? AND seq > ? AND at >= ? ORDER BY seq LIMIT 1',
        end,
        this.#chain().seq - HISTORY_MAX_EVENTS,
        now - keepDays * DAY_SECONDS,
      )
      .toArray()
    const [last] = this.#sql
      .exec<{ seq: number; hash: string }>(
        'SELECT seq, hash FROM events WHERE seq < ? ORDER BY seq DESC LIMIT 1',
        kept?.seq ?? end,
      )
      .toArray()
    if (!last) return false
    this.#sql.exec('DELETE FROM events WHERE seq <= ?', last.seq)
    this.checkpoints.trim(last.seq)
    this.#sql.exec('UPDATE chain SET anchor_seq = ?, anchor_hash = ?', last.seq, last.hash)
    return last.seq === end - 1
  }

  /** Returns when the oldest event can be deleted, in epoch seconds. */
  nextTrimAt(keepDays: number): number | undefined {
    const oldest = this.#oldest()
    return oldest && oldest.at + keepDays * DAY_SECONDS + 1
  }

  #oldest(): { seq: number; at: number } | undefined {
    return this.#sql
      .exec<{ seq: number; at: number }>('SELECT seq, at FROM events ORDER BY seq LIMIT 1')
      .toArray()[0]
  }

  /** Returns one page, newest first. Pass `next` as `before` to get the next page. */
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

  /**
   * Verifies one part of the chain, oldest first. Pass `next` as `after` to verify the next part.
   *
   * @param since an earlier end of the chain, with which the last part compares the verified chain
   */
  verify(after: number | undefined, since?: ChainEnd): VerifiedPart {
    const part = this.#verifyPart(after)
    if (!since || part.next !== undefined) return part
    return { ...part, since: part.intact ? this.#compare(since) : 'broken' }
  }

  #compare({ events, head }: ChainEnd): AuditVerifyResult['since'] {
    const { seq, anchor_seq, anchor_hash } = this.#chain()
    if (events < anchor_seq) return 'unknown'
    const now = events === anchor_seq ? anchor_hash : this.#hashOf(events)
    return events <= seq && now === head ? 'intact' : 'broken'
  }

  #verifyPart(verified: number | undefined): VerifiedPart {
    const chain = this.#chain()
    const from = Math.max(verified ?? 0, chain.anchor_seq)
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
    // Deleted events take their checkpoints along, so one that is older than the oldest event contradicts the history.
    const after = from === chain.anchor_seq ? 0 : from
    const checkpoints = (upTo: number) => this.checkpoints.between(after, upTo, chain.seq)
    if (events.length === AUDIT_VERIFY_PAGE_SIZE && reached < chain.seq)
      return { intact: true, count, head, next: reached, checkpoints: checkpoints(reached) }
    // The end of the chain is stored separately, so that missing newest events are found too.
    if (reached !== chain.seq || head !== chain.head)
      return { intact: false, count, head, brokenAt: reached + 1 }
    return { intact: true, count, head, checkpoints: checkpoints(Number.MAX_SAFE_INTEGER) }
  }

  /**
   * Returns an event and all events up to the one that consumed a token. If no event consumed it, returns the event
   * alone. The token must be live when it is consumed, so the run ends before `expiresAt`.
   */
  runFrom(seq: number, jti: string, expiresAt: number): { run: AuditEvent[]; isConsumed: boolean } {
    const [consumed] = this.#sql
      .exec<{ seq: number }>(
        `SELECT seq FROM events WHERE seq > ? AND at <= ? AND json_extract(data, '$.jti') = ?
         AND type NOT IN (${NOT_CONSUMING}) ORDER BY seq LIMIT 1`,
        seq,
        expiresAt,
        jti,
      )
      .toArray()
    const run = this.#sql
      .exec<EventRow>(
        'SELECT * FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq',
        seq,
        consumed?.seq ?? seq,
      )
      .toArray()
      .map(toEvent)
    return { run, isConsumed: consumed !== undefined }
  }

  /** Returns the position of the oldest event that is stored. */
  oldestSeq(): number {
    return this.#chain().anchor_seq + 1
  }

  /** Returns the end of the chain. Deleted events count too. */
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

/** Returns when the hour of a time ends, in epoch seconds. */
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
