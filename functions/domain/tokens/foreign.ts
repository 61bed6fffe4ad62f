// Verifies tokens that another party signed: the application's session tokens and its backend's assertions.
import { errors, type JWTVerifyGetKey, type JWTVerifyResult, jwtVerify } from 'jose'
import { CLOCK_TOLERANCE_SECONDS } from '../../../contract/index.ts'
import { Refused, refuse } from '../refusal.ts'

export { CLOCK_TOLERANCE_SECONDS }

/** Returns another party's key for a token. */
export interface ForeignKeys extends JWTVerifyGetKey {
  /** Fetches the keys again, unless a fetch was tried recently. */
  renew?: () => Promise<void>
}

/**
 * Verifies the signature, issuer, `exp`, `nbf` and `iat` of another party's token. If no cached key verifies it,
 * fetches the keys again: the issuer may have published a new key under a new or an old `kid`.
 *
 * @throws Refused `unauthenticated` for any fault, or `unavailable` from `keys`
 */
export function verifyForeign(
  token: string,
  issuer: string,
  algorithms: readonly string[],
  keys: ForeignKeys,
  now: number,
): Promise<JWTVerifyResult> {
  const verify = () =>
    jwtVerify(token, keys, {
      algorithms: [...algorithms],
      issuer,
      requiredClaims: ['exp', 'iss', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(now * 1000),
    })
  const verifyAgain = async (cause: unknown) => {
    if (!keys.renew || !isAboutKeys(cause)) throw cause
    await keys.renew()
    return verify()
  }
  return verify()
    .catch(verifyAgain)
    .then((verified) => {
      const { iat } = verified.payload
      if (iat !== undefined && iat > now + CLOCK_TOLERANCE_SECONDS)
        unauthenticated("The token's `iat` is in the future.")
      return verified
    }, explain)
}

const isAboutKeys = (cause: unknown): boolean =>
  cause instanceof errors.JWSSignatureVerificationFailed ||
  cause instanceof errors.JWKSNoMatchingKey

function explain(cause: unknown): never {
  if (cause instanceof Refused) throw cause
  if (cause instanceof errors.JWTExpired)
    unauthenticated('The session token has expired: sign in again.')
  if (cause instanceof errors.JWTClaimValidationFailed)
    unauthenticated(
      `The session token is not for this environment: \`${cause.claim}\` does not match.`,
    )
  unauthenticated('The session token could not be verified with the keys of its issuer.')
}

export function unauthenticated(message: string): never {
  refuse('unauthenticated', { message })
}
