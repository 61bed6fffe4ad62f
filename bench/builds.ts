// Builds of the Worker that leave something out or note something, for measurements.
import type { Replacement } from '../scripts/replacement.ts'

/** Stores no receipts. */
export const WITHOUT_RECEIPTS: { name: string; replacements: Replacement[] } = {
  name: 'without receipts',
  replacements: [
    [
      'functions/state/subject/step-up.ts',
      'ledger.receipts.add(receiptOf(call.terms, proof, token, passkey), seq)',
      'void token',
    ],
  ],
}

/** Every object of a user stores the statements that it has run in a table of its own. */
export const NOTING_STATEMENTS: { name: string; replacements: Replacement[] } = {
  name: 'noting statements',
  replacements: [
    [
      'functions/state/subject/subject.ts',
      '    this.#ledger = new Ledger(ctx.storage)',
      `    const { sql } = ctx.storage
    const run = sql.exec.bind(sql)
    sql.exec = (statement, ...values) => {
      run('CREATE TABLE IF NOT EXISTS ran (statement TEXT PRIMARY KEY)')
      run('INSERT OR IGNORE INTO ran VALUES (?)', statement)
      return run(statement, ...values)
    }
    this.#ledger = new Ledger(ctx.storage)`,
    ],
  ],
}
