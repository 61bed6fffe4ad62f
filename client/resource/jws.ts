// Verifies the signature of a compact JWT (RFC 7515, section 7.1) with jose. Accepts only ES256 (RFC 7518,
// section 3.4). Does not check the claims.
import { compactVerify } from 'jose'
import { COMPACT_JWT, isRecord } from '../../contract/shared/wire.ts'
import { isText } from './shapes.ts'

const COMPACT_MAX_CHARACTERS = 8192
const COORDINATE = /^[A-Za-z0-9_-]{43}$/
const ALGORITHM = 'ES256'
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Public keys by their `kid`. */
export type Keys = ReadonlyMap<string, CryptoKey>

/** The type and the payload of a verified token. */
export interface SignedToken {
  typ: unknown
  payload: Record<string, unknown>
}

/**
 * Imports the keys of a key set (RFC 7517) that can verify ES256. Skips the others.
 *
 * @param keySet the member `keys`
 * @throws if it is no list of objects, or one of the ES256 keys is malformed
 */
export async function importKeys(keySet: unknown): Promise<Keys> {
  if (!Array.isArray(keySet) || !keySet.every(isRecord)) throw new TypeError()
  const keys = new Map<string, CryptoKey>()
  for (const { kty, crv, x, y, kid, use = 'sig', alg = ALGORITHM } of keySet) {
    if (kty !== 'EC' || crv !== 'P-256' || use !== 'sig' || alg !== ALGORITHM || !isText(kid))
      continue
    if (!COORDINATE.test(`${x}`) || !COORDINATE.test(`${y}`)) throw new TypeError()
    // Without the optional members of a JWK, which could change its use.
    const jwk = { kty, crv, x: `${x}`, y: `${y}` }
    const algorithm = { name: 'ECDSA', namedCurve: crv }
    keys.set(kid, await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['verify']))
  }
  return keys
}

/** Returns whether a text has the form of a token. A text with padding or white space has not. */
export const isCompact = (token: string): boolean =>
  token.length <= COMPACT_MAX_CHARACTERS && COMPACT_JWT.test(token)

/**
 * Reads a compact JWT and verifies its signature. The header must have a `kid` and no critical extension
 * (RFC 7515, section 4.1.11). Ignores keys in the header (`jwk`, `jku`, `x5c`).
 *
 * @param token a text for which `isCompact` is true
 * @throws for a token that no key verifies, or whose claims are no JSON object
 */
export async function readSigned(token: string, keys: Keys): Promise<SignedToken> {
  const { payload, protectedHeader } = await compactVerify(
    token,
    ({ kid = '', crit, b64 }) => {
      const key = crit === undefined && b64 === undefined && keys.get(kid)
      if (!key) throw new TypeError()
      return key
    },
    { algorithms: [ALGORITHM] },
  )
  const claims: unknown = JSON.parse(strictUtf8.decode(payload))
  if (!isRecord(claims)) throw new TypeError()
  return { typ: protectedHeader.typ, payload: claims }
}
