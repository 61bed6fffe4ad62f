// Signatures: ES256 over a compact JWT (RFC 7515, section 7.1; RFC 7518, section 3.4) and nothing else,
// verified by jose. What the claims say is not read.
import { compactVerify } from 'jose'
import { COMPACT_JWT, isRecord } from '../../contract/shared/wire.ts'
import { isText } from './shapes.ts'

const COMPACT_MAX_CHARACTERS = 8192
const COORDINATE = /^[A-Za-z0-9_-]{43}$/
const ALGORITHM = 'ES256'

/** A public key: only what makes it, so that nothing else can change what it is used for. */
interface PublicKey {
  kty: 'EC'
  crv: 'P-256'
  x: string
  y: string
}

/** Public keys by their `kid`. */
export type Keys = ReadonlyMap<string, PublicKey>

/** What was signed. */
export interface SignedToken {
  typ: unknown
  payload: Record<string, unknown>
}

/**
 * Picks the keys of a key set (RFC 7517) that may verify ES256; the others are passed over.
 *
 * @returns undefined where one of those is no key
 */
export function pickKeys(keySet: readonly Record<string, unknown>[]): Keys | undefined {
  const keys = new Map<string, PublicKey>()
  for (const { kty, crv, x, y, kid, use = 'sig', alg = ALGORITHM } of keySet) {
    if (kty !== 'EC' || crv !== 'P-256' || use !== 'sig' || alg !== ALGORITHM || !isText(kid))
      continue
    if (!COORDINATE.test(`${x}`) || !COORDINATE.test(`${y}`)) return undefined
    keys.set(kid, { kty, crv, x: `${x}`, y: `${y}` })
  }
  return keys
}

/**
 * Reads a compact JWT whose signature holds. Its header must be one that could be ours: a `kid`, and no
 * extension that would have to be understood (RFC 7515, section 4.1.11). Keys named or brought along
 * in the header (`jwk`, `jku`, `x5c`) are never looked at.
 *
 * @param keyOf the public key of a `kid`
 * @throws for anything else, also with padding or white space around it; and whatever `keyOf` throws
 */
export async function readSigned(
  token: string,
  keyOf: (kid: string) => Promise<PublicKey | undefined>,
): Promise<SignedToken> {
  if (token.length > COMPACT_MAX_CHARACTERS || !COMPACT_JWT.test(token)) throw new TypeError()
  const { payload, protectedHeader } = await compactVerify(
    token,
    async ({ kid, crit, b64 }) => {
      const key = isText(kid) && crit === undefined && b64 === undefined && (await keyOf(kid))
      if (!key) throw new TypeError()
      return key
    },
    { algorithms: [ALGORITHM] },
  )
  const claims: unknown = JSON.parse(new TextDecoder('utf-8', STRICT).decode(payload))
  if (!isRecord(claims)) throw new TypeError()
  return { typ: protectedHeader.typ, payload: claims }
}

const STRICT = { fatal: true, ignoreBOM: true }
