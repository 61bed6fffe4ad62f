// Verifies tokens that another party signed: the application's session tokens and its backend's assertions.
import { errors, type JWTVerifyGetKey, type JWTVerifyResult, jwtVerify } from 'jose'
import { Refused, refuse } from '../refusal.ts'

/** How far the clocks of others may be off. */
export const CLOCK_TOLERANCE_SECONDS = 30

/** Finds another party's key for a token. */
export interface ForeignKeys extends JWTVerifyGetKey {
  /** Fetches the keys again, unless that was tried lately. */
  renew?: () => Promise<void>
}

/**
 * Verifies signature, issuer, `exp`, `nbf` and `iat` of another party's token. Where no kept key verifies
 * it, the keys are fetched again first: an issuer may publish a new key under a new `kid` or an old one.
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
        unauthenticated('The token is from the future (`iat`).')
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
      `The session token is not for this environment: \`${cause.claim}\` does not fit.`,
    )
  unauthenticated('The session token could not be verified with the keys of its issuer.')
}

export function unauthenticated(message: string): never {
  refuse('unauthenticated', { message })
}
