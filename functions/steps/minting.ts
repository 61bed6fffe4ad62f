// Plans the tokens of a step-up before the user is verified, and signs them after the object has issued them.
import type { Details, ElevatedToken, MfaToken } from '../../contract/index.ts'
import type { SubjectCaller } from '../callers/subject.ts'
import { epochSeconds, random } from '../clock.ts'
import { newJti } from '../domain/names.ts'
import type { Grant } from '../domain/policy/grant.ts'
import { refuse } from '../domain/refusal.ts'
import type { KeyProof } from '../domain/tokens/dpop.ts'
import { claimsOf, type IssuedToken, type PlannedToken } from '../domain/tokens/issue.ts'
import { describeMfaToken, planMfaToken } from '../domain/tokens/legacy.ts'
import { type SigningKey, signToken } from '../domain/tokens/token.ts'

/** The planned tokens of a step-up: an elevated token, an MFA token, both, or neither. */
export interface Plan {
  /** Loaded before the factor is verified, so that without a key no code is used. */
  signingKey: SigningKey
  tokens: PlannedToken[]
  /** The details that the elevated token is bound to. */
  details?: Details
}

/**
 * Plans the tokens of a step-up.
 *
 * @param dpop the proof of the key that the tokens are bound to
 * @throws Refused `proof_required`, `forbidden` for an MFA token that the environment does not issue,
 *   `unavailable` if no key can sign
 */
export async function planTokens(
  { session, environment }: SubjectCaller,
  grant: Grant | undefined,
  mfaToken: { singleUse: boolean } | undefined,
  dpop: KeyProof | undefined,
): Promise<Plan> {
  const { issuer, settings, secrets } = environment
  const isBound = grant?.dpop || (mfaToken && settings.senderConstrained !== 'none')
  if (isBound && !dpop) refuse('proof_required')
  const jkt = dpop && { jkt: dpop.jkt }
  const tokens: PlannedToken[] = []
  if (grant) {
    const { acr: _acr, bound, dpop: _dpop, ...planned } = grant
    const detailsHash = bound && { detailsHash: bound.hash }
    tokens.push({ jti: newJti(random), kind: 'elevated', ...planned, ...detailsHash, ...jkt })
  }
  if (mfaToken) {
    const token = { ...mfaToken, jti: newJti(random), issuer }
    const planned = planMfaToken(settings.mfaTokens, token, session.expiresAt, epochSeconds())
    tokens.push({ ...planned, ...jkt })
  }
  const signingKey = await secrets().signingKey()
  return { signingKey, tokens, ...(grant?.bound && { details: grant.bound.claim }) }
}

/** Signs the tokens that the object issued. */
export async function mint(
  caller: SubjectCaller,
  { signingKey, details }: Plan,
  issued: IssuedToken[],
): Promise<{ elevatedToken?: ElevatedToken; mfaToken?: MfaToken }> {
  const answer: { elevatedToken?: ElevatedToken; mfaToken?: MfaToken } = {}
  for (const token of issued) {
    const signed = await signToken(claimsOf(token, recipientOf(caller), details), signingKey)
    if (token.kind === 'mfa') answer.mfaToken = describeMfaToken(signed, token)
    else answer.elevatedToken = describeElevatedToken(signed, token)
  }
  return answer
}

const describeElevatedToken = (
  token: string,
  { jti, audience, scopes, acr, singleUse, issuedAt, expiresAt, jkt }: IssuedToken,
): ElevatedToken => ({
  ...{ token, jti, audience, scopes, acr, tokenType: jkt ? 'DPoP' : 'Bearer' },
  ...{ singleUse, issuedAt, expiresAt },
})

const recipientOf = ({ environment, session }: SubjectCaller) => ({
  issuer: environment.issuer,
  subject: session.subject,
  clientId: session.clientId ?? environment.id,
  sessionId: session.sessionId,
  epoch: environment.epoch,
})
