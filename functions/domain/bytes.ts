// Bytes and hashes. All functions are synchronous, so that an object can hash inside a transaction.
import { createHmac, hash, hkdfSync, timingSafeEqual } from 'node:crypto'
import { base64urlnopad } from '@scure/base'

const encoder = new TextEncoder()

/** A source of random bytes. Rules get it as a parameter. */
export type Random = (length: number) => Uint8Array

export const utf8 = (text: string): Uint8Array => encoder.encode(text)
export const toBase64Url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** Decodes unpadded base64url (RFC 4648, section 5). Returns undefined for any other text. */
export function fromBase64Url(text: string): Uint8Array | undefined {
  try {
    return base64urlnopad.decode(text)
  } catch {
    return undefined
  }
}

/**
 * Joins parts so that different lists always give different bytes: the length of each part precedes it, as
 * four bytes in big-endian order.
 *
 * @example lengthPrefixed('demo', 'alice')
 */
export function lengthPrefixed(...parts: (string | Uint8Array)[]): Uint8Array {
  const bytes = parts.map((part) => (typeof part === 'string' ? utf8(part) : part))
  const joined = new Uint8Array(bytes.reduce((sum, part) => sum + 4 + part.length, 0))
  const view = new DataView(joined.buffer)
  let offset = 0
  for (const part of bytes) {
    view.setUint32(offset, part.length)
    joined.set(part, offset + 4)
    offset += 4 + part.length
  }
  return joined
}

/** Returns the SHA-256 of the length-prefixed parts. */
export const hashParts = (...parts: (string | Uint8Array)[]): Uint8Array =>
  sha256(lengthPrefixed(...parts))

export const sha256 = (...chunks: Uint8Array[]): Uint8Array =>
  new Uint8Array(hash('sha256', Buffer.concat(chunks), 'buffer'))

export const hmacSha256 = (key: Uint8Array, message: Uint8Array): Uint8Array =>
  new Uint8Array(createHmac('sha256', key).update(message).digest())

const derived = new Map<string, { from: Uint8Array; key: Uint8Array }>()

/**
 * Derives a 32-byte key for one purpose from a key that has several purposes (RFC 5869). Keeps the last key of each
 * purpose.
 *
 * @param purpose one of a few constants
 */
export function deriveKey(secret: Uint8Array, purpose: string): Uint8Array {
  const last = derived.get(purpose)
  if (last && sameBytes(last.from, secret)) return last.key
  const key = new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), utf8(purpose), 32))
  derived.set(purpose, { from: secret, key })
  return key
}

/** Compares bytes in constant time. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b)

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
