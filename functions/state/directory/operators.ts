// Named operators and the sessions of their pages, as rows of the Directory. Keys and session secrets
// are kept as hashes. A revoked operator's row stays, so that a name in the history is one person's.
// Synchronous; always in the caller's transaction.
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
/** Names are never given twice, so those of the revoked are counted too. */
export const OPERATOR_NAMES_LIMIT = 1000
/**
 * A further sign-in ends the oldest. The number is high, so that signing in with a stolen key does not end the
 * page of an operator who is in the middle of a step-up.
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

/** An operator as the Directory knows them; whether they have a factor is known to their own object. */
export interface KnownOperator {
  id: string
  name: string
  automation: boolean
  createdAt: number
}

/** The session of an operator's page. */
export interface ConsoleSession {
  id: string
  operator: string
  /** The hash of the key that it was made with: it is good only as long as that one is. */
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
    // In version 0.1.0 every named operator counted.
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
   * Whether a named person has called with their key: then the secret `OPERATOR_KEY` is no longer needed.
   * A key that was never used may have been lost with the reply that held it.
   */
  hasSeenPerson(): boolean {
    return this.#seenPersons().length > 0
  }

  /** Remembers that an operator has called with their key. Repeatable. */
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

  /** Returns whether any operator was ever seen to have a factor. Revoking operators does not change it. */
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
   * Ends an operator's key and sessions. The last person whose key was used stays: nobody could name another.
   */
  revoke(id: string, now: number): KnownOperator {
    const live = this.list()
    const operator = live.find((one) => one.id === id)
    if (!operator) refuse('not_found', { message: 'There is no such operator.' })
    const seen = this.#seenPersons()
    if (seen.length === 1 && seen[0]?.id === id)
      refuse('conflict', {
        message:
          'The last operator who has signed in cannot be revoked. Name another one and have them sign in first.',
      })
    // The hash goes with the key; what stays of it can never be shown again.
    this.#sql.exec('UPDATE operators SET revoked_at = ?, hash = id WHERE id = ?', now, id)
    this.#sql.exec('DELETE FROM console_sessions WHERE operator = ?', id)
    this.#sql.exec('DELETE FROM automation_changes WHERE operator = ?', id)
    return operator
  }

  /** Begins the session of a page; its secret is kept as a hash. */
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
