// Tokens of ours that a caller presents: verified, and the terms on which an environment accepts them.
import { epochSeconds } from '../clock.ts'
import { type OwnToken, verifyOwnToken } from '../domain/tokens/token.ts'
import type { LiveEnvironment } from '../edge/environment.ts'

/**
 * Verifies a token of an environment. Whether it was used or revoked is not known here.
 *
 * @param graceSeconds how long after its end it is still read, for a request that is repeated
 * @throws Refused `token_expired`, `token_revoked` (an earlier epoch), `token_invalid`
 */
export const readToken = (
  { keySet, issuer, epoch }: LiveEnvironment,
  token: string,
  graceSeconds = 0,
): Promise<OwnToken> =>
  verifyOwnToken(token, keySet, { issuer, epoch, now: epochSeconds() - graceSeconds })

export const termsOf = ({ issuer, offered, settings }: LiveEnvironment) => ({
  issuer,
  offered,
  mfaTokens: settings.mfaTokens,
  now: epochSeconds(),
})
