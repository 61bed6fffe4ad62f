// Verifies DPoP proofs (RFC 9449, section 4.3). The service and the guard both call this function. It does not know
// whether a proof was used already, and it does not judge the nonce.
import { base64url, calculateJwkThumbprint, compactVerify, importJWK, type JWK } from 'jose'
import type { Reason } from '../errors.ts'
import { COMPACT_JWT, DPOP_ALGORITHMS, isRecord } from './wire.ts'

/** How far the `iat` of a proof may be from the time of its check. */
export const DPOP_SECONDS = 60
const DPOP_MAX_CHARACTERS = 4096
const DPOP_JTI_MAX_CHARACTERS = 128

/** The call that a proof is presented for. */
export interface DpopUse {
  method: string
  /** The address of the call, from configuration. It never comes from the header `Host`. */
  url: string
  /** The token that the proof is presented with. */
  token?: string | undefined
  /** The thumbprint of the key that the token is bound to. */
  jkt?: string | undefined
  now: number
}

/** A verified proof. */
export interface DpopProof {
  /** The thumbprint of its key (RFC 7638). */
  jkt: string
  jti: string
  iat: number
  nonce?: unknown
}

/** The part of a proof that is wrong. `key` is another key than the one that the token is bound to. */
export type DpopFault = keyof typeof DPOP_FAULTS

/** The refusals of a proof, in words for the caller. None of them burns the proof or the token. */
export const DPOP_REFUSALS = {
  proof_required: 'The token is bound to a key: send a DPoP proof with it.',
  proof_invalid: 'The DPoP proof is not valid for this call.',
  proof_used: 'The DPoP proof was used already: make a new one for each call.',
  use_dpop_nonce: 'The DPoP proof needs the nonce of this answer.',
} as const satisfies Partial<Record<Reason, string>>

/** Returns whether another proof resolves a refusal. */
export const isAboutProof = (reason: string): reason is keyof typeof DPOP_REFUSALS =>
  Object.hasOwn(DPOP_REFUSALS, reason)

/** Returns the value of `WWW-Authenticate` for a caller whose proof was refused (RFC 9449, sections 7.1 and 9). */
export function dpopChallengeOf(reason: keyof typeof DPOP_REFUSALS): string {
  const error = reason === 'use_dpop_nonce' ? reason : 'invalid_dpop_proof'
  return `DPoP error="${error}", algs="${DPOP_ALGORITHMS.join(' ')}"`
}

/** Explains each fault to a developer. */
export const DPOP_FAULTS = {
  jwt: 'it must be one signed JWT, in one header',
  typ: 'its `typ` must be dpop+jwt',
  alg: `its \`alg\` must be one of ${DPOP_ALGORITHMS.join(', ')}`,
  jwk: 'its `jwk` must be a public key, and its signature must be made with that key',
  jti: `its \`jti\` must have 1 to ${DPOP_JTI_MAX_CHARACTERS} characters`,
  htm: 'its `htm` must be the method of the call',
  htu: 'its `htu` must be the address of the call',
  iat: `its \`iat\` must be at most ${DPOP_SECONDS} seconds from now`,
  ath: 'its `ath` must be the hash of the token',
  key: 'its key must be the one that the token is bound to',
} as const

/**
 * Verifies a proof for one call.
 *
 * @returns the proof, or the first fault in it
 * @example await verifyDpop(header, { method: 'POST', url: 'https://api.example/export', token, jkt, now })
 */
export async function verifyDpop(
  proof: string,
  { method, url, token, jkt, now }: DpopUse,
): Promise<DpopProof | { fault: DpopFault }> {
  const signed = await readSigned(proof)
  if ('fault' in signed) return signed
  const { jti, htm, htu, iat, ath, nonce } = signed.claims
  if (typeof jti !== 'string' || jti === '' || jti.length > DPOP_JTI_MAX_CHARACTERS)
    return { fault: 'jti' }
  if (htm !== method) return { fault: 'htm' }
  if (typeof htu !== 'string' || !sameAddress(htu, url)) return { fault: 'htu' }
  if (typeof iat !== 'number' || !(Math.abs(now - iat) <= DPOP_SECONDS)) return { fault: 'iat' }
  if (token !== undefined && ath !== (await hashOf(token))) return { fault: 'ath' }
  if (jkt !== undefined && signed.jkt !== jkt) return { fault: 'key' }
  return { jkt: signed.jkt, jti, iat, nonce }
}

/** Reads a proof and verifies its signature with the key in its header. */
async function readSigned(
  proof: string,
): Promise<{ claims: Record<string, unknown>; jkt: string } | { fault: DpopFault }> {
  if (proof.length > DPOP_MAX_CHARACTERS || !COMPACT_JWT.test(proof)) return { fault: 'jwt' }
  const [first = '', second = ''] = proof.split('.')
  const [header, claims] = [jsonOf(first), jsonOf(second)]
  if (!header || !claims || 'crit' in header || 'b64' in header) return { fault: 'jwt' }
  const { typ, alg, jwk } = header
  if (typ !== 'dpop+jwt') return { fault: 'typ' }
  if (!DPOP_ALGORITHMS.some((known) => known === alg)) return { fault: 'alg' }
  const key = isRecord(jwk) && publicKeyOf(jwk)
  if (!key) return { fault: 'jwk' }
  try {
    await compactVerify(proof, await importJWK(key, `${alg}`))
    return { claims, jkt: await calculateJwkThumbprint(key) }
  } catch {
    return { fault: 'jwk' }
  }
}

/** Returns the members of a public key that its thumbprint covers. Returns undefined for a private key. */
function publicKeyOf({ kty, crv, x, y, ...rest }: Record<string, unknown>): JWK | undefined {
  if ('d' in rest || 'k' in rest) return undefined
  const members = kty === 'EC' ? { kty, crv, x, y } : { kty, crv, x }
  return Object.values(members).every((value) => typeof value === 'string')
    ? (members as JWK)
    : undefined
}

function jsonOf(part: string): Record<string, unknown> | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(base64url.decode(part))
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Returns the hash of a token that a proof names (RFC 9449, section 4.2). */
export async function hashOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
  return base64url.encode(new Uint8Array(digest))
}

/** Compares two addresses without query and fragment (RFC 9449, section 4.3; RFC 3986, sections 6.2.2 and 6.2.3). */
function sameAddress(said: string, own: string): boolean {
  const canParse = URL.canParse(said) && URL.canParse(own)
  return canParse && normalized(said) === normalized(own)
}

function normalized(address: string): string {
  const { origin, pathname } = new URL(address)
  const path = pathname.replace(/%[0-9a-f]{2}/gi, (escaped) => {
    const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
    return /[\w.~-]/.test(character) ? character : escaped.toUpperCase()
  })
  return origin + path
}
