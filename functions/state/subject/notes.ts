// Single values of a user that need no table of their own. A change reads all of them in one statement, and writes
// those that it set in another one. All methods are synchronous and run in the caller's transaction.
import {
  type Attempts,
  NO_ATTEMPTS,
  NOTHING_COUNTED,
  type SessionWindows,
  type Window,
} from '../../domain/factors/throttle.ts'

/** The notes of one user. */
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
  /**
   * The last step-up by what is no stored factor now: a recovery code, an assertion, a removed factor. Epoch seconds; 0
   * for never.
   */
  lastStepUpAt: number
  keepDays: number
  environment: string
  /** The user, whom checkpoints name. */
  subject: string
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
  subject: '',
  alarmAt: Number.MAX_SAFE_INTEGER,
}

/** Reads and writes the notes of one user. */
export class NoteRows {
  readonly #sql: SqlStorage
  /** What the running change has read, and what it has set. */
  #read: Partial<Record<keyof Notes, string>> | undefined
  #set: Map<keyof Notes, string> | undefined

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** Creates the table if it is missing. */
  ensure(): void {
    this.#sql.exec(
      'CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
    )
  }

  /** Runs a change, and writes what it set at its end. If the change throws, nothing is written. */
  during<T>(change: () => T): T {
    if (this.#set) throw new Error('a change runs inside another one')
    this.#set = new Map()
    try {
      const answer = change()
      this.#write(this.#set)
      return answer
    } finally {
      this.#set = undefined
      this.#read = undefined
    }
  }

  get<K extends keyof Notes>(key: K): Notes[K] {
    const value = this.#set?.get(key) ?? this.#stored()[key]
    return value === undefined ? NO_NOTES[key] : JSON.parse(value)
  }

  /** Sets a value. Only a running change can. */
  set<K extends keyof Notes>(key: K, value: Notes[K]): void {
    if (!this.#set) throw new Error('a note is set outside a change')
    this.#set.set(key, JSON.stringify(value))
  }

  /**
   * Returns the stored values. A running change reads them once, when it needs the first one. They come as one text,
   * because ten rows take twice as long.
   */
  #stored(): Partial<Record<keyof Notes, string>> {
    if (this.#read) return this.#read
    const { notes } = this.#sql
      .exec<{ notes: string }>('SELECT json_group_object(key, value) AS notes FROM notes')
      .one()
    const stored: Partial<Record<keyof Notes, string>> = JSON.parse(notes)
    if (this.#set) this.#read = stored
    return stored
  }

  #write(set: Map<keyof Notes, string>): void {
    const changed = [...set].filter(([key, value]) => this.#stored()[key] !== value)
    if (changed.length === 0) return
    const places = changed.map(() => '(?, ?)').join(', ')
    this.#sql.exec(`INSERT OR REPLACE INTO notes VALUES ${places}`, ...changed.flat())
  }
}
