// Tokens after they were minted: consumed by a resource, introspected, revoked, refused.
import type { Acr, Reason, Requirement } from '../../../contract/index.ts'
import { epochSeconds } from '../../clock.ts'
import { type Answer, refuse } from '../../domain/refusal.ts'
import { type FailedAttempt, tallyAttempt } from './attempts.ts'
import type { Ledger, Who } from './ledger.ts'
import type { TokenRow } from './tokens.ts'

export interface TokenCall {
  who: Who
  jti: string
}

export interface ConsumeCall extends TokenCall {
  /** What the action's rule asks for now: a rule for passkeys is not met by a code. */
  requirement: Requirement
  action: string
  presented: Presented
  /** Who asks, for the history: `resource:<id>`, or `operator:<name>` for a change of theirs. */
  actor: string
  detailsHash?: string | undefined
  /** Identifies the request, so that a repeated one gets the same answer; null without an idempotency key. */
  requestHash: string | null
}

/**
 * Spends a single-use token once, or lets a reusable one through while it lives.
 * A refusal is counted beside the chain and burns nothing.
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
 * @throws Refused `token_revoked`, `token_expired`, `token_used`, `token_invalid`, `step_up_required`
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
    if (!replayed) ledger.history.append(used)
    return { replayed }
  }
  const first = ledger.tokens.claim({ key: `token:${jti}`, expiresAt: row.expires_at }, now)
  if (first) ledger.history.append(used)
  else
    ledger.history.tally({ ...used, type: 'token.consumed_again', key: `again:${jti}:${action}` })
  return { replayed: false }
}

export interface RefusedTokenCall extends TokenCall {
  action: string
  /** Who presented it: `subject`, `resource:<id>` or `operator:<name>`. */
  actor: string
  reason: Reason
}

/** Counts that an authentic token was presented where it is not good. */
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

/** Counts an attempt that was refused before the object had anything to check. */
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

/** Whether a token would still be accepted (RFC 7662, section 2.2). */
export function isActive(ledger: Ledger, { jti }: Pick<TokenCall, 'jti'>): boolean {
  const row = ledger.exists ? ledger.tokens.find(jti) : undefined
  if (!row || row.ended_at !== null || row.expires_at <= epochSeconds()) return false
  return row.single_use === 0 || !ledger.tokens.wasSpent(jti)
}

/** Ends a token; one that is unknown or ended already is no error (RFC 7009, section 2.2). */
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

/** A verified token of ours that a change of factors uses up. */
export interface Spend {
  jti: string
  acr: Acr
  /** The scope of the change. */
  scope: string
}

/** What lets a change of factors happen: its token, or what to say for want of one. */
export interface Gate {
  spend?: Spend | undefined
  requirement: Requirement
}

/** Uses up the single-use token of a change, in the change's own transaction. */
export function spendOwn(ledger: Ledger, { spend, requirement }: Gate, now: number): TokenRow {
  if (!spend) refuse('step_up_required', { requirement })
  const row = ledger.tokens.live(spend.jti, now)
  checkIssuedFor(row, { kind: 'elevated', scope: spend.scope })
  if (!requirement.methods.includes(row.method)) refuse('step_up_required', { requirement })
  ledger.tokens.spend(row, now, null)
  return row
}

/** What a token is presented as: its kind, and the scope that its use needs. */
export interface Presented {
  kind: TokenRow['kind']
  scope: string
}

/** Compares with what was issued: a signature by a stolen key makes no other token of a row. */
function checkIssuedFor(row: TokenRow, { kind, scope }: Presented): void {
  const scoped = kind === 'mfa' || row.scope.split(' ').includes(scope)
  if (row.kind !== kind || !scoped) refuse('token_invalid')
}
