// The ledger of one user: the access to all tables of a Subject object. `change` runs as one transaction, and no
// other request can run in between.
import { random } from '../../clock.ts'
import { toBase64Url } from '../../domain/bytes.ts'
import { RECOVERY_FACTOR_ID } from '../../domain/factors/recovery.ts'
import type { ChainEnd } from '../../domain/history/checkpoint.ts'
import type { FoundReceipt } from '../../domain/history/receipt.ts'
import { type Answer, answering } from '../../domain/refusal.ts'
import { CHECKPOINT_WITHIN_SECONDS } from '../checkpoints.ts'
import { History, type VerifiedPart, verifyNothing } from '../history.ts'
import { Factors } from './factors.ts'
import { readStoredFacts } from './facts.ts'
import { NoteRows, type Notes } from './notes.ts'
import { Receipts } from './receipts.ts'
import { Tokens } from './tokens.ts'

/** What releases added to the tables of the first one. */
const LATER_PARTS = ['receipts', 'tallies_due', 'checkpoints']
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

export class Ledger {
  readonly factors: Factors
  readonly tokens: Tokens
  readonly history: History
  readonly receipts: Receipts
  readonly #notes: NoteRows
  readonly #storage: DurableObjectStorage
  /** Whether the user has tables. */
  #known = false
  /** Whether the user has all tables of this release. */
  #complete = false
  #checkpointDue = false
  /** What the notes of the last change say about the alarm, so that the next change need not read them. */
  #scheduled: Pick<Notes, 'keepDays' | 'environment' | 'alarmAt'> | undefined

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    this.factors = new Factors(storage.sql)
    this.tokens = new Tokens(storage.sql)
    this.history = new History(storage.sql, () => {
      this.#checkpointDue = true
    })
    this.receipts = new Receipts(storage.sql)
    this.#notes = new NoteRows(storage.sql)
  }

  /** True once anything was written for this user. Reads of an unknown user write nothing. */
  get exists(): boolean {
    if (!this.#known) {
      const names = ['notes', ...LATER_PARTS].map((name) => `'${name}'`).join()
      const made = this.#storage.sql
        .exec<{ name: string }>(`SELECT name FROM sqlite_master WHERE name IN (${names})`)
        .toArray()
        .map(({ name }) => name)
      this.#known = made.includes('notes')
      this.#complete = LATER_PARTS.every((name) => made.includes(name))
    }
    return this.#known
  }

  /**
   * Runs a change as one transaction. A thrown `Refused` rolls everything back. A refusal that is returned as a
   * value keeps everything that was written before it.
   */
  change<T extends object>(now: number, who: Who, run: () => Answer<T>): Answer<T> {
    this.#ensure()
    return answering(() => {
      try {
        return this.#transaction(() => {
          const answer = run()
          this.#schedule(who, now)
          return answer
        })
      } catch (error) {
        // Sets the alarm although the change was rolled back: the tables may be new, and the alarm deletes them with the
        // environment.
        this.#transaction(() => this.#schedule(who, now))
        throw error
      }
    })
  }

  /** Returns what decides every check of a user, as JSON text, or undefined if nothing is stored. */
  storedFacts(epoch: number): string | undefined {
    return this.exists ? readStoredFacts(this.#storage.sql, epoch) : undefined
  }

  note<K extends keyof Notes>(key: K): Notes[K] {
    return this.#notes.get(key)
  }

  /** Sets a value in a running change. */
  setNote<K extends keyof Notes>(key: K, value: Notes[K]): void {
    this.#notes.set(key, value)
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
    if (!this.exists) return undefined
    this.#ensure()
    const found = this.receipts.find(jti)
    if (!found) return undefined
    const { seq, stored } = found
    return { stored, ...this.history.runFrom(seq, jti, stored.token.expiresAt) }
  }

  /** Deletes expired rows. Sets the next alarm if any row is left that will expire. */
  clean(now: number): void {
    if (!this.exists) return
    this.#ensure()
    this.#scheduled = undefined
    this.#transaction(() => {
      const keepDays = this.note('keepDays')
      const tallied = this.history.flush(now)
      const trimming = this.history.trim(now, keepDays)
      this.receipts.trim(this.history.oldestSeq())
      const expired = this.tokens.clean(now)
      const next = [
        expired,
        this.factors.clean(now),
        tallied ? now : undefined,
        this.history.nextTrimAt(keepDays),
      ].filter((at) => at !== undefined)
      this.setNote('alarmAt', Number.MAX_SAFE_INTEGER)
      if (trimming || (expired !== undefined && expired <= now)) this.#wakeBy(now + 1, now)
      else if (next.length > 0)
        this.#wakeBy(Math.max(now + CLEANUP_INTERVAL_SECONDS, Math.min(...next)), now)
    })
    // The alarm signs next, also what this has written.
    this.#checkpointDue = false
  }

  /** Verifies one part of the history. */
  verify(after: number | undefined, since: ChainEnd | undefined): VerifiedPart {
    if (!this.exists) return verifyNothing(since)
    this.#ensure()
    return this.history.verify(after, since)
  }

  /** Deletes everything about the user. */
  async remove(): Promise<void> {
    this.#known = false
    this.#complete = false
    this.#scheduled = undefined
    await this.#storage.deleteAll()
  }

  /** Creates the tables that are missing: all of a new user, or those of a newer release. */
  #ensure(): void {
    if (this.exists && this.#complete) return
    this.#storage.transactionSync(() => {
      for (const table of [this.#notes, this.factors, this.tokens, this.history, this.receipts])
        table.ensure()
    })
    this.#known = true
    this.#complete = true
  }

  #transaction<T>(run: () => T): T {
    try {
      return this.#storage.transactionSync(() => this.#notes.during(run))
    } catch (error) {
      this.#scheduled = undefined
      throw error
    }
  }

  /** Stores what the alarm needs, and sets it, unless the last change did. */
  #schedule({ keepDays, environment, subject }: Who, now: number): void {
    const at = now + (this.#checkpointDue ? CHECKPOINT_WITHIN_SECONDS : CLEANUP_INTERVAL_SECONDS)
    this.#checkpointDue = false
    const last = this.#scheduled
    const isSame = last?.keepDays === keepDays && last.environment === environment
    if (isSame && last.alarmAt > now && last.alarmAt <= at) return
    this.setNote('keepDays', keepDays)
    this.setNote('environment', environment)
    this.setNote('subject', subject)
    this.#wakeBy(at, now)
    this.#scheduled = { keepDays, environment, alarmAt: this.note('alarmAt') }
  }

  /** Sets an alarm, unless an earlier one is pending. An alarm in the past was lost and is replaced. */
  #wakeBy(at: number, now: number): void {
    const pending = this.note('alarmAt')
    if (pending > now && pending <= at) return
    this.setNote('alarmAt', at)
    void this.#storage.setAlarm(at * 1000)
  }
}
