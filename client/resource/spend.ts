// Spending a token: everything that can be checked here, then the one call that makes it count. Whether
// a token is needed at all is decided before.
import type { VerifiedToken } from '../../contract/shared/token-use.ts'
import { isRecord } from '../../contract/shared/wire.ts'
import { refuse, unavailable } from './answers.ts'
import type { Keys } from './jws.ts'
import { type Kept, REFETCH_SECONDS } from './kept.ts'
import type { Rules } from './rules.ts'
import { LostReply, type Service } from './service.ts'
import type { GuardOptions } from './types.ts'
import { checkUse, type Use } from './use.ts'
import { verifyToken } from './verify.ts'

/** What a guard works with. */
export interface Workings {
  options: GuardOptions
  issuer: string
  now: () => number
  service: Service
  rules: Kept<Rules>
  keys: Kept<Keys>
}

/**
 * Checks a token here, and has it accepted there last, so that no refusal burns it.
 *
 * @returns its claims
 * @throws GuardRefusal why it is not good for this use
 */
export async function spend(
  workings: Workings,
  presented: string,
  use: Use,
): Promise<VerifiedToken['claims']> {
  const { rule, subject, sessionId, details } = use
  const { options, issuer, keys, now } = workings
  const token = await verifyToken(presented, keys, issuer, now)
  await checkEpoch(workings, token)
  checkUse(token, use, { issuer, audience: options.audience, now: now() })
  const { kind, claims } = token
  if (options.revocation === 'offline' && kind === 'elevated' && !claims.singleUse) return claims
  const answer = await consume(workings.service, {
    token: presented,
    subject,
    action: rule.action,
    sessionId,
    details: details?.sent,
    // This call's own: it makes a repetition of it the same use, and nobody else's.
    idempotencyKey: crypto.randomUUID(),
  })
  return isAcceptance(answer, claims)
    ? claims
    : unavailable('token.consume returned an unexpected response.')
}

/** All tokens of an earlier epoch are ended; one of a later epoch makes the kept rules too old. */
async function checkEpoch({ rules }: Workings, { claims }: VerifiedToken): Promise<void> {
  const known = await rules()
  const { epoch } = claims.epoch > known.epoch ? await rules(REFETCH_SECONDS) : known
  if (claims.epoch !== epoch) refuse('token_revoked')
}

/** Calls once more where the reply was lost. */
function consume(service: Service, input: object): Promise<unknown> {
  const call = () => service.call('token.consume', input)
  return call().catch((cause) => (cause instanceof LostReply ? call() : Promise.reject(cause)))
}

const isAcceptance = (answer: unknown, { jti, sub }: VerifiedToken['claims']): boolean =>
  isRecord(answer) &&
  answer.accepted === true &&
  isRecord(answer.claims) &&
  answer.claims.jti === jti &&
  answer.claims.sub === sub
