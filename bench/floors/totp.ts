// TOTP by hand (RFC 6238), and the encryption of its secrets at rest.

import { env } from 'cloudflare:workers'
import { Buffer } from 'node:buffer'
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'

const STEP_SECONDS = 30
const NONCE_BYTES = 12
const TAG_BYTES = 16

let kept: Uint8Array | undefined
const key = (): Uint8Array => {
  const { ROOT_SECRET } = env as { ROOT_SECRET: string }
  kept ??= new Uint8Array(hkdfSync('sha256', ROOT_SECRET, new Uint8Array(), 'totp', 32))
  return kept
}

/** Encrypts a secret for one user and factor. */
export function sealSecret(secret: Uint8Array, context: string[]): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key(), nonce)
  cipher.setAAD(Buffer.from(JSON.stringify(context)))
  const sealed = [nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]
  return Buffer.concat(sealed).toString('base64url')
}

/** Decrypts the secret of a user and factor. Throws for any other. */
export function openSecret(sealed: string, context: string[]): Uint8Array {
  const bytes = Buffer.from(sealed, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', key(), bytes.subarray(0, NONCE_BYTES))
  decipher.setAAD(Buffer.from(JSON.stringify(context)))
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
}

/** Returns the step of a code: the current one or the one before. */
export function stepOfCode(secret: Uint8Array, code: string, now: number): number | undefined {
  const current = Math.floor(now / STEP_SECONDS)
  return [current, current - 1].find((step) =>
    timingSafeEqual(Buffer.from(codeOf(secret, step)), Buffer.from(code)),
  )
}

function codeOf(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const digest = createHmac('sha1', secret).update(counter).digest()
  const offset = (digest[19] ?? 0) & 15
  const number = digest.readUInt32BE(offset) & 0x7fffffff
  return String(number % 1_000_000).padStart(6, '0')
}
