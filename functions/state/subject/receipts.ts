// The rows of a user's receipts: one for each token that a step-up issued. All methods are synchronous and run in the
// caller's transaction.
import type { StoredReceipt } from '../../domain/history/receipt.ts'

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS receipts (jti TEXT PRIMARY KEY, seq INTEGER NOT NULL, stored TEXT NOT NULL)'

/** Limits the receipts of a user, so that their object does not fill its storage. */
export const RECEIPT_LIMIT = 50_000
/** Greater than every row id: no receipt is kept. */
const BEYOND_ROWS = '9e18'

export class Receipts {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  ensure(): void {
    this.#sql.exec(SCHEMA)
  }

  /** Stores the receipt of a token with the position of the event of its step-up. */
  add(stored: StoredReceipt, seq: number): void {
    this.#sql.exec(
      'INSERT INTO receipts VALUES (?, ?, ?)',
      stored.token.jti,
      seq,
      JSON.stringify(stored),
    )
  }

  find(jti: string): { seq: number; stored: StoredReceipt } | undefined {
    const [row] = this.#sql
      .exec<{ seq: number; stored: string }>('SELECT seq, stored FROM receipts WHERE jti = ?', jti)
      .toArray()
    return row && { seq: row.seq, stored: JSON.parse(row.stored) }
  }

  /**
   * Deletes the receipts whose events were deleted, and the oldest ones above the limit. Nothing else deletes receipts,
   * so row ids have no gaps and are in the order of `seq`. The `+` keeps SQLite from an index by `seq`, which the
   * tables of an earlier release have, and by which it would sort all receipts.
   */
  trim(oldest: number): void {
    this.#sql.exec(
      `DELETE FROM receipts WHERE rowid < MAX(
         (SELECT MAX(rowid) FROM receipts) - ${RECEIPT_LIMIT - 1},
         COALESCE((SELECT rowid FROM receipts WHERE +seq >= ? ORDER BY rowid LIMIT 1), ${BEYOND_ROWS}))`,
      oldest,
    )
  }
}
