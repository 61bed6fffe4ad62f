// Measures the clean-up of one user, part by part, with the Ledger itself on Node's SQLite: each part is one
// transaction, during which the user's object answers nobody.
import { copyFileSync, rmSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { Ledger } from '../../functions/state/subject/ledger.ts'

type Storage = ConstructorParameters<typeof Ledger>[0]
/** How long each part of a clean-up took, in milliseconds. */
export type Parts = number[]

/**
 * Cleans up a copy of a user's file until nothing is due.
 *
 * @param now the time of the clean-up, in epoch seconds
 */
export function cleanUp(file: string, now: number): Parts {
  const copy = `${file}.copy`
  copyFileSync(file, copy)
  const database = new DatabaseSync(copy)
  try {
    const ledger = new Ledger(storageOf(database))
    const oldest = database.prepare('SELECT anchor_seq, seq FROM chain')
    const parts: Parts = []
    for (let more = true; more; ) {
      const before = JSON.stringify(oldest.get())
      const startedAt = performance.now()
      ledger.clean(now)
      parts.push(performance.now() - startedAt)
      more = JSON.stringify(oldest.get()) !== before
    }
    return parts
  } finally {
    database.close()
    rmSync(copy)
  }
}

/** The storage of an object, as far as a clean-up uses it. */
const storageOf = (database: DatabaseSync): Storage =>
  ({
    sql: {
      exec(query: string, ...values: SQLInputValue[]) {
        // A schema is several statements, of which `prepare` would run the first alone.
        if (/;\s*\S/.test(query)) {
          database.exec(query)
          return { toArray: () => [] }
        }
        const rows = database.prepare(query).all(...values)
        return { toArray: () => rows, one: () => rows[0] }
      },
    },
    transactionSync<T>(run: () => T): T {
      database.exec('BEGIN')
      const value = run()
      database.exec('COMMIT')
      return value
    },
    setAlarm: async () => {},
  }) as unknown as Storage
