// The rows of an environment's signing keys: a table for tokens, and one for receipts. domain/tokens/key-ring.ts says
// when a key signs and leaves. All methods are synchronous and run in the caller's transaction.
import { exportJWK, generateKeyPair } from 'jose'
import type { KeyUse } from '../../../contract/index.ts'
import { random } from '../../clock.ts'
import { toBase64Url, utf8 } from '../../domain/bytes.ts'
import { refuse } from '../../domain/refusal.ts'
import { seal } from '../../domain/seal.ts'
import {
  hasNextKey,
  publishedKeys,
  type RingKey,
  SEAL_PURPOSES,
} from '../../domain/tokens/key-ring.ts'
import { SIGNING_ALGORITHM } from '../../domain/tokens/token.ts'

const TABLES = { tokens: 'signing_keys', receipts: 'receipt_keys' } as const
/** Limits the published keys. Only the keys of receipts stay published long enough to reach it. */
const PUBLISHED_KEY_LIMIT = 100

type KeyRow = Record<'kid' | 'public_jwk' | 'sealed_private_jwk', string> &
  Record<'created_at' | 'signs_at', number> & { leaves_at: number | null }

export class SigningKeys {
  readonly #sql: SqlStorage
  readonly #table: (typeof TABLES)[KeyUse]

  constructor(sql: SqlStorage, use: KeyUse) {
    this.#sql = sql
    this.#table = TABLES[use]
  }

  ensure(): void {
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS ${this.#table} (
        kid TEXT PRIMARY KEY, public_jwk TEXT NOT NULL, sealed_private_jwk TEXT NOT NULL,
        created_at INTEGER NOT NULL, signs_at INTEGER NOT NULL, leaves_at INTEGER);`)
  }

  ring(): RingKey[] {
    return this.#sql
      .exec<KeyRow>(`SELECT * FROM ${this.#table}`)
      .toArray()
      .map((row) => ({
        kid: row.kid,
        publicJwk: JSON.parse(row.public_jwk),
        sealedPrivateJwk: row.sealed_private_jwk,
        createdAt: row.created_at,
        signsAt: row.signs_at,
        leavesAt: row.leaves_at,
      }))
  }

  /**
   * Adds a key after the existing ones.
   *
   * @param leavesAt when the existing keys leave
   */
  follow(key: RingKey, now: number, leavesAt: number): void {
    const ring = this.ring()
    if (hasNextKey(ring, now)) {
      refuse('conflict', {
        message: 'The next key is already published and will sign soon: rotate again after that.',
      })
    }
    if (publishedKeys(ring, now).length >= PUBLISHED_KEY_LIMIT) {
      refuse('conflict', {
        message: `The limit of ${PUBLISHED_KEY_LIMIT} published keys is reached: rotate again when one has left.`,
      })
    }
    this.#sql.exec(`DELETE FROM ${this.#table} WHERE leaves_at <= ?`, now)
    this.#sql.exec(`UPDATE ${this.#table} SET leaves_at = ? WHERE leaves_at IS NULL`, leavesAt)
    this.#add(key)
  }

  /** Keeps the retired keys published for longer. */
  keepLonger(seconds: number): void {
    this.#sql.exec(
      `UPDATE ${this.#table} SET leaves_at = leaves_at + ? WHERE leaves_at IS NOT NULL`,
      seconds,
    )
  }

  /** Replaces all keys with a new one, so that nothing that they signed can be verified. */
  replaceAll(key: RingKey): void {
    this.#sql.exec(`DELETE FROM ${this.#table}`)
    this.#add(key)
  }

  #add(key: RingKey): void {
    this.#sql.exec(
      `INSERT INTO ${this.#table} VALUES (?, ?, ?, ?, ?, ?)`,
      key.kid,
      JSON.stringify(key.publicJwk),
      key.sealedPrivateJwk,
      key.createdAt,
      key.signsAt,
      key.leavesAt,
    )
  }
}

/** Creates a signing key (ES256). Its private key is sealed with the environment's data key. */
export async function makeSigningKey(
  use: KeyUse,
  environment: string,
  dataKey: Uint8Array,
  now: number,
  signsAt: number,
): Promise<RingKey> {
  const { publicKey, privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true })
  const kid = toBase64Url(random(12))
  const privateJwk = utf8(JSON.stringify(await exportJWK(privateKey)))
  return {
    kid,
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg: SIGNING_ALGORITHM, use: 'sig' },
    sealedPrivateJwk: seal(dataKey, SEAL_PURPOSES[use], [environment, kid], privateJwk, random),
    createdAt: now,
    signsAt,
    leavesAt: null,
  }
}
