// Bytes, hashes and signed texts, with WebCrypto and jose.
import { base64url, compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'

export type Bytes = Uint8Array<ArrayBuffer>

const ALGORITHM = 'ES256'
/** A compact JWS whose ES256 signature has no spare bits, which jose would ignore. */
const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]{85}[AQgw]$/

export const utf8 = (text: string): Bytes => new Uint8Array(new TextEncoder().encode(text))
export const toBase64Url = (bytes: Bytes): string => base64url.encode(bytes)

/** Decodes base64url. Throws for padding, white space and spare bits, which jose accepts. */
export function fromBase64Url(text: string): Bytes {
  const bytes = new Uint8Array(base64url.decode(text))
  if (toBase64Url(bytes) !== text) throw new TypeError('not base64url')
  return bytes
}

export const toHex = (bytes: Bytes): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** Decodes lower-case hex. Throws for any other text. */
export function fromHex(text: string): Bytes {
  const bytes = Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  if (toHex(bytes) !== text) throw new TypeError('not hex')
  return bytes
}

export const concat = (...parts: Bytes[]): Bytes =>
  Uint8Array.from(parts.flatMap((part) => [...part]))

export const sha256 = async (...parts: Bytes[]): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', concat(...parts)))

/** Returns the SHA-256 of parts, each after its length as four bytes in big-endian order. */
export const hashParts = (...parts: Bytes[]): Promise<Bytes> =>
  sha256(...parts.flatMap((part) => [lengthOf(part), part]))

function lengthOf({ length }: Bytes): Bytes {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, length)
  return bytes
}

/**
 * Verifies a compact JWS and returns its payload.
 *
 * @param typ the `typ` that its header must have
 * @throws for any fault
 */
export async function readSigned(jws: string, jwks: JSONWebKeySet, typ: string): Promise<string> {
  if (!COMPACT_JWS.test(jws)) throw new TypeError('not a compact JWS')
  const keys = createLocalJWKSet(jwks)
  const verified = await compactVerify(jws, keys, { algorithms: [ALGORITHM] })
  if (verified.protectedHeader.typ !== typ) throw new TypeError('another type')
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(verified.payload)
}
