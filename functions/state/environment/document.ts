// The row of an environment: its settings with their version, and its data key, sealed with the root secret. All
// methods are synchronous and run in the caller's transaction.
import type { EnvironmentSettings } from '../../../contract/index.ts'
import { random } from '../../clock.ts'
import { utf8 } from '../../domain/bytes.ts'
import { open, seal } from '../../domain/seal.ts'
import type { Variables } from '../../variables.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS document (
    id INTEGER PRIMARY KEY CHECK (id = 1), environment TEXT NOT NULL, version INTEGER NOT NULL,
    settings TEXT NOT NULL, created_at INTEGER NOT NULL, sealed_data_key TEXT NOT NULL);`

export type DocumentRow = {
  environment: string
  version: number
  settings: string
  created_at: number
  sealed_data_key: string
}

export class Document {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  ensure(): void {
    this.#sql.exec(SCHEMA)
  }

  find(): DocumentRow | undefined {
    return this.#sql.exec<DocumentRow>('SELECT * FROM document').toArray()[0]
  }

  create(
    environment: string,
    settings: EnvironmentSettings,
    sealedDataKey: string,
    now: number,
  ): void {
    this.#sql.exec(
      'INSERT INTO document VALUES (1, ?, 1, ?, ?, ?)',
      environment,
      JSON.stringify(settings),
      now,
      sealedDataKey,
    )
  }

  /** Replaces the settings and raises their version. */
  update(settings: EnvironmentSettings): void {
    this.#sql.exec(
      'UPDATE document SET settings = ?, version = version + 1',
      JSON.stringify(settings),
    )
  }

  /** Decrypts the data key. If the previous root secret sealed it, seals it again with the current one. */
  dataKey(
    { environment, sealed_data_key: sealed }: DocumentRow,
    { rootSecret, previousRootSecret }: Variables,
  ): Uint8Array {
    const opened = open(utf8(rootSecret), 'data-key', [environment], sealed)
    if (opened) return opened
    const before =
      previousRootSecret && open(utf8(previousRootSecret), 'data-key', [environment], sealed)
    if (!before)
      throw new Error('the data key does not open with ROOT_SECRET (nor with ROOT_SECRET_PREVIOUS)')
    this.#sql.exec(
      'UPDATE document SET sealed_data_key = ?',
      sealDataKey(environment, before, rootSecret),
    )
    return before
  }
}

export const sealDataKey = (environment: string, dataKey: Uint8Array, rootSecret: string): string =>
  seal(utf8(rootSecret), 'data-key', [environment], dataKey, random)
