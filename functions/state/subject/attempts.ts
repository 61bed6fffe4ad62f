// Attempts: what is counted before it is checked, and recorded when it fails. Codes share one throttle;
// passkey failures are counted for each session. Always in the caller's transaction, but for failPasskey.
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

/** A code that was tried: right, with the proof or value that it gives; or wrong, with the reason. */
export type Tried<T> =
  | { right: T }
  | { wrong: Extract<Reason, 'invalid_code' | 'code_already_used'> }

/**
 * Tries a code under the throttle, inside a transaction: refused while one waits or is locked,
 * counted as a failure, checked, and taken back when it was right.
 *
 * @param failed the event that records a failure
 * @param steppedUp whether being right also ends the row of failures
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

/** An attempt that was refused before the object had anything to check. */
export interface FailedAttempt {
  type: 'step_up.failed' | 'factor.confirm_failed'
  method: Method
  reason: Reason
}

/** Counts such an attempt beside the chain: a session can make any number of them. */
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
  /** Whether the user's sessions together failed too often: then a failure writes no event. */
  flooded: boolean
}

/**
 * Counts a passkey attempt as a failure in advance. A session that fails too often is refused, and the
 * user's other sessions are not.
 *
 * @param session what `Session.key` says
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

/** Refuses a passkey attempt without an event of its own, and counts it beside the chain. */
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

/** Records why a ceremony failed; its caller learns only that it did. */
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

/** Counts a change that needs no token but leaves an event. */
export function countSessionChange(ledger: Ledger, session: string, now: number): void {
  const windows = countInSession(ledger.note('changesBySession'), session, CHANGES_PER_SESSION, now)
  if ('refused' in windows) refuse('rate_limited', windows.refused)
  const all = countWithin(ledger.note('sessionChanges'), CHANGES_PER_USER, now)
  if ('refused' in all) refuse('rate_limited', all.refused)
  ledger.setNote('changesBySession', windows)
  ledger.setNote('sessionChanges', all)
}
