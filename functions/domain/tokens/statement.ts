// Statements that a client stores and sends back without being able to change them: canonical JSON with an HMAC.
import canonicalize from 'canonicalize'
import { deriveKey, fromBase64Url, hmacSha256, sameBytes, toBase64Url, utf8 } from '../bytes.ts'

/** Returns the canonical JSON text (RFC 8785) of a value that came from JSON. */
export const canonical = (value: unknown): string => canonicalize(value) ?? 'null'

/**
 * Writes a statement with an HMAC, so that nobody else can write or change it.
 *
 * @param purpose separates different kinds of statements under one key
 * @returns canonical JSON and its HMAC-SHA-256, base64url, joined by a dot
 * @example const cursor = carry(dataKey, 'cursor', { chain, before: 120 })
 */
export function carry(key: Uint8Array, purpose: string, statement: object): string {
  const body = utf8(canonical(statement))
  return `${toBase64Url(body)}.${toBase64Url(authenticate(key, purpose, body))}`
}

/**
 * Reads a statement that `carry` wrote with the same key and purpose. Returns undefined for any other text.
 *
 * @example const statement = readCarried(dataKey, 'cursor', input.cursor)
 */
export function readCarried(key: Uint8Array, purpose: string, carried: string): unknown {
  const [head, tail, ...rest] = carried.split('.')
  const body = fromBase64Url(head ?? '')
  const mac = fromBase64Url(tail ?? '')
  if (!body || !mac || rest.length > 0) return undefined
  if (!sameBytes(mac, authenticate(key, purpose, body))) return undefined
  return JSON.parse(new TextDecoder().decode(body))
}

const authenticate = (key: Uint8Array, purpose: string, body: Uint8Array): Uint8Array =>
  hmacSha256(deriveKey(key, `countersign/statement/${purpose}`), body)
