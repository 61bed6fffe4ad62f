// The use of issued tokens: consumes, introspects and revokes them, and records refusals.
import type { Acr, Reason, Requirement } from '../../../contract/index.ts'
import { epochSeconds } from '../../clock.ts'
import { type Answer, refuse } from '../../domain/refusal.ts'
import type { KeyProof } from '../../domain/tokens/dpop.ts'
import { type FailedAttempt, tallyAttempt } from './attempts.ts'
import type { Ledger, Who } from './ledger.ts'
import type { TokenRow } from './tokens.ts'

export interface TokenCall {
  who: Who
  jti: string
}

export interface ConsumeCall extends TokenCall {
  /** The current requirement of the action. A code does not meet a rule for passkeys. */
  requirement: Requirement
  action: string
  presented: Presented
  /** The caller, for the history: `resource:<id>`, or `operator:<name>` for an operator's change. */
  actor: string
  detailsHash?: string | undefined
  /** The verified proof of the key that the token is bound to. */
  dpop?: KeyProof | undefined
  /** Identifies the request, so that a repeated one gets the same result; null without an idempotency key. */
  requestHash: string | null
}

/**
 * Consumes a single-use token once, or accepts a reusable token until it expires. A refusal does not consume the
 * token, and is counted outside the chain.
 */
export function consume(ledger: Ledger, call: ConsumeCall): Answer<{ replayed: boolean }> {
  const now = epochSeconds()
  if (!ledger.exists) refuse('token_revoked')
  const answer = ledger.change(now, call.who, () => spendToken(ledger, call, now))
  if ('refused' in answer) noteRefusal(ledger, { ...call, reason: answer.refused.reason })
  return answer
}

/**
 * Spends a token in the caller's transaction: a single-use one once, a reusable one as long as it lives.
 *
 * @throws Refused `token_revoked`, `token_expired`, `token_used`, `token_invalid`, `step_up_required`,
 *   `proof_required`, `proof_invalid`, `proof_used`
 */
export function spendToken(ledger: Ledger, call: ConsumeCall, now: number): { replayed: boolean } {
  const row = ledger.tokens.live(call.jti, now)
  checkIssuedFor(row, call.presented)
  if (!call.requirement.methods.includes(row.method)) {
    refuse('step_up_required', { requirement: call.requirement })
  }
  const { jti, action, actor, detailsHash } = call
  const data = { jti, action, method: row.method, ...(detailsHash && { detailsHash }) }
  const used = { type: 'token.consumed', actor, at: now, data }
  if (row.single_use) {
    const { replayed } = ledger.tokens.spend(row, now, call.requestHash)
    if (!replayed) ledger.tokens.spendKeyProof(row, call.dpop, now, null)
    if (!replayed) ledger.history.append(used)
    return { replayed }
  }
  const { replayed } = ledger.tokens.spendKeyProof(row, call.dpop, now, call.requestHash)
  if (replayed) return { replayed }
  const first = ledger.tokens.claim({ key: `token:${jti}`, expiresAt: row.expires_at }, now)
  if (first) ledger.history.append(used)
  else
    ledger.history.tally({ ...used, type: 'token.consumed_again', key: `again:${jti}:${action}` })
  return { replayed }
}

export interface RefusedTokenCall extends TokenCall {
  action: string
  /** The caller who presented the token: `subject`, `resource:<id>` or `operator:<name>`. */
  actor: string
  reason: Reason
}

/** Counts the refusal of an authentic token for a use that it is not valid for. */
export function noteRefusal(ledger: Ledger, call: RefusedTokenCall): object {
  const now = epochSeconds()
  if (!ledger.exists) return {}
  const { jti, action, actor, reason } = call
  return ledger.change(now, call.who, () => {
    const data = { jti, action, reason }
    ledger.history.tally({
      key: `refused:${jti}:${reason}`,
      type: 'token.refused',
      actor,
      at: now,
      data,
    })
    return {}
  })
}

/** Counts an attempt that the Worker refused before the object checked anything. */
export function noteAttempt(
  ledger: Ledger,
  { who, ...failed }: FailedAttempt & { who: Who },
): object {
  const now = epochSeconds()
  if (!ledger.exists) return {}
  return ledger.change(now, who, () => {
    tallyAttempt(ledger, failed, now)
    return {}
  })
}

/** Returns whether a token would still be accepted (RFC 7662, section 2.2). */
export function isActive(ledger: Ledger, { jti }: Pick<TokenCall, 'jti'>): boolean {
  const row = ledger.exists ? ledger.tokens.find(jti) : undefined
  if (!row || row.ended_at !== null || row.expires_at <= epochSeconds()) return false
  return row.single_use === 0 || !ledger.tokens.wasSpent(jti)
}

/** Ends a token. It is not an error if the token is unknown or has ended already (RFC 7009, section 2.2). */
export function revoke(ledger: Ledger, { who, jti, actor }: TokenCall & { actor: string }): object {
  const now = epochSeconds()
  if (!ledger.exists) return {}
  return ledger.change(now, who, () => {
    if (ledger.tokens.end(jti, now)) {
      ledger.history.append({ type: 'token.revoked', actor, at: now, data: { jti } })
    }
    return {}
  })
}

/** A verified token that a change of factors consumes. */
export interface Spend {
  jti: string
  acr: Acr
  /** The scope of the change. */
  scope: string
  dpop?: KeyProof | undefined
}

/** The gate of a change of factors: its token, if one was sent, and the requirement for the token. */
export interface Gate {
  spend?: Spend | undefined
  requirement: Requirement
}

/** Consumes the single-use token of a change, in the transaction of the change. */
export function spendOwn(ledger: Ledger, { spend, requirement }: Gate, now: number): TokenRow {
  if (!spend) refuse('step_up_required', { requirement })
  const row = ledger.tokens.live(spend.jti, now)
  checkIssuedFor(row, { kind: 'elevated', scope: spend.scope })
  if (!requirement.methods.includes(row.method)) refuse('step_up_required', { requirement })
  ledger.tokens.spend(row, now, null)
  ledger.tokens.spendKeyProof(row, spend.dpop, now, null)
  return row
}

/** The kind of a presented token, and the scope that its use needs. */
export interface Presented {
  kind: TokenRow['kind']
  scope: string
}

/** Makes sure that a token is used only as it was issued, so that a stolen signing key cannot change its scope. */
function checkIssuedFor(row: TokenRow, { kind, scope }: Presented): void {
  const scoped = kind === 'mfa' || row.scope.split(' ').includes(scope)
  if (row.kind !== kind || !scoped) refuse('token_invalid')
}
