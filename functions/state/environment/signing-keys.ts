// The rows of an environment's signing keys. domain/tokens/key-ring.ts says when a key signs and leaves. All
// methods are synchronous and run in the caller's transaction.
import { exportJWK, generateKeyPair } from 'jose'
import { random } from '../../clock.ts'
import { toBase64Url, utf8 } from '../../domain/bytes.ts'
import { refuse } from '../../domain/refusal.ts'
import { seal } from '../../domain/seal.ts'
import { hasNextKey, type RingKey, retirementOf } from '../../domain/tokens/key-ring.ts'
import { SIGNING_ALGORITHM } from '../../domain/tokens/token.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS signing_keys (
    kid TEXT PRIMARY KEY, public_jwk TEXT NOT NULL, sealed_private_jwk TEXT NOT NULL,
    created_at INTEGER NOT NULL, signs_at INTEGER NOT NULL, leaves_at INTEGER);`

type KeyRow = Record<'kid' | 'public_jwk' | 'sealed_private_jwk', string> &
  Record<'created_at' | 'signs_at', number> & { leaves_at: number | null }

export class SigningKeys {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  ensure(): void {
    this.#sql.exec(SCHEMA)
  }

  ring(): RingKey[] {
    return this.#sql
      .exec<KeyRow>('SELECT * FROM signing_keys')
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

  /** Adds a key after the existing ones. They leave a day after the new key starts to sign. */
  follow(key: RingKey, now: number): void {
    if (hasNextKey(this.ring(), now)) {
      refuse('conflict', {
        message: 'The next key is already published and will sign soon: rotate again after that.',
      })
    }
    this.#sql.exec('DELETE FROM signing_keys WHERE leaves_at <= ?', now)
    this.#sql.exec(
      'UPDATE signing_keys SET leaves_at = ? WHERE leaves_at IS NULL',
      retirementOf(key.signsAt),
    )
    this.#add(key)
  }

  /** Replaces all keys with a new one, so that no token that they signed can be verified. */
  replaceAll(key: RingKey): void {
    this.#sql.exec('DELETE FROM signing_keys')
    this.#add(key)
  }

  #add(key: RingKey): void {
    this.#sql.exec(
      'INSERT INTO signing_keys VALUES (?, ?, ?, ?, ?, ?)',
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
    sealedPrivateJwk: seal(dataKey, 'signing-key', [environment, kid], privateJwk, random),
    createdAt: now,
    signsAt,
    leavesAt: null,
  }
}
