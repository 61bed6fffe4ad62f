// The rows of a user's factors, pending enrollments and recovery codes. All methods are synchronous and run in the
// caller's transaction.
import {
  FACTOR_LIMITS,
  type Factor,
  type FactorKind,
  PENDING_ENROLLMENT_LIMIT,
} from '../../../contract/index.ts'
import { isUsable, type PasskeyCredential } from '../../domain/factors/passkey.ts'
import { refuse } from '../../domain/refusal.ts'
import type { HeldCredential } from '../environment/credentials.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS factors (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, label TEXT, secret TEXT NOT NULL, credential_id TEXT UNIQUE,
    created_at INTEGER NOT NULL, confirmed_at INTEGER, last_used_at INTEGER,
    is_default INTEGER NOT NULL DEFAULT 0, expires_at INTEGER, linked_by TEXT);
  CREATE TABLE IF NOT EXISTS recovery_codes (
    hash TEXT PRIMARY KEY, epoch INTEGER NOT NULL, spent_at INTEGER) WITHOUT ROWID;`

/** A factor or enrollment. `secret` is the sealed secret of a TOTP factor, or the public credential of a passkey. */
export type FactorRow = {
  id: string
  kind: FactorKind
  label: string | null
  secret: string
  credential_id: string | null
  created_at: number
  confirmed_at: number | null
  last_used_at: number | null
  is_default: number
  expires_at: number | null
  linked_by: string | null
}

/** What checks a code. */
export type TotpRow = Pick<FactorRow, 'id' | 'secret'>

/** A pending enrollment. */
export interface Pending {
  id: string
  kind: FactorKind
  label: string | null
  secret: string
  expiresAt: number
  /** The factor whose token allowed the enrollment, or for a first factor the session. */
  linkedBy: string
}

export class Factors {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  ensure(): void {
    this.#sql.exec(SCHEMA)
  }

  /** Returns the confirmed factors, oldest first. */
  confirmed(kind?: FactorKind): FactorRow[] {
    return this.#sql
      .exec<FactorRow>(
        'SELECT * FROM factors WHERE confirmed_at IS NOT NULL ORDER BY confirmed_at, id',
      )
      .toArray()
      .filter((row) => kind === undefined || row.kind === kind)
  }

  /** Returns the confirmed factors without their secrets. */
  list(rpId: string): Factor[] {
    return this.confirmed().map((row) => viewFactor(row, rpId))
  }

  /** Returns the passkeys of a relying party, oldest first. */
  usablePasskeys(rpId: string): FactorRow[] {
    return this.confirmed('passkey').filter((row) => isUsable(credentialOf(row), rpId))
  }

  /** Returns whether the user could still step up with another factor without this one. */
  hasOther(id: string, rpId: string): boolean {
    return [...this.confirmed('totp'), ...this.usablePasskeys(rpId)].some((row) => row.id !== id)
  }

  find(id: string): FactorRow | undefined {
    return this.#sql.exec<FactorRow>('SELECT * FROM factors WHERE id = ?', id).toArray()[0]
  }

  /** Returns a confirmed factor. Refuses any other id with `factor_not_found`. */
  mustFind(id: string): FactorRow {
    const row = this.find(id)
    if (!row?.confirmed_at) refuse('factor_not_found')
    return row
  }

  /** Returns the TOTP factor to check a code with: the named one, or else the default, or else the last used. */
  totpFor(id: string | undefined): TotpRow {
    const own = this.#sql
      .exec<TotpRow & { is_default: number; used_at: number }>(
        `SELECT id, secret, is_default, COALESCE(last_used_at, created_at) AS used_at FROM factors
         WHERE kind = 'totp' AND confirmed_at IS NOT NULL`,
      )
      .toArray()
    if (id !== undefined) return own.find((row) => row.id === id) ?? refuse('factor_not_found')
    if (own.length === 0) refuse('enrollment_required')
    return (
      own.find((row) => row.is_default) ?? own.reduce((a, b) => (b.used_at > a.used_at ? b : a))
    )
  }

  /** Returns the passkey of a relying party with a credential id. */
  passkeyFor(credentialId: string, rpId: string): FactorRow | undefined {
    const [row] = this.#sql
      .exec<FactorRow>(
        'SELECT * FROM factors WHERE credential_id = ? AND confirmed_at IS NOT NULL',
        credentialId,
      )
      .toArray()
    return row && isUsable(credentialOf(row), rpId) ? row : undefined
  }

  /** Refuses another factor of a kind if the limit is reached. */
  checkLimit(kind: FactorKind): void {
    if (this.confirmed(kind).length >= FACTOR_LIMITS[kind]) refuse('factor_limit_reached')
  }

  /**
   * Starts an enrollment. If there are too many, deletes the oldest one of the same session or factor first, so that
   * another session cannot displace it.
   */
  begin(pending: Pending, now: number): void {
    this.#sql.exec(
      `DELETE FROM factors WHERE id IN (
         SELECT id FROM factors WHERE confirmed_at IS NULL
         ORDER BY linked_by IS ?, created_at DESC, rowid DESC LIMIT -1 OFFSET ?)`,
      pending.linkedBy,
      PENDING_ENROLLMENT_LIMIT - 1,
    )
    this.#sql.exec(
      `INSERT INTO factors (id, kind, label, secret, created_at, expires_at, linked_by) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      pending.id,
      pending.kind,
      pending.label,
      pending.secret,
      now,
      pending.expiresAt,
      pending.linkedBy,
    )
  }

  /** Returns the pending enrollment of an id. Refuses one that cannot be confirmed now. */
  pending(id: string, kind: FactorKind, now: number): FactorRow {
    const row = this.find(id)
    if (row?.kind !== kind) refuse('factor_not_found')
    if (row.confirmed_at !== null)
      refuse('conflict', { message: 'This factor is already confirmed.' })
    if ((row.expires_at ?? 0) <= now) refuse('challenge_expired')
    return row
  }

  countPending(now: number): number {
    return this.#sql
      .exec<{ n: number }>(
        'SELECT COUNT(*) AS n FROM factors WHERE confirmed_at IS NULL AND expires_at > ?',
        now,
      )
      .one().n
  }

  /** Turns a pending enrollment into a factor. The first factor becomes the default. */
  confirm(id: string, secret: string, credentialId: string | null, now: number): void {
    const isDefault = this.confirmed().length === 0 ? 1 : 0
    this.#sql.exec(
      `UPDATE factors SET confirmed_at = ?, secret = ?, credential_id = ?, is_default = ?, expires_at = NULL WHERE id = ?`,
      now,
      secret,
      credentialId,
      isDefault,
      id,
    )
  }

  /** Ends pending enrollments: all of them, or those that a token of one factor allowed. */
  endPending(linkedBy?: string): void {
    this.#sql.exec(
      'DELETE FROM factors WHERE confirmed_at IS NULL AND (? IS NULL OR linked_by = ?)',
      linkedBy ?? null,
      linkedBy ?? null,
    )
  }

  /** Stores when a TOTP factor was used. */
  touch(id: string, now: number): void {
    this.#sql.exec('UPDATE factors SET last_used_at = ? WHERE id = ?', now, id)
  }

  /** Stores what a passkey reported about itself, and when it was used. */
  storeUse(id: string, credential: PasskeyCredential, now: number): void {
    this.#sql.exec(
      'UPDATE factors SET secret = ?, last_used_at = ? WHERE id = ?',
      JSON.stringify(credential),
      now,
      id,
    )
  }

  rename(id: string, label: string | null): void {
    this.#sql.exec('UPDATE factors SET label = ? WHERE id = ?', label, id)
  }

  setDefault(id: string): void {
    this.#sql.exec('UPDATE factors SET is_default = (id = ?)', id)
  }

  /** Removes a factor. If it was the default, the last used factor becomes the default. */
  remove(row: FactorRow): void {
    this.#sql.exec('DELETE FROM factors WHERE id = ?', row.id)
    if (!row.is_default) return
    this.#sql.exec(
      `UPDATE factors SET is_default = 1 WHERE id = (
         SELECT id FROM factors WHERE confirmed_at IS NOT NULL
         ORDER BY COALESCE(last_used_at, confirmed_at) DESC, id LIMIT 1)`,
    )
  }

  removeAll(): void {
    this.#sql.exec('DELETE FROM factors')
    this.#sql.exec('DELETE FROM recovery_codes')
  }

  /** Replaces all recovery codes. Stores only their hashes. */
  replaceCodes(hashes: string[], epoch: number): void {
    this.#sql.exec('DELETE FROM recovery_codes')
    for (const hash of hashes)
      this.#sql.exec('INSERT INTO recovery_codes VALUES (?, ?, NULL)', hash, epoch)
  }

  /** Uses a code. Returns false if it is unknown, used, or from an earlier restore epoch. */
  spendCode(hash: string, epoch: number, now: number): boolean {
    const spent = this.#sql.exec(
      'UPDATE recovery_codes SET spent_at = ? WHERE hash = ? AND spent_at IS NULL AND epoch >= ? RETURNING hash',
      now,
      hash,
      epoch,
    )
    return spent.toArray().length === 1
  }

  /** Returns whether a code belongs to this user and was used. */
  codeWasSpent(hash: string): boolean {
    return (
      this.#sql
        .exec('SELECT 1 FROM recovery_codes WHERE hash = ? AND spent_at IS NOT NULL', hash)
        .toArray().length > 0
    )
  }

  countCodes(epoch: number): { remaining: number; total: number } {
    return this.#sql
      .exec<{ remaining: number; total: number }>(
        'SELECT COUNT(*) AS total, COALESCE(SUM(spent_at IS NULL AND epoch >= ?), 0) AS remaining FROM recovery_codes',
        epoch,
      )
      .one()
  }

  /** Deletes expired enrollments. Returns when the next one expires, if any is left. */
  clean(now: number): number | undefined {
    this.#sql.exec('DELETE FROM factors WHERE confirmed_at IS NULL AND expires_at <= ?', now)
    const next = this.#sql
      .exec<{ at: number | null }>(
        'SELECT MIN(expires_at) AS at FROM factors WHERE confirmed_at IS NULL',
      )
      .one().at
    return next ?? undefined
  }
}

/** Returns a factor without its secret. */
export function viewFactor(row: FactorRow, rpId: string): Factor {
  const shared = {
    factorId: row.id,
    kind: row.kind,
    label: row.label,
    isDefault: row.is_default === 1,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  }
  if (row.kind === 'totp') return shared
  const credential = credentialOf(row)
  const { synced, backedUp, transports } = credential
  const usable = isUsable(credential, rpId)
  return { ...shared, passkey: { synced, backedUp, transports, usable } }
}

/** Returns the stored public part of a passkey. */
export const credentialOf = (row: FactorRow): PasskeyCredential => JSON.parse(row.secret)

/** Returns the credential ids of some factors. */
export const heldBy = (rows: FactorRow[]): HeldCredential[] =>
  rows.flatMap(({ id, credential_id }) =>
    credential_id === null ? [] : [{ credentialId: credential_id, factorId: id }],
  )
