// Verifies that Countersign issued a token: signature, type, issuer, expiry and claims. use.ts checks whether
// the token is valid for a call. Only Countersign knows whether it was used or revoked.
import type { ElevatedClaims, MfaClaims } from '../../contract/index.ts'
import type { VerifiedToken } from '../../contract/shared/token-use.ts'
import { isRecord, JTI, LAST_TOKEN_SECOND } from '../../contract/shared/wire.ts'
import { refuse, unavailable } from './answers.ts'
import { importKeys, isCompact, type Keys, readSigned } from './jws.ts'
import { KEYS_REFETCH_SECONDS, type Kept } from './kept.ts'
import { fits, isAcr, isCount, isFlag, isText, optional } from './shapes.ts'

const isDate = (value: unknown): boolean => isCount(value) && value <= LAST_TOKEN_SECOND
const shared = {
  iss: isText,
  sub: isText,
  aud: isText,
  client_id: isText,
  sid: optional(isText),
  jti: (value: unknown) => isText(value) && JTI.test(value),
  iat: isDate,
  exp: isDate,
  auth_time: isDate,
  amr: (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(isText),
  acr: isAcr,
  singleUse: isFlag,
  epoch: isCount,
  cnf: optional((value) => isRecord(value) && isText(value.jkt)),
}
const isMfaClaims = fits<MfaClaims>(shared)
const isElevatedClaims = fits<ElevatedClaims>({
  ...shared,
  scope: isText,
  authorization_details: optional(
    (value) => Array.isArray(value) && value.length === 1 && isRecord(value[0]),
  ),
})

/**
 * Imports a key set.
 *
 * @throws GuardRefusal `unavailable` for a document that is no key set, or has a malformed key
 */
export const readKeys = (document: unknown): Promise<Keys> =>
  importKeys(isRecord(document) && document.keys).catch((cause) =>
    unavailable('Countersign returned an unexpected key set.', cause),
  )

/**
 * Verifies that Countersign issued a token (RFC 8725, sections 3.1 to 3.12). Allows no clock tolerance.
 *
 * @param keys returns the published keys; if none of them verifies the token, they may be fetched again,
 *   because the issuer may have published a new key under a new or an old `kid`
 * @param now returns epoch seconds; called after the keys were fetched
 * @throws GuardRefusal `token_expired`, or `token_invalid` for any other fault; the error of `keys`
 */
export async function verifyToken(
  token: string,
  keys: Kept<Keys>,
  issuer: string,
  now: () => number,
): Promise<VerifiedToken> {
  if (!isCompact(token)) refuse('token_invalid')
  const read = async (wishedAgeSeconds?: number) =>
    readSigned(token, await keys(wishedAgeSeconds)).catch(() => undefined)
  const signed = (await read()) ?? (await read(KEYS_REFETCH_SECONDS))
  const verified = (signed && readClaims(signed.typ, signed.payload)) ?? refuse('token_invalid')
  if (verified.claims.iss !== issuer) refuse('token_invalid')
  if (verified.claims.exp <= now()) refuse('token_expired')
  return verified
}

function readClaims(type: unknown, payload: object): VerifiedToken | undefined {
  if (type === 'at+jwt' && isElevatedClaims(payload)) return { kind: 'elevated', claims: payload }
  const scopeless = !('scope' in payload) && !('authorization_details' in payload)
  return type === 'mfa+jwt' && scopeless && isMfaClaims(payload)
    ? { kind: 'mfa', claims: payload }
    : undefined
}
