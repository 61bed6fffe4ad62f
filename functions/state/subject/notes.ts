// Single values of a user that need no table of their own. A change reads all of them in one statement, and writes
// those that it set in another one. All methods are synchronous and run in the caller's transaction.
import {
  type Attempts,
  NO_ATTEMPTS,
  NOTHING_COUNTED,
  type SessionWindows,
  type Window,
} from '../../domain/factors/throttle.ts'

export interface Notes {
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

export class NoteRows {
  readonly #sql: SqlStorage
  /** The values of the running change, and the names of those that it has set. */
  #read: Map<string, string> | undefined
  readonly #set = new Set<string>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  ensure(): void {
    this.#sql.exec('CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, value TEXT NOT NULL)')
  }

  /** Runs a change, and writes what it set at its end. If the change throws, nothing is written. */
  during<T>(change: () => T): T {
    try {
      this.#read = this.#all()
      const answer = change()
      this.#write(this.#read)
      return answer
    } finally {
      this.#read = undefined
      this.#set.clear()
    }
  }

  get<K extends keyof Notes>(key: K): Notes[K] {
    const value = (this.#read ?? this.#all()).get(key)
    return value === undefined ? NO_NOTES[key] : JSON.parse(value)
  }

  /** Sets a value. Only a running change can. */
  set<K extends keyof Notes>(key: K, value: Notes[K]): void {
    if (!this.#read) throw new Error('a note is set outside a change')
    this.#read.set(key, JSON.stringify(value))
    this.#set.add(key)
  }

  #all(): Map<string, string> {
    const rows = this.#sql.exec<{ key: string; value: string }>('SELECT key, value FROM notes')
    return new Map(rows.toArray().map(({ key, value }) => [key, value]))
  }

  #write(read: Map<string, string>): void {
    if (this.#set.size === 0) return
    const rows = [...this.#set].map((key) => [key, read.get(key) ?? ''])
    const places = rows.map(() => '(?, ?)').join(', ')
    this.#sql.exec(`INSERT OR REPLACE INTO notes VALUES ${places}`, ...rows.flat())
  }
}
