// Shares at rest: AES-256-GCM under a key derived from the keeper's own secret, bound to the place
// that a share belongs to (RFC 5869; NIST SP 800-38D). See shares.ts for how shares are made.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Encrypts a share so that it opens only with the same secret, in the same place.
 *
 * @param place e.g. the keeper, the user, the generation
 */
export function seal(secret: string, place: readonly string[], share: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', deriveKey(secret), nonce)
  cipher.setAAD(boundTo(place))
  const parts = [nonce, cipher.update(share), cipher.final(), cipher.getAuthTag()]
  return new Uint8Array(Buffer.concat(parts))
}

/**
 * Opens what `seal` made.
 *
 * @throws Error where secret or place differ, or a byte was changed
 */
export function unseal(secret: string, place: readonly string[], sealed: Uint8Array): Uint8Array {
  const nonce = sealed.subarray(0, NONCE_BYTES)
  const body = sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', deriveKey(secret), nonce)
  decipher.setAAD(boundTo(place))
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  return new Uint8Array(Buffer.concat([decipher.update(body), decipher.final()]))
}

const deriveKey = (secret: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, '', 'countersign-wallet/share/v1', 32))

/** A list of texts has one spelling as JSON, so no two places give the same bytes. */
const boundTo = (place: readonly string[]): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(place))
