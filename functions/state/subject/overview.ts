// Reads a user's ledger, and makes the changes of operators.
import {
  type FactorListResult,
  type PolicyDecision,
  RECOVERY_CODE_COUNT,
  type SubjectView,
} from '../../../contract/index.ts'
import { epochSeconds } from '../../clock.ts'
import type { Conditions, Facts } from '../../domain/conditions/condition.ts'
import {
  failuresSince,
  failuresToday,
  forgive,
  HOUR_SECONDS,
  MONTH_SECONDS,
  NO_ATTEMPTS,
  NOTHING_COUNTED,
  retryAt,
} from '../../domain/factors/throttle.ts'
import { totpKey } from '../../domain/factors/totp.ts'
import { parseFacts } from '../../domain/policy/facts.ts'
import type { Action, Possession } from '../../domain/policy/policy.ts'
import { effectiveAction } from '../../domain/policy/strengthen.ts'
import { type Answer, refuse } from '../../domain/refusal.ts'
import type { HeldCredential } from '../environment/credentials.ts'
import type { Started } from './enrollment.ts'
import { credentialOf, heldBy } from './factors.ts'
import type { Ledger, Who } from './ledger.ts'

/** The facts about a call without those about its user. */
export type CallFacts = Omit<Facts, 'subject'>

/** Returns an action with the rule in effect for one call, and what the user has. */
export function inEffect(
  ledger: Ledger,
  { who, action, call }: { who: Who; action: Action; call?: CallFacts | undefined },
  conditions?: Conditions,
): { action: Action; user: Possession } {
  const user = parseFacts(ledger.storedFacts(who.epoch), who.rpId, epochSeconds())
  if (!action.conditional) return { action, user }
  const known = call ?? { request: { time: epochSeconds() } }
  return { action: effectiveAction(action, { ...known, subject: user }, conditions).action, user }
}

/** A call that a rule in `observe` mode let through. */
export interface ObservedCall {
  who: Who
  action: string
  /** What the rule would have decided. */
  decision: PolicyDecision['decision']
}

/** Counts a call that a rule in `observe` mode let through. */
export function noteObserved(ledger: Ledger, { who, action, decision }: ObservedCall): object {
  const now = epochSeconds()
  const hour = Math.floor(now / HOUR_SECONDS) * HOUR_SECONDS
  return ledger.change(now, who, () => {
    ledger.history.tally({
      key: `observed:${action}:${hour}`,
      type: 'policy.observed',
      actor: 'subject',
      at: now,
      data: { action, decision, hour },
    })
    return {}
  })
}

function recoveryView(ledger: Ledger, { epoch }: Who) {
  const { remaining, total } = ledger.exists
    ? ledger.factors.countCodes(epoch)
    : { remaining: 0, total: 0 }
  return {
    remaining,
    total: total && RECOVERY_CODE_COUNT,
    acknowledged: ledger.exists && ledger.note('acknowledged'),
  }
}

export function list(ledger: Ledger, { who }: { who: Who }): Omit<FactorListResult, 'mustEnroll'> {
  const factors = ledger.exists ? ledger.factors.list(who.rpId) : []
  return {
    factors,
    enrolled: ledger.exists && ledger.note('enrolled'),
    recovery: recoveryView(ledger, who),
  }
}

/** Returns the user's passkeys for the options of a step-up. */
export function passkeys(ledger: Ledger, { who }: { who: Who }): Pick<Started, 'existing'> {
  const rows = ledger.exists ? ledger.factors.usablePasskeys(who.rpId) : []
  if (rows.length === 0)
    refuse('enrollment_required', {
      message: 'The user has no passkey to verify: enroll one first.',
    })
  const existing = rows.sort((a, b) => b.is_default - a.is_default).map(credentialOf)
  return {
    existing: existing.map(({ credentialId, transports }) => ({ credentialId, transports })),
  }
}

export function view(ledger: Ledger, { who }: { who: Who }): SubjectView {
  const now = epochSeconds()
  const attempts = ledger.exists ? ledger.note('attempts') : NO_ATTEMPTS
  const mayTryAt = retryAt(attempts, now)
  return {
    subject: who.subject,
    known: ledger.exists,
    ...list(ledger, { who }),
    pendingEnrollments: ledger.exists ? ledger.factors.countPending(now) : 0,
    attempts: {
      consecutiveFailures: attempts.consecutive,
      failuresLastDay: failuresToday(attempts, now).length,
      failuresLastMonth: failuresSince(attempts, now - MONTH_SECONDS).length,
      locked: attempts.locked,
      retryAt: mayTryAt > now ? mayTryAt : null,
    },
    liveTokens: ledger.exists ? ledger.tokens.countLive(now) : 0,
  }
}

export interface OperatorCall {
  who: Who
  operator: string
  reason?: string | undefined
}

const byOperator = ({ operator, reason }: OperatorCall, data: object) => ({
  actor: `operator:${operator}`,
  data: { ...data, ...(reason !== undefined && { reason }) },
})

/** Ends the wait, the count of the day and the lock of codes. */
export function unlock(ledger: Ledger, call: OperatorCall): Answer<object> {
  const now = epochSeconds()
  return ledger.change(now, call.who, () => {
    ledger.setNote('attempts', forgive(ledger.note('attempts'), now))
    ledger.setNote('passkeyFailures', NOTHING_COUNTED)
    ledger.setNote('passkeyFailuresBySession', [])
    ledger.history.append({ type: 'subject.unlocked', at: now, ...byOperator(call, {}) })
    return {}
  })
}

/** Removes every factor, code and pending enrollment, so that the user can enroll a first factor again. */
export function resetFactors(
  ledger: Ledger,
  call: OperatorCall,
): Answer<{ removed: number; endedTokens: number; released: HeldCredential[] }> {
  const now = epochSeconds()
  return ledger.change(now, call.who, () => {
    const rows = ledger.factors.confirmed()
    ledger.factors.removeAll()
    for (const row of rows) ledger.tokens.forgetKey(totpKey(row.id))
    ledger.setNote('enrolled', false)
    ledger.setNote('acknowledged', false)
    ledger.setNote('lastStepUpAt', 0)
    ledger.setNote('attempts', NO_ATTEMPTS)
    ledger.setNote('passkeyFailures', NOTHING_COUNTED)
    ledger.setNote('passkeyFailuresBySession', [])
    const endedTokens = ledger.tokens.endAll(now)
    ledger.history.append({
      type: 'subject.reset',
      at: now,
      ...byOperator(call, { removed: rows.length, endedTokens }),
    })
    return {
      removed: rows.length,
      endedTokens,
      released: heldBy(rows),
    }
  })
}

/** Ends every live token and every pending enrollment. */
export function endTokens(ledger: Ledger, call: OperatorCall): Answer<{ endedTokens: number }> {
  const now = epochSeconds()
  return ledger.change(now, call.who, () => {
    ledger.factors.endPending()
    const endedTokens = ledger.tokens.endAll(now)
    ledger.history.append({
      type: 'subject.tokens_ended',
      at: now,
      ...byOperator(call, { endedTokens }),
    })
    return { endedTokens }
  })
}
