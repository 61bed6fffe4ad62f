// Consumes a token: checks everything that can be checked offline, then calls Countersign once.
import type { PresentedDpop } from '../../contract/index.ts'
import type { VerifiedToken } from '../../contract/shared/token-use.ts'
import { isRecord } from '../../contract/shared/wire.ts'
import { refuse, unavailable } from './answers.ts'
import type { Keys } from './jws.ts'
import { type Kept, REFETCH_SECONDS } from './kept.ts'
import type { Rules } from './rules.ts'
import { LostReply, type Service } from './service.ts'
import type { GuardedCall, GuardOptions } from './types.ts'
import { checkUse, type Use } from './use.ts'
import { verifyToken } from './verify.ts'

/** The options, caches and connection of a guard. */
export interface Workings {
  options: GuardOptions
  issuer: string
  now: () => number
  service: Service
  rules: Kept<Rules>
  keys: Kept<Keys>
}

/**
 * Checks a token and then consumes it at Countersign. A token that fails a check is not consumed.
 *
 * @returns the claims of the token
 * @throws GuardRefusal with the reason why the token is not valid for this use
 */
export async function spend(
  workings: Workings,
  presented: string,
  use: Use & Pick<GuardedCall, 'headers' | 'request'>,
): Promise<VerifiedToken['claims']> {
  const { rule, subject, sessionId, details } = use
  const { options, issuer, keys, now, service } = workings
  const token = await verifyToken(presented, keys, issuer, now)
  await checkEpoch(workings, token)
  checkUse(token, use, { issuer, audience: options.audience, now: now() })
  const { kind, claims } = token
  const { cnf } = claims
  if (options.revocation === 'offline' && kind === 'elevated' && !claims.singleUse)
    // Without a call, nobody would claim the proof of a bound token.
    return cnf ? refuse('token_invalid') : claims
  const send = (dpop?: PresentedDpop) =>
    consume(service, {
      token: presented,
      subject,
      action: rule.action,
      sessionId,
      details: details?.sent,
      dpop,
      // With this key, a retry of this call counts as the same use.
      idempotencyKey: crypto.randomUUID(),
    })
  const answer = await (cnf
    ? // A guard without `dpop` takes no token that is bound to a key (RFC 9449).
      (options.dpop?.({ ...use, presented, cnf, now }, send) ?? refuse('token_invalid'))
    : send())
  return isAcceptance(answer, claims)
    ? claims
    : unavailable('token.consume returned an unexpected response.')
}

/** Refuses tokens of an earlier epoch. A token of a later epoch means that the cached rules are too old. */
async function checkEpoch({ rules }: Workings, { claims }: VerifiedToken): Promise<void> {
  const known = await rules()
  const { epoch } = claims.epoch > known.epoch ? await rules(REFETCH_SECONDS) : known
  if (claims.epoch !== epoch) refuse('token_revoked')
}

/** Consumes the token. Calls once more if the reply was lost. */
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
