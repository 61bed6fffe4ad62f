// Authorizing an action: the rule is decided, and the token is checked against it and spent, in one go.
import { isChallenge, type Offered, type PolicyDecision } from '../../../contract/index.ts'
import { epochSeconds } from '../../clock.ts'
import type { Conditions } from '../../domain/conditions/condition.ts'
import { type Action, requirementOf } from '../../domain/policy/policy.ts'
import { type Answer, answering, type Refusal, Refused, refuse } from '../../domain/refusal.ts'
import { checkUse, type OwnToken, type Terms, type Use } from '../../domain/tokens/token.ts'
import type { Ledger } from './ledger.ts'
import { type CallFacts, inEffect, settle } from './overview.ts'
import { type ConsumeCall, noteRefusal, spendToken } from './spending.ts'

/** A verified token, or why the one that was sent is not good for anything. */
export type Presented = { token: OwnToken } | { refused: Refusal }

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
  | { by: 'policy'; replayed: boolean; decision: PolicyDecision; observed: boolean }
  | { by: 'token'; replayed: boolean }

const NEEDED = { step_up: 'step_up_required', enroll: 'enrollment_required' } as const

/**
 * Decides an action and spends its token. A permit that needs no token spends none. A refusal carries the
 * requirement of the rule in effect, is recorded if a token of this user was presented, and spends nothing.
 */
export function authorize(
  ledger: Ledger,
  call: AuthorizeCall,
  conditions?: Conditions,
): Answer<Authorized> {
  const now = epochSeconds()
  const kept = keptAnswer(ledger, call, now)
  if (kept) return kept
  const { who, offered, presented } = call
  const { action: decided, user } = inEffect(ledger, call, conditions)
  const action = call.requireDetails ? requiringDetails(decided) : decided
  const { decision, observed } = settle(ledger, who, action, user, offered)
  if (decision.decision === 'permit')
    return keepPermit(ledger, call, { by: 'policy', replayed: false, decision, observed }, now)
  const requirement = requirementOf(action, offered)
  const answer = answering((): Answer<Authorized> => {
    if (decision.decision === 'deny') refuse('denied')
    if (!presented) refuse(NEEDED[decision.decision as keyof typeof NEEDED])
    if ('refused' in presented) throw new Refused(presented.refused)
    if (!ledger.exists) refuse('token_revoked')
    return ledger.change(now, who, () => spend(ledger, { ...call, action }, presented.token, now))
  })
  if (!('refused' in answer)) return answer
  const { refused } = answer
  if (presented && 'token' in presented && presented.token.claims.sub === who.subject) {
    const { jti } = presented.token.claims
    const { reason } = refused
    noteRefusal(ledger, { who, jti, action: action.action, actor: call.actor, reason })
  }
  return { refused: isChallenge(refused.reason) ? { ...refused, requirement } : refused }
}

function spend(
  ledger: Ledger,
  { action, who, actor, offered, use, terms, detailsHash, requestHash }: AuthorizeCall,
  token: OwnToken,
  now: number,
): Authorized {
  checkUse(token, { ...use, action }, { ...terms, offered, now })
  const { replayed } = spendToken(
    ledger,
    {
      ...{ who, jti: token.claims.jti, action: action.action, actor, detailsHash },
      ...{ requirement: requirementOf(action, offered), requestHash: null },
      presented: { kind: token.kind, scope: action.scope },
    },
    now,
  )
  if (requestHash !== null) ledger.tokens.keepAnswer(requestHash, { by: 'token' }, now)
  return { by: 'token', replayed }
}

/** What an API binds a call to is bound, also if the rule leaves that open. */
const requiringDetails = (action: Action): Action =>
  action.rule.details === 'optional'
    ? { ...action, rule: { ...action.rule, details: 'required' } }
    : action

function keptAnswer(
  ledger: Ledger,
  { requestHash }: AuthorizeCall,
  now: number,
): Authorized | undefined {
  if (requestHash === null || !ledger.exists) return undefined
  const kept = ledger.tokens.keptAnswer(requestHash, now) as Authorized | undefined
  return kept && { ...kept, replayed: true }
}

/** Keeps a permit for a repeated request; a user who never came leaves no trace. */
function keepPermit(
  ledger: Ledger,
  { who, requestHash }: AuthorizeCall,
  permit: Authorized,
  now: number,
): Answer<Authorized> {
  if (requestHash === null || !ledger.exists) return permit
  return ledger.change(now, who, () => {
    ledger.tokens.keepAnswer(requestHash, permit, now)
    return permit
  })
}
