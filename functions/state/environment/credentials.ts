// The credential ids in use in an environment, so that no two users share one. All methods are synchronous.
import { hashParts, toBase64Url } from '../../domain/bytes.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS credentials (
    id_hash TEXT NOT NULL, factor_id TEXT NOT NULL, holder TEXT NOT NULL, PRIMARY KEY (id_hash, factor_id))
    WITHOUT ROWID;`

/** A credential id, and the factor that it belongs to. */
export interface HeldCredential {
  credentialId: string
  factorId: string
}

export class Credentials {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  ensure(): void {
    this.#sql.exec(SCHEMA)
  }

  /**
   * Reserves a credential id for one enrollment of a user. Returns false if another user has it. Each enrollment has
   * its own row, so that a late release does not remove the row of a newer enrollment.
   */
  claim({ credentialId, factorId }: HeldCredential, owner: string): boolean {
    const hash = hashCredential(credentialId)
    const others = this.#sql.exec(
      'SELECT 1 FROM credentials WHERE id_hash = ? AND holder <> ? LIMIT 1',
      hash,
      owner,
    )
    if (others.toArray().length > 0) return false
    this.#sql.exec('INSERT OR IGNORE INTO credentials VALUES (?, ?, ?)', hash, factorId, owner)
    return true
  }

  release({ credentialId, factorId }: HeldCredential, owner: string): void {
    this.#sql.exec(
      'DELETE FROM credentials WHERE id_hash = ? AND factor_id = ? AND holder = ?',
      hashCredential(credentialId),
      factorId,
      owner,
    )
  }
}

const hashCredential = (credentialId: string): string =>
  toBase64Url(hashParts('countersign/credential/v1', credentialId))
