// Signatures: ES256 over a compact JWT (RFC 7515, section 7.1; RFC 7518, section 3.4) and nothing else,
// with the runtime's own cryptography: one algorithm needs no library. What the claims say is not read.
import { isRecord, isText } from './shapes.ts'

const COMPACT_JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
const COMPACT_MAX_CHARACTERS = 8192
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' }
const SIGNATURE_BYTES = 64

/** Public keys by their `kid`, ready to verify. */
export type Keys = ReadonlyMap<string, CryptoKey>

/** A token that was taken apart; nothing of it is to be believed before `isSigned`. */
export interface CompactJws {
  kid: string
  typ: unknown
  payload: Record<string, unknown>
  signed: string
  signature: Uint8Array<ArrayBuffer>
}

/**
 * Imports the keys of a key set (RFC 7517) that may verify ES256; the others are passed over.
 *
 * @throws whatever the runtime throws at a key that is none
 */
export async function importKeys(keySet: readonly Record<string, unknown>[]): Promise<Keys> {
  const fitting = keySet.filter(
    ({ kty, crv, kid, use = 'sig', alg = 'ES256' }) =>
      kty === 'EC' && crv === 'P-256' && use === 'sig' && alg === 'ES256' && isText(kid),
  )
  const imported = fitting.map(async ({ kty, crv, x, y, kid }) => {
    // Only what makes the public key: whatever else stands there cannot change what it is used for.
    const jwk = { kty, crv, x, y } as JsonWebKey
    return [
      String(kid),
      await crypto.subtle.importKey('jwk', jwk, CURVE, false, ['verify']),
    ] as const
  })
  return new Map(await Promise.all(imported))
}

/**
 * Takes a compact JWT apart, if its header is one that could be ours: `alg` ES256, a `kid`, and no
 * extension that would have to be understood (RFC 7515, section 4.1.11). Keys named or brought along
 * in the header (`jwk`, `jku`, `x5c`) are never looked at.
 *
 * @returns undefined for anything else, also with padding or white space around it
 */
export function parseCompact(token: string): CompactJws | undefined {
  if (token.length > COMPACT_MAX_CHARACTERS || !COMPACT_JWT.test(token)) return undefined
  const [head = '', body = '', tail = ''] = token.split('.')
  try {
    const [header, payload, signature] = [readJson(head), readJson(body), decode(tail)]
    if (!isRecord(header) || !isRecord(payload)) return undefined
    const { alg, kid, typ } = header
    if (alg !== 'ES256' || !isText(kid) || 'crit' in header || 'b64' in header) return undefined
    if (signature.length !== SIGNATURE_BYTES) return undefined
    return { kid, typ, payload, signed: `${head}.${body}`, signature }
  } catch {
    return undefined
  }
}

/** Whether a key signed a token. */
export const isSigned = ({ signed, signature }: CompactJws, key: CryptoKey): Promise<boolean> =>
  crypto.subtle.verify(SIGNATURE, key, signature, new TextEncoder().encode(signed))

const decode = (base64Url: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64Url.replace(/-/g, '+').replace(/_/g, '/')), (byte) =>
    byte.charCodeAt(0),
  )

const readJson = (base64Url: string): unknown =>
  JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(decode(base64Url)))
