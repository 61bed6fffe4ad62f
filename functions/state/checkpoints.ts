// The checkpoints of one history: a signed one at every 100th event. The object that stores the history stores them,
// and the Environment object signs them, in an alarm. All methods are synchronous.
import type { ChainEnd, StoredCheckpoint } from '../domain/history/checkpoint.ts'

export const EVENTS_PER_CHECKPOINT = 100
/** How soon after a 100th event its checkpoint is signed. */
export const CHECKPOINT_WITHIN_SECONDS = 10
/** Limits what one alarm signs. A history that is older than checkpoints gets them for its newest events. */
const SIGNED_AT_ONCE = 10

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS checkpoints (position INTEGER PRIMARY KEY, checkpoint TEXT NOT NULL)'

/** Stores and reads the checkpoints of one history. */
export class Checkpoints {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** Creates the table if it is missing. */
  ensure(): void {
    this.#sql.exec(SCHEMA)
  }

  /** Returns the newest events at multiples of 100 that have no checkpoint yet. */
  unsigned(): ChainEnd[] {
    return this.#sql
      .exec<{ events: number; head: string }>(
        `SELECT seq AS events, hash AS head FROM events
         WHERE seq > (SELECT COALESCE(MAX(position), 0) FROM checkpoints WHERE position <= (SELECT seq FROM chain))
           AND seq % ${EVENTS_PER_CHECKPOINT} = 0
         ORDER BY seq DESC LIMIT ${SIGNED_AT_ONCE}`,
      )
      .toArray()
  }

  /**
   * Stores checkpoints. An alarm can run twice, so the first one of a position stays. Their events can have been
   * deleted while they were signed.
   */
  add(ends: ChainEnd[], checkpoints: string[]): void {
    for (const [index, checkpoint] of checkpoints.entries())
      this.#sql.exec(
        'INSERT OR IGNORE INTO checkpoints SELECT ?1, ?2 WHERE ?1 > (SELECT anchor_seq FROM chain)',
        ends[index]?.events,
        checkpoint,
      )
  }

  /**
   * Returns the checkpoints after a position, with what the history has there now.
   *
   * @param end the position of the newest event
   */
  between(after: number, upTo: number, end: number): StoredCheckpoint[] {
    return this.#sql
      .exec<{ position: number; checkpoint: string; hash: string | null }>(
        `SELECT position, checkpoint, hash FROM checkpoints LEFT JOIN events ON seq = position
         WHERE position > ? AND position <= ? ORDER BY position`,
        after,
        upTo,
      )
      .toArray()
      .map(({ position, checkpoint, hash }) => ({
        checkpoint,
        found: { events: position, head: hash ?? '' },
        brokenAt: Math.min(position, end + 1),
      }))
  }

  /** Deletes the checkpoints of deleted events. */
  trim(last: number): void {
    this.#sql.exec('DELETE FROM checkpoints WHERE position <= ?', last)
  }
}
