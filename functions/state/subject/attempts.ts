// Attempts: counts each attempt before it is checked, and records failures. All kinds of codes share one counter.
// Passkey failures are counted for each session. Except failPasskey, all functions run in the caller's
// transaction.
import type { Method, Reason } from '../../../contract/index.ts'
import { epochSeconds } from '../../clock.ts'
import type { PasskeyFault } from '../../domain/factors/passkey.ts'
import {
  attemptsLeft,
  barredBy,
  CHANGES_PER_SESSION,
  CHANGES_PER_USER,
  countFailure,
  countInSession,
  countWithin,
  PASSKEY_FAILURES_PER_SESSION,
  PASSKEY_FAILURES_PER_USER,
  takeBack,
  takeBackInSession,
  takeBackWithin,
} from '../../domain/factors/throttle.ts'
import { type Refusal, refusal, refuse } from '../../domain/refusal.ts'
import type { Ledger, Who } from './ledger.ts'

/** The result of a tried code: `right` with its proof or value, or `wrong` with the reason. */
export type Tried<T> =
  | { right: T }
  | { wrong: Extract<Reason, 'invalid_code' | 'code_already_used'> }

/**
 * Tries a code inside a transaction. Refuses it during a wait or a lock. Otherwise counts a failure, checks the
 * code, and undoes the count for a correct code.
 *
 * @param failed the event that records a failure
 * @param steppedUp true if a correct code also resets the consecutive failures
 */
export function tryCode<T>(
  ledger: Ledger,
  now: number,
  failed: { type: string; data: Record<string, unknown> },
  steppedUp: boolean,
  check: () => Tried<T>,
): T | { refused: Refusal } {
  const before = ledger.note('attempts')
  const barred = barredBy(before, now)
  if (barred) {
    ledger.history.tally({
      key: `barred:${barred.reason}`,
      type: 'attempts.refused',
      actor: 'subject',
      at: now,
      data: { reason: barred.reason },
    })
    return { refused: barred }
  }
  const counted = countFailure(before, now)
  ledger.setNote('attempts', counted)
  const tried = check()
  if ('right' in tried) {
    ledger.setNote('attempts', takeBack(counted, now, steppedUp))
    return tried.right
  }
  const data = { ...failed.data, reason: tried.wrong, ...(counted.locked && { locked: true }) }
  ledger.history.append({ type: failed.type, actor: 'subject', at: now, data })
  const { retryAfterSeconds } = barredBy(counted, now) ?? {}
  const wait = retryAfterSeconds !== undefined && { retryAfterSeconds }
  return { refused: refusal(tried.wrong, { attemptsLeft: attemptsLeft(counted, now), ...wait }) }
}

/** An attempt that the Worker refused before the object checked anything. */
export interface FailedAttempt {
  type: 'step_up.failed' | 'factor.confirm_failed'
  method: Method
  reason: Reason
}

/** Counts such an attempt outside the chain, because a session can make any number of them. */
export function tallyAttempt(
  ledger: Ledger,
  { type, method, reason }: FailedAttempt,
  now: number,
): void {
  const key = `attempt:${type}:${method}:${reason}`
  ledger.history.tally({ key, type, actor: 'subject', at: now, data: { method, reason } })
}

/** A passkey attempt that was counted as a failure in advance. */
export interface PasskeyAttempt {
  type: FailedAttempt['type']
  session: string
  /** True if the user's sessions together failed too often. Then a failure writes no event of its own. */
  flooded: boolean
}

/**
 * Counts a passkey attempt as a failure in advance. Refuses a session that failed too often. The user's other
 * sessions are not affected.
 *
 * @param session the `key` of the session
 */
export function countPasskey(
  ledger: Ledger,
  type: FailedAttempt['type'],
  session: string,
  now: number,
): PasskeyAttempt | { refused: Refusal } {
  const windows = countInSession(
    ledger.note('passkeyFailuresBySession'),
    session,
    PASSKEY_FAILURES_PER_SESSION,
    now,
  )
  if ('refused' in windows) return refusePasskey(ledger, windows.refused, now)
  ledger.setNote('passkeyFailuresBySession', windows)
  const all = countWithin(ledger.note('passkeyFailures'), PASSKEY_FAILURES_PER_USER, now)
  const flooded = 'refused' in all
  if (!flooded) ledger.setNote('passkeyFailures', all)
  return { type, session, flooded }
}

/** Refuses a passkey attempt, and counts the refusal outside the chain. */
export function refusePasskey(ledger: Ledger, refused: Refusal, now: number): { refused: Refusal } {
  ledger.history.tally({
    key: 'barred:passkey',
    type: 'attempts.refused',
    actor: 'subject',
    at: now,
    data: { reason: 'rate_limited', method: 'passkey' },
  })
  return { refused }
}

export function takeBackPasskey(ledger: Ledger, { session, flooded }: PasskeyAttempt): void {
  const windows = takeBackInSession(ledger.note('passkeyFailuresBySession'), session)
  ledger.setNote('passkeyFailuresBySession', windows)
  if (!flooded) ledger.setNote('passkeyFailures', takeBackWithin(ledger.note('passkeyFailures')))
}

/** Records the fault of a failed ceremony. The caller gets only `passkey_rejected` or `challenge_used`. */
export const failPasskey = (
  ledger: Ledger,
  who: Who,
  attempt: PasskeyAttempt,
  fault: PasskeyFault,
  factorId?: string,
): { refused: Refusal } => {
  const now = epochSeconds()
  return ledger.change<never>(now, who, () => recordFault(ledger, attempt, fault, now, factorId))
}

export function recordFault(
  ledger: Ledger,
  { type, flooded }: PasskeyAttempt,
  fault: PasskeyFault | 'challenge_used',
  now: number,
  factorId?: string,
): { refused: Refusal } {
  const reason = fault === 'challenge_used' ? fault : 'passkey_rejected'
  if (flooded) return refusePasskey(ledger, refusal(reason), now)
  const data = {
    method: 'passkey',
    reason,
    ...(reason !== fault && { fault }),
    ...(factorId && { factorId }),
  }
  ledger.history.append({ type, actor: 'subject', at: now, data })
  return { refused: refusal(reason) }
}

/** Counts a change that needs no token but writes an event. */
export function countSessionChange(ledger: Ledger, session: string, now: number): void {
  const windows = countInSession(ledger.note('changesBySession'), session, CHANGES_PER_SESSION, now)
  if ('refused' in windows) refuse('rate_limited', windows.refused)
  const all = countWithin(ledger.note('sessionChanges'), CHANGES_PER_USER, now)
  if ('refused' in all) refuse('rate_limited', all.refused)
  ledger.setNote('changesBySession', windows)
  ledger.setNote('sessionChanges', all)
}
