// The rows of named operators and dashboard sessions in the Directory. Keys and session secrets are stored as
// hashes. The row of a revoked operator stays, so that a name in the history always means the same person. All
// methods are synchronous and run in the caller's transaction.
import { random } from '../../clock.ts'
import { toBase64Url } from '../../domain/bytes.ts'
import {
  CHANGES_PER_AUTOMATION_KEY,
  countWithin,
  NOTHING_COUNTED,
} from '../../domain/factors/throttle.ts'
import { hashKey, newOperatorKey } from '../../domain/names.ts'
import { CONSOLE_SESSION_SECONDS, FIRST_OPERATOR } from '../../domain/operators.ts'
import { type Answer, refuse } from '../../domain/refusal.ts'

export const OPERATOR_LIMIT = 50
/** Limits the names of all operators, including revoked ones, whose names cannot be used again. */
export const OPERATOR_NAMES_LIMIT = 1000
/**
 * Limits the sessions of one operator. A further sign-in ends the oldest session. The limit is high, so that
 * sign-ins with a stolen key do not soon end the operator's own session.
 */
export const SESSIONS_PER_OPERATOR = 1000

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS operators (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE,
    automation INTEGER NOT NULL, created_at INTEGER NOT NULL, revoked_at INTEGER);
  CREATE TABLE IF NOT EXISTS console_sessions (
    id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, operator TEXT NOT NULL, key_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS automation_changes (
    operator TEXT PRIMARY KEY, started_at INTEGER NOT NULL, count INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS guard (since INTEGER NOT NULL);`

type OperatorRow = {
  id: string
  name: string
  hash: string
  automation: number
  created_at: number
  seen_at: number | null
}
type SessionRow = {
  id: string
  operator: string
  key_hash: string
  created_at: number
  expires_at: number
}

/** An operator in the Directory. The operator's own object stores their factors. */
export interface KnownOperator {
  id: string
  name: string
  automation: boolean
  createdAt: number
}

/** A dashboard session. */
export interface ConsoleSession {
  id: string
  operator: string
  /** The hash of the key that created the session. The session is valid only while the key is valid. */
  keyHash: string
  signedInAt: number
  expiresAt: number
}

export class Operators {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  ensure(): void {
    this.#sql.exec(SCHEMA)
    const columns = this.#sql.exec<{ name: string }>('PRAGMA table_info(operators)').toArray()
    if (columns.some(({ name }) => name === 'seen_at')) return
    // Version 0.1.0 did not store `seen_at`: every named operator counts as seen.
    this.#sql.exec('ALTER TABLE operators ADD COLUMN seen_at INTEGER')
    this.#sql.exec('UPDATE operators SET seen_at = created_at')
  }

  list(): KnownOperator[] {
    return this.#live().map(toKnown)
  }

  byKey(hash: string): KnownOperator | undefined {
    const row = this.#live().find((one) => one.hash === hash)
    return row && toKnown(row)
  }

  /**
   * Returns whether a named person has called with their key. Then the secret `OPERATOR_KEY` is no longer needed. A
   * key that was never used may have been lost with the response that contained it.
   */
  hasSeenPerson(): boolean {
    return this.#seenPersons().length > 0
  }

  /** Records that an operator has called with their key. Repeatable. */
  see(id: string, now: number): void {
    this.#sql.exec('UPDATE operators SET seen_at = ? WHERE id = ? AND seen_at IS NULL', now, id)
  }

  /** Counts a change by an automation key. */
  countChange(id: string, now: number): Answer<object> {
    const [window = NOTHING_COUNTED] = this.#sql
      .exec<{ startedAt: number; count: number }>(
        'SELECT started_at AS startedAt, count FROM automation_changes WHERE operator = ?',
        id,
      )
      .toArray()
    const counted = countWithin(window, CHANGES_PER_AUTOMATION_KEY, now)
    if ('refused' in counted) return counted
    const { startedAt, count } = counted
    this.#sql.exec(
      'INSERT OR REPLACE INTO automation_changes VALUES (?, ?, ?)',
      id,
      startedAt,
      count,
    )
    return {}
  }

  /** Returns whether any operator ever had a factor. Revoking operators does not change it. */
  isGuarded(): boolean {
    return this.#sql.exec('SELECT 1 FROM guard').toArray().length > 0
  }

  guard(now: number): void {
    if (!this.isGuarded()) this.#sql.exec('INSERT INTO guard VALUES (?)', now)
  }

  create(name: string, automation: boolean, now: number): { operator: KnownOperator; key: string } {
    const taken = this.#sql.exec('SELECT 1 FROM operators WHERE name = ?', name).toArray()
    if (taken.length > 0 || name === FIRST_OPERATOR) {
      refuse('conflict', {
        message: `An operator named ${name} exists or existed. The history refers to operators by name, so choose another one.`,
      })
    }
    const { n } = this.#sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM operators').one()
    if (this.#live().length >= OPERATOR_LIMIT || n >= OPERATOR_NAMES_LIMIT)
      refuse('conflict', {
        message: `The limit of ${OPERATOR_LIMIT} operators is reached: revoke one first.`,
      })
    const key = newOperatorKey(random)
    const id = `op_${toBase64Url(random(9))}`
    this.#sql.exec(
      `INSERT INTO operators (id, name, hash, automation, created_at) VALUES (?, ?, ?, ?, ?)`,
      id,
      name,
      hashKey(key),
      automation ? 1 : 0,
      now,
    )
    return { operator: { id, name, automation, createdAt: now }, key }
  }

  /**
   * Ends an operator's key and sessions. Refuses to revoke the last person whose key was used, because then nobody
   * could add an operator.
   */
  revoke(id: string, now: number): KnownOperator {
    const live = this.list()
    const operator = live.find((one) => one.id === id)
    if (!operator) refuse('not_found', { message: 'This operator does not exist.' })
    const seen = this.#seenPersons()
    if (seen.length === 1 && seen[0]?.id === id)
      refuse('conflict', {
        message:
          'The last operator who has signed in cannot be revoked: add another operator, and let them sign in first.',
      })
    // The id replaces the hash, so that no key matches this row.
    this.#sql.exec('UPDATE operators SET revoked_at = ?, hash = id WHERE id = ?', now, id)
    this.#sql.exec('DELETE FROM console_sessions WHERE operator = ?', id)
    this.#sql.exec('DELETE FROM automation_changes WHERE operator = ?', id)
    return operator
  }

  /** Starts a dashboard session. Stores its secret as a hash. */
  signIn(operator: string, keyHash: string, secretHash: string, now: number): ConsoleSession {
    this.#sql.exec('DELETE FROM console_sessions WHERE expires_at <= ?', now)
    this.#sql.exec(
      `DELETE FROM console_sessions WHERE id IN (
        SELECT id FROM console_sessions WHERE operator = ?
        ORDER BY created_at DESC, rowid DESC LIMIT -1 OFFSET ?)`,
      operator,
      SESSIONS_PER_OPERATOR - 1,
    )
    const id = `ses_${toBase64Url(random(9))}`
    const expiresAt = now + CONSOLE_SESSION_SECONDS
    this.#sql.exec(
      'INSERT INTO console_sessions VALUES (?, ?, ?, ?, ?, ?)',
      id,
      secretHash,
      operator,
      keyHash,
      now,
      expiresAt,
    )
    return { id, operator, keyHash, signedInAt: now, expiresAt }
  }

  session(secretHash: string, now: number): ConsoleSession | undefined {
    const row = this.#sql
      .exec<SessionRow>(
        'SELECT * FROM console_sessions WHERE hash = ? AND expires_at > ?',
        secretHash,
        now,
      )
      .toArray()[0]
    return (
      row && {
        id: row.id,
        operator: row.operator,
        keyHash: row.key_hash,
        signedInAt: row.created_at,
        expiresAt: row.expires_at,
      }
    )
  }

  signOut(secretHash: string): void {
    this.#sql.exec('DELETE FROM console_sessions WHERE hash = ?', secretHash)
  }

  #seenPersons(): OperatorRow[] {
    return this.#live().filter((one) => one.automation === 0 && one.seen_at !== null)
  }

  #live(): OperatorRow[] {
    return this.#sql
      .exec<OperatorRow>(
        'SELECT * FROM operators WHERE revoked_at IS NULL ORDER BY created_at, rowid',
      )
      .toArray()
  }
}

const toKnown = ({ id, name, automation, created_at }: OperatorRow): KnownOperator => ({
  id,
  name,
  automation: automation === 1,
  createdAt: created_at,
})
