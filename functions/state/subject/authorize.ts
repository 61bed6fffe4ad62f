// Authorizing an action: the rule is decided, and the token is checked against it and spent, in one go.
import { isChallenge, type Offered, type PolicyDecision } from '../../../contract/index.ts'
import { epochSeconds } from '../../clock.ts'
import type { Conditions } from '../../domain/conditions/condition.ts'
import { type Action, decide, observedBy, requirementOf } from '../../domain/policy/policy.ts'
import {
  type Answer,
  answering,
  type Refusal,
  Refused,
  refusal,
  refuse,
  unwrap,
} from '../../domain/refusal.ts'
import type { KeyProof } from '../../domain/tokens/dpop.ts'
import { checkUse, type OwnToken, type Terms, type Use } from '../../domain/tokens/token.ts'
import type { Ledger } from './ledger.ts'
import { type CallFacts, inEffect, noteObserved } from './overview.ts'
import { type ConsumeCall, noteRefusal, spendToken } from './spending.ts'

/** A verified token with the proof of its key, or the refusal of what was sent. */
export type Presented =
  | { token: OwnToken; key: Answer<{ dpop: KeyProof | undefined }> }
  | { refused: Refusal }

export interface AuthorizeCall
  extends Pick<ConsumeCall, 'who' | 'actor' | 'requestHash' | 'detailsHash'> {
  action: Action
  offered: Offered
  /** What conditions may read of the call. */
  call?: CallFacts | undefined
  use: Omit<Use, 'action'>
  terms: Pick<Terms, 'issuer' | 'mfaTokens'>
  /** Whether a token must be bound to details although the rule leaves that open. */
  requireDetails: boolean
  presented?: Presented | undefined
}

/** The action may run: by policy, or by a token that was spent. */
export type Authorized =
  | { by: 'policy'; decision: PolicyDecision; observed: boolean }
  | { by: 'token'; replayed: boolean }

/**
 * Decides an action and spends its token. A permit that needs no token spends none. A refusal carries the
 * requirement of the rule in effect, is recorded if a token of this user was presented, and spends nothing. The
 * request that spent a token gets its answer again for 60 seconds; everything else is decided again.
 */
export function authorize(
  ledger: Ledger,
  call: AuthorizeCall,
  conditions?: Conditions,
): Answer<Authorized> {
  const now = epochSeconds()
  const { who, offered, presented, requestHash } = call
  const token = presented && 'token' in presented ? presented.token : undefined
  if (token && ledger.exists && ledger.tokens.isRepeated(token.claims.jti, requestHash, now))
    return { by: 'token', replayed: true }
  const { action: decided, user } = inEffect(ledger, call, conditions)
  const action = call.requireDetails ? requiringDetails(decided) : decided
  const decision = decide(action, user, offered)
  const observed = observedBy(action, user, offered)
  if (observed) noteObserved(ledger, { who, action: action.action, decision: observed })
  if (decision.decision === 'permit')
    return { by: 'policy', decision, observed: observed !== undefined }
  const answer = answering((): Answer<Authorized> => {
    if (decision.decision === 'deny') refuse('denied')
    if (!presented) refuse('step_up_required')
    if ('refused' in presented) throw new Refused(presented.refused)
    if (!ledger.exists) refuse('token_revoked')
    return ledger.change(now, who, () => spend(ledger, { ...call, action }, presented, now))
  })
  if (!('refused' in answer)) return answer
  const { refused } = answer
  if (token?.claims.sub === who.subject) {
    const { jti } = token.claims
    const { reason } = refused
    noteRefusal(ledger, { who, jti, action: action.action, actor: call.actor, reason })
  }
  if (!isChallenge(refused.reason)) return answer
  const enrolls = refused.reason === 'step_up_required' && decision.decision === 'enroll'
  const reason = enrolls ? 'enrollment_required' : refused.reason
  const requirement = requirementOf(action, offered)
  return { refused: refusal(reason, { ...(reason === refused.reason && refused), requirement }) }
}

function spend(
  ledger: Ledger,
  { action, who, actor, offered, use, terms, detailsHash, requestHash }: AuthorizeCall,
  { token, key }: Exclude<Presented, { refused: Refusal }>,
  now: number,
): Authorized {
  // The Worker lets a token through that expired a moment ago, for a request that is repeated.
  if (token.claims.exp <= now) refuse('token_expired')
  checkUse(token, { ...use, action }, { ...terms, offered, now })
  const { dpop } = unwrap(key)
  const { replayed } = spendToken(
    ledger,
    {
      ...{ who, jti: token.claims.jti, action: action.action, actor, detailsHash, requestHash },
      requirement: requirementOf(action, offered),
      presented: { kind: token.kind, scope: action.scope },
      dpop,
    },
    now,
  )
  return { by: 'token', replayed }
}

/** What an API binds a call to is bound, also if the rule leaves that open. */
const requiringDetails = (action: Action): Action =>
  action.rule.details === 'optional'
    ? { ...action, rule: { ...action.rule, details: 'required' } }
    : action
