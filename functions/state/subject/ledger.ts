// The ledger of one user: the access to all tables of a Subject object. `change` runs as one transaction, and no
// other request can run in between.
import { random } from '../../clock.ts'
import { toBase64Url } from '../../domain/bytes.ts'
import { RECOVERY_FACTOR_ID } from '../../domain/factors/recovery.ts'
import {
  type Attempts,
  NO_ATTEMPTS,
  NOTHING_COUNTED,
  type SessionWindows,
  type Window,
} from '../../domain/factors/throttle.ts'
import type { FoundReceipt } from '../../domain/history/receipt.ts'
import { type Answer, answering } from '../../domain/refusal.ts'
import { History } from '../history.ts'
import { Factors } from './factors.ts'
import { Receipts } from './receipts.ts'
import { Tokens } from './tokens.ts'

/** The least time between two cleanups. */
const CLEANUP_INTERVAL_SECONDS = 3600
const USER_HANDLE_BYTES = 32

/** The user of a ledger, and the settings of the environment that every call needs. */
export interface Who {
  environment: string
  subject: string
  epoch: number
  keepDays: number
  rpId: string
}

/** Single values of a user that need no table of their own. */
interface Notes {
  enrolled: boolean
  acknowledged: boolean
  userHandle: string
  attempts: Attempts
  /** The failures of all sessions together. */
  passkeyFailures: Window
  passkeyFailuresBySession: SessionWindows
  /** The changes of all sessions together. */
  sessionChanges: Window
  changesBySession: SessionWindows
  /** The time of the last successful step-up in epoch seconds; 0 for none. */
  lastStepUpAt: number
  keepDays: number
  environment: string
  alarmAt: number
}

const NO_NOTES: Notes = {
  enrolled: false,
  acknowledged: false,
  userHandle: '',
  attempts: NO_ATTEMPTS,
  passkeyFailures: NOTHING_COUNTED,
  passkeyFailuresBySession: [],
  sessionChanges: NOTHING_COUNTED,
  changesBySession: [],
  lastStepUpAt: 0,
  keepDays: 400,
  environment: '',
  alarmAt: Number.MAX_SAFE_INTEGER,
}

export class Ledger {
  readonly factors: Factors
  readonly tokens: Tokens
  readonly history: History
  readonly receipts: Receipts
  readonly #storage: DurableObjectStorage
  #made = false

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    this.factors = new Factors(storage.sql)
    this.tokens = new Tokens(storage.sql)
    this.history = new History(storage.sql)
    this.receipts = new Receipts(storage.sql)
  }

  /** True once anything was written for this user. Reads of an unknown user write nothing. */
  get exists(): boolean {
    this.#made ||=
      this.#storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'notes'").toArray().length >
      0
    return this.#made
  }

  /**
   * Runs a change as one transaction. A thrown `Refused` rolls everything back. A refusal that is returned as a
   * value keeps everything that was written before it.
   */
  change<T extends object>(now: number, who: Who, run: () => Answer<T>): Answer<T> {
    this.#make()
    try {
      return answering(() =>
        this.#storage.transactionSync(() => {
          for (const key of ['keepDays', 'environment'] as const)
            if (this.note(key) !== who[key]) this.setNote(key, who[key])
          return run()
        }),
      )
    } finally {
      this.#wakeBy(now + CLEANUP_INTERVAL_SECONDS, now)
    }
  }

  note<K extends keyof Notes>(key: K): Notes[K] {
    const row = this.#storage.sql
      .exec<{ value: string }>('SELECT value FROM notes WHERE key = ?', key)
      .toArray()[0]
    return row ? JSON.parse(row.value) : NO_NOTES[key]
  }

  setNote<K extends keyof Notes>(key: K, value: Notes[K]): void {
    this.#storage.sql.exec('INSERT OR REPLACE INTO notes VALUES (?, ?)', key, JSON.stringify(value))
  }

  /** Returns the user's WebAuthn id, 32 random bytes. Creates it on first use. */
  userHandle(): string {
    const known = this.note('userHandle')
    if (known) return known
    const made = toBase64Url(random(USER_HANDLE_BYTES))
    this.setNote('userHandle', made)
    return made
  }

  /** Ends every token that came from a recovery code, and the enrollments that such tokens allowed. */
  endRecovery(now: number): number {
    this.factors.endPending(RECOVERY_FACTOR_ID)
    return this.tokens.endOfFactor(RECOVERY_FACTOR_ID, now)
  }

  /** Returns the stored receipt of a token with its events. */
  receipt(jti: string): FoundReceipt | undefined {
    const found = this.exists ? this.receipts.find(jti) : undefined
    if (!found) return undefined
    const { seq, stored } = found
    return { stored, ...this.history.runFrom(seq, jti, stored.token.expiresAt) }
  }

  /** Deletes expired rows. Sets the next alarm if any row is left that will expire. */
  clean(now: number): void {
    if (!this.exists) return
    this.#storage.transactionSync(() => {
      const keepDays = this.note('keepDays')
      const tallied = this.history.flush(now)
      const trimming = this.history.trim(now, keepDays)
      this.receipts.trim(this.history.oldestSeq())
      const next = [
        this.tokens.clean(now),
        this.factors.clean(now),
        tallied ? now : undefined,
        this.history.nextTrimAt(keepDays),
      ].filter((at) => at !== undefined)
      this.setNote('alarmAt', Number.MAX_SAFE_INTEGER)
      if (trimming) this.#wakeBy(now + 1, now)
      else if (next.length > 0)
        this.#wakeBy(Math.max(now + CLEANUP_INTERVAL_SECONDS, Math.min(...next)), now)
    })
  }

  /** Deletes everything about the user. */
  async remove(): Promise<void> {
    this.#made = false
    await this.#storage.deleteAll()
  }

  #make(): void {
    if (this.exists) return
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec(
        'CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, value TEXT NOT NULL)',
      )
      this.factors.ensure()
      this.tokens.ensure()
      this.history.ensure()
      this.receipts.ensure()
    })
  }

  /** Sets an alarm, unless an earlier one is pending. An alarm in the past was lost and is replaced. */
  #wakeBy(at: number, now: number): void {
    const pending = this.note('alarmAt')
    if (pending > now && pending <= at) return
    this.setNote('alarmAt', at)
    void this.#storage.setAlarm(at * 1000)
  }
}
