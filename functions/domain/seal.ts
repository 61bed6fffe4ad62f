// Encrypts secrets at rest with AES-256-GCM (NIST SP 800-38D), bound to their purpose and context.
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { deriveKey, fromBase64Url, lengthPrefixed, type Random, toBase64Url } from './bytes.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Encrypts a secret so that it opens only with the same key, for the same purpose and context.
 *
 * @param context names the owner of the secret, for example environment, subject and factor id
 * @returns nonce, ciphertext and tag as one base64url text
 * @example seal(dataKey, 'totp', ['demo', 'alice', factorId], secret, random)
 */
export function seal(
  key: Uint8Array,
  purpose: string,
  context: string[],
  secret: Uint8Array,
  random: Random,
): string {
  const nonce = random(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', deriveKey(key, `countersign/seal/${purpose}`), nonce)
  cipher.setAAD(lengthPrefixed(...context))
  const sealed = [nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]
  return toBase64Url(new Uint8Array(Buffer.concat(sealed)))
}

/**
 * Decrypts a sealed secret. Returns undefined if the key, the purpose or the context differs.
 *
 * @example const secret = open(dataKey, 'totp', ['demo', 'alice', factorId], row.sealed)
 */
export function open(
  key: Uint8Array,
  purpose: string,
  context: string[],
  sealed: string,
): Uint8Array | undefined {
  const bytes = fromBase64Url(sealed)
  if (!bytes || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
  const decipher = createDecipheriv(
    'aes-256-gcm',
    deriveKey(key, `countersign/seal/${purpose}`),
    bytes.subarray(0, NONCE_BYTES),
  )
  decipher.setAAD(lengthPrefixed(...context))
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
  try {
    const body = decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES))
    return new Uint8Array(Buffer.concat([body, decipher.final()]))
  } catch {
    return undefined
  }
}
