// Attempts: what is counted before it is checked, and recorded when it fails. Codes share one throttle;
// passkey failures are counted by the minute. Always in the caller's transaction, but for failPasskey.
import type { Reason } from '../../contract/index.ts'
import { epochSeconds } from '../clock.ts'
import type { PasskeyFault } from '../domain/passkey.ts'
import { type Refusal, refusal, refuse } from '../domain/refusal.ts'
import {
  attemptsLeft,
  barredBy,
  countFailure,
  countWithin,
  PASSKEY_FAILURES,
  SESSION_CHANGES,
  takeBack,
} from '../domain/throttle.ts'
import type { Ledger, Who } from './ledger.ts'

/** A code that was tried: right, with the proof or value that it gives; or wrong, with the reason. */
export type Tried<T> =
  | { right: T }
  | { wrong: Extract<Reason, 'invalid_code' | 'code_already_used'> }

/**
 * Tries a code under the throttle, inside a transaction: refused while one waits or is locked,
 * counted as a failure, checked, and taken back when it was right.
 *
 * @param told what a failure's event says of the attempt
 * @param steppedUp whether being right also ends the row of failures
 */
export function tryCode<T>(
  ledger: Ledger,
  now: number,
  told: { type: string; data: Record<string, unknown> },
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
  const data = { ...told.data, reason: tried.wrong, ...(counted.locked && { locked: true }) }
  ledger.history.append({ type: told.type, actor: 'subject', at: now, data })
  return { refused: refusal(tried.wrong, { attemptsLeft: attemptsLeft(counted, now) }) }
}

/** Counts a passkey attempt as a failure in advance; the refusal where there were too many. */
export function countPasskey(ledger: Ledger, now: number): Refusal | undefined {
  const minute = countWithin(ledger.note('passkeyFailures'), PASSKEY_FAILURES, now)
  if ('refused' in minute) {
    ledger.history.tally({
      key: 'barred:passkey',
      type: 'attempts.refused',
      actor: 'subject',
      at: now,
      data: { reason: 'rate_limited', method: 'passkey' },
    })
    return minute.refused
  }
  ledger.setNote('passkeyFailures', minute)
  return undefined
}

export function takeBackPasskey(ledger: Ledger): void {
  const minute = ledger.note('passkeyFailures')
  ledger.setNote('passkeyFailures', { ...minute, count: Math.max(0, minute.count - 1) })
}

/** Records why a ceremony failed; its caller learns only that it did. */
export const failPasskey = (
  ledger: Ledger,
  who: Who,
  type: string,
  fault: PasskeyFault,
  factorId?: string,
): { refused: Refusal } => {
  const now = epochSeconds()
  return ledger.change<never>(now, who, () => recordFault(ledger, type, fault, now, factorId))
}

export function recordFault(
  ledger: Ledger,
  type: string,
  fault: PasskeyFault,
  now: number,
  factorId?: string,
): { refused: Refusal } {
  const data = {
    method: 'passkey',
    reason: 'passkey_rejected',
    fault,
    ...(factorId && { factorId }),
  }
  ledger.history.append({ type, actor: 'subject', at: now, data })
  return { refused: refusal('passkey_rejected') }
}

/** What needs no token leaves an event all the same, so it may be done only so often. */
export function countSessionChange(ledger: Ledger, now: number): void {
  const counted = countWithin(ledger.note('sessionChanges'), SESSION_CHANGES, now)
  if ('refused' in counted) refuse('rate_limited', counted.refused)
  ledger.setNote('sessionChanges', counted)
}
