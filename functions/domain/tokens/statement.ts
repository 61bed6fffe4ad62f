// Statements that a client carries for us and cannot change: canonical JSON with an HMAC.
import canonicalize from 'canonicalize'
import { deriveKey, fromBase64Url, hmacSha256, sameBytes, toBase64Url, utf8 } from '../bytes.ts'

/** Returns canonical JSON (RFC 8785). The value came from JSON, so the result is always a text. */
export const canonical = (value: unknown): string => canonicalize(value) ?? 'null'

/**
 * Writes a statement so that only we can have written it.
 *
 * @param purpose keeps statements of different kinds apart under one key
 * @returns canonical JSON and its HMAC-SHA-256, base64url, joined by a dot
 * @example const cursor = carry(dataKey, 'cursor', { chain, before: 120 })
 */
export function carry(key: Uint8Array, purpose: string, statement: object): string {
  const body = utf8(canonical(statement))
  return `${toBase64Url(body)}.${toBase64Url(authenticate(key, purpose, body))}`
}

/**
 * Reads a statement that `carry` wrote with the same key and purpose; anything else is undefined.
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
