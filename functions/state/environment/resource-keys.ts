// The rows of the keys with which resources call an environment. A key is shown once and stored as a hash. All
// methods are synchronous and run in the caller's transaction.
import type { ResourceKey } from '../../../contract/index.ts'
import { random } from '../../clock.ts'
import { toBase64Url } from '../../domain/bytes.ts'
import { hashKey, newResourceKey } from '../../domain/names.ts'
import { refuse } from '../../domain/refusal.ts'

export const RESOURCE_KEY_LIMIT = 50

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS resource_keys (
    id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, audience TEXT NOT NULL, label TEXT, created_at INTEGER NOT NULL);`

type ResourceKeyRow = {
  id: string
  hash: string
  audience: string
  label: string | null
  created_at: number
}

export class ResourceKeys {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  ensure(): void {
    this.#sql.exec(SCHEMA)
  }

  /** Returns the keys as operators see them. */
  list(): ResourceKey[] {
    return this.#rows().map(({ id, audience, label, created_at }) => ({
      id,
      audience,
      label,
      createdAt: created_at,
    }))
  }

  /** Returns the hashes, by which the Worker recognizes a caller. */
  hashes(): { id: string; hash: string; audience: string }[] {
    return this.#rows().map(({ id, hash, audience }) => ({ id, hash, audience }))
  }

  create(audience: string, label: string | null, now: number): { id: string; key: string } {
    if (this.#rows().length >= RESOURCE_KEY_LIMIT) {
      refuse('conflict', {
        message: `The limit of ${RESOURCE_KEY_LIMIT} resource keys is reached: revoke one first.`,
      })
    }
    const key = newResourceKey(random)
    const id = `rk_${toBase64Url(random(9))}`
    this.#sql.exec(
      'INSERT INTO resource_keys VALUES (?, ?, ?, ?, ?)',
      id,
      hashKey(key),
      audience,
      label,
      now,
    )
    return { id, key }
  }

  revoke(id: string): void {
    const deleted = this.#sql.exec('DELETE FROM resource_keys WHERE id = ? RETURNING id', id)
    if (deleted.toArray().length === 0) {
      refuse('not_found', { message: 'This resource key does not exist.' })
    }
  }

  #rows(): ResourceKeyRow[] {
    return this.#sql
      .exec<ResourceKeyRow>('SELECT * FROM resource_keys ORDER BY created_at, id')
      .toArray()
  }
}
