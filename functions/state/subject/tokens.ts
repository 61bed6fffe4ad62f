// The rows of a user's tokens and of claimed single-use keys. All methods are synchronous and run in the caller's
// transaction.
import type { Method } from '../../../contract/index.ts'
import { IDEMPOTENCY_WINDOW_SECONDS } from '../../../contract/index.ts'
import type { SingleUseKey } from '../../domain/factors/proof.ts'
import { refuse } from '../../domain/refusal.ts'
import type { KeyProof } from '../../domain/tokens/dpop.ts'
import { TRIMMED_AT_ONCE } from '../history.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS claims (
    key TEXT PRIMARY KEY, ordinal INTEGER NOT NULL, holder TEXT, at INTEGER NOT NULL, expires_at INTEGER)
    WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS claims_expiry ON claims (expires_at);
  CREATE TABLE IF NOT EXISTS tokens (
    jti TEXT PRIMARY KEY, kind TEXT NOT NULL, factor_id TEXT NOT NULL, method TEXT NOT NULL,
    scope TEXT NOT NULL, single_use INTEGER NOT NULL, issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, ended_at INTEGER) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS tokens_expiry ON tokens (expires_at);`

/** How long an expired row stays, in case the clock is set back by a little. */
const KEPT_AFTER_EXPIRY_SECONDS = 120

/** A claim stays longer than its token, so that no token is left whose use was forgotten. */
const EXPIRED_CLAIMS =
  'expires_at <= ? AND expires_at < (SELECT COALESCE(MIN(expires_at), 9e15) FROM tokens)'

export type TokenRow = {
  jti: string
  kind: 'elevated' | 'mfa'
  factor_id: string
  method: Method
  scope: string
  single_use: number
  issued_at: number
  expires_at: number
  ended_at: number | null
  /** The thumbprint of the key that the token is bound to, or null for a bearer token. */
  jkt: string | null
}

export class Tokens {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  ensure(): void {
    this.#sql.exec(SCHEMA)
  }

  /**
   * Claims a single-use key in one statement. Returns true for exactly one of any number of callers. With an ordinal,
   * returns true only if it is larger than every earlier one.
   */
  claim(
    { key, ordinal = 0, expiresAt }: SingleUseKey,
    now: number,
    requestHash: string | null = null,
  ): boolean {
    const claimed = this.#sql.exec(
      `INSERT INTO claims VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET ordinal = excluded.ordinal, at = excluded.at
       WHERE excluded.ordinal > claims.ordinal
       RETURNING key`,
      key,
      ordinal,
      requestHash,
      now,
      expiresAt,
    )
    return claimed.toArray().length === 1
  }

  forgetKey(key: string): void {
    this.#sql.exec('DELETE FROM claims WHERE key = ?', key)
  }

  add(token: Omit<TokenRow, 'ended_at' | 'jkt'>): void {
    this.#sql.exec(
      'INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)',
      token.jti,
      token.kind,
      token.factor_id,
      token.method,
      token.scope,
      token.single_use,
      token.issued_at,
      token.expires_at,
    )
  }

  /** Returns the row of a live token. Refuses with `token_revoked` if it has ended or is unknown. */
  live(jti: string, now: number): TokenRow {
    const row = this.find(jti)
    if (!row || row.ended_at !== null) refuse('token_revoked')
    if (row.expires_at <= now) refuse('token_expired')
    return row
  }

  find(jti: string): TokenRow | undefined {
    return this.#sql
      .exec<TokenRow>(
        `SELECT tokens.*, claims.holder AS jkt FROM tokens LEFT JOIN claims ON claims.key = 'bound:' || tokens.jti
         WHERE tokens.jti = ?`,
        jti,
      )
      .toArray()[0]
  }

  /**
   * Consumes a single-use token.
   *
   * @param requestHash identifies the request, so that it can be repeated; null if it cannot be repeated
   * @returns whether this call repeats the request that consumed the token, within the idempotency window
   * @throws Refused `token_used`
   */
  spend(row: TokenRow, now: number, requestHash: string | null): { replayed: boolean } {
    const key = `token:${row.jti}`
    if (this.claim({ key, expiresAt: row.expires_at }, now, requestHash)) return { replayed: false }
    if (!this.isRepeated(row.jti, requestHash, now)) refuse('token_used')
    return { replayed: true }
  }

  /** Returns whether a request is the one that spent a token, repeated within the idempotency window. */
  isRepeated(jti: string, requestHash: string | null, now: number): boolean {
    return this.#isRepeated(`token:${jti}`, requestHash, now)
  }

  wasSpent(jti: string): boolean {
    return this.isClaimed(`token:${jti}`)
  }

  isClaimed(key: string): boolean {
    return this.#find(key) !== undefined
  }

  /** Binds a token to a key. The claim `cnf` says so too, but a stolen signing key could leave it out. */
  bind(jti: string, jkt: string, expiresAt: number, now: number): void {
    this.claim({ key: `bound:${jti}`, expiresAt }, now, jkt)
  }

  /**
   * Claims the proof of a bound token's key. A token without a key needs no proof.
   *
   * @param requestHash identifies the request, which can be repeated with the same proof
   * @returns whether this call repeats the request that claimed the proof
   * @throws Refused `proof_required`, `proof_invalid` for another key, `proof_used`
   */
  spendKeyProof(
    { jkt }: Pick<TokenRow, 'jkt'>,
    dpop: KeyProof | undefined,
    now: number,
    requestHash: string | null,
  ): { replayed: boolean } {
    if (jkt === null) return { replayed: false }
    if (!dpop) refuse('proof_required')
    if (dpop.jkt !== jkt) refuse('proof_invalid')
    return this.claimKeyProof(dpop, now, requestHash)
  }

  /**
   * Claims a proof. First deletes expired keys, because every call with a reusable token claims another proof.
   *
   * @returns whether this call repeats the request that claimed the proof
   * @throws Refused `proof_used`
   */
  claimKeyProof(
    { singleUseKey }: KeyProof,
    now: number,
    requestHash: string | null,
  ): { replayed: boolean } {
    this.#sql.exec(`DELETE FROM claims WHERE ${EXPIRED_CLAIMS}`, now - KEPT_AFTER_EXPIRY_SECONDS)
    if (this.claim(singleUseKey, now, requestHash)) return { replayed: false }
    if (!this.#isRepeated(singleUseKey.key, requestHash, now)) refuse('proof_used')
    return { replayed: true }
  }

  #isRepeated(key: string, requestHash: string | null, now: number): boolean {
    const earlier = this.#find(key)
    const isSame = requestHash !== null && earlier?.holder === requestHash
    return isSame && now - earlier.at <= IDEMPOTENCY_WINDOW_SECONDS
  }

  #find(key: string): { holder: string | null; at: number } | undefined {
    return this.#sql
      .exec<{ holder: string | null; at: number }>(
        'SELECT holder, at FROM claims WHERE key = ?',
        key,
      )
      .toArray()[0]
  }

  /** Ends one token. Returns whether it was live. */
  end(jti: string, now: number): boolean {
    return this.#end('jti = ?', jti, now) > 0
  }

  /** Ends the live tokens that came from a factor. */
  endOfFactor(factorId: string, now: number): number {
    return this.#end('factor_id = ?', factorId, now)
  }

  endAll(now: number): number {
    return this.#end('? = 1', 1, now)
  }

  #end(where: string, value: string | number, now: number): number {
    const ended = this.#sql.exec(
      `UPDATE tokens SET ended_at = ? WHERE ended_at IS NULL AND expires_at > ? AND ${where} RETURNING jti`,
      now,
      now,
      value,
    )
    return ended.toArray().length
  }

  countLive(now: number): number {
    return this.#sql
      .exec<{ n: number }>(
        'SELECT COUNT(*) AS n FROM tokens WHERE ended_at IS NULL AND expires_at > ?',
        now,
      )
      .one().n
  }

  /**
   * Deletes expired rows, at most 500 of each table at a time, so that no request waits long. Returns when the next
   * row can be deleted, if any is left: that can be now.
   */
  clean(now: number): number | undefined {
    const before = now - KEPT_AFTER_EXPIRY_SECONDS
    for (const [table, key, where] of [
      ['tokens', 'jti', 'expires_at <= ?'],
      ['claims', 'key', EXPIRED_CLAIMS],
    ])
      this.#sql.exec(
        `DELETE FROM ${table} WHERE ${key} IN
           (SELECT ${key} FROM ${table} WHERE ${where} LIMIT ${TRIMMED_AT_ONCE})`,
        before,
      )
    const next = this.#sql
      .exec<{ at: number | null }>(
        'SELECT MIN(at) AS at FROM (SELECT MIN(expires_at) AS at FROM claims UNION ALL SELECT MIN(expires_at) FROM tokens)',
      )
      .one().at
    return next === null ? undefined : next + KEPT_AFTER_EXPIRY_SECONDS
  }
}
