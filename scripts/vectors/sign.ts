// What all vectors are made with: the keys in conformance/keys.json, and signatures over any header and payload.
import { createPrivateKey, type JsonWebKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** One case for a verifier. `input` depends on `kind`; conformance/README.md describes both. */
export interface Vector {
  kind: 'token' | 'receipt' | 'checkpoint' | 'details' | 'statement' | 'proof'
  name: string
  input: object
  now: number
  expect: { verdict: 'valid' | 'invalid'; reason: string | null }
}

/** The time of every check, if a case has none of its own. */
export const NOW = 1_800_000_000
/** The first second of 2100. */
export const EXP = 4_102_444_800
export const ISSUER = 'https://countersign.example/shop'

const keys: Record<string, JsonWebKey & { kid: string }> = JSON.parse(
  readFileSync(new URL('../../conformance/keys.json', import.meta.url), 'utf8'),
)

const keyOf = (name: string) => keys[name] ?? { kid: name }

/** Returns the public members of a key. */
export function publicKey(name: string): Record<string, string> {
  const { kty, crv, x, y, n, e } = keyOf(name)
  return JSON.parse(JSON.stringify({ kty, crv, x, y, n, e }))
}

/** Returns a key set of public keys with their `kid`. */
export const keySet = (...names: string[]) => ({
  keys: names.map((name) => ({ ...publicKey(name), kid: name, alg: 'ES256', use: 'sig' })),
})

/** Signs bytes. An ECDSA signature is r ‖ s, or DER for a passkey. */
export function signBytes(bytes: Uint8Array, name: string, dsaEncoding: 'ieee-p1363' | 'der') {
  const { kty, crv } = keyOf(name)
  const hash = kty === 'OKP' ? null : crv === 'P-384' ? 'sha384' : 'sha256'
  const key = createPrivateKey({ key: keyOf(name), format: 'jwk' })
  return sign(hash, bytes, { key, dsaEncoding })
}

export const base64Url = (value: string | Uint8Array): string =>
  Buffer.from(value).toString('base64url')

const textOf = (value: object | string): string =>
  typeof value === 'string' ? value : JSON.stringify(value)

/** Signs a compact JWS of any header and payload, also of wrong ones. A text is used as it is. */
export function signJws(header: object | string, payload: object | string, name: string): string {
  const signed = `${base64Url(textOf(header))}.${base64Url(textOf(payload))}`
  return `${signed}.${base64Url(signBytes(Buffer.from(signed), name, 'ieee-p1363'))}`
}

/** Returns a case: valid without a reason. */
export const vector = (
  kind: Vector['kind'],
  name: string,
  input: object,
  reason: string | null = null,
  now = NOW,
): Vector => ({
  ...{ kind, name, input, now },
  expect: { verdict: reason === null ? 'valid' : 'invalid', reason },
})

/** Changes one character of one part of a compact JWS. */
export function spoil(jws: string, part: 0 | 1 | 2): string {
  const parts = jws.split('.')
  const text = parts[part] ?? ''
  const middle = text.length >> 1
  const other = text[middle] === 'A' ? 'B' : 'A'
  parts[part] = text.slice(0, middle) + other + text.slice(middle + 1)
  return parts.join('.')
}
