// How often codes may be tried (NIST SP 800-63B-4, section 3.2.2). One counter a subject, for every
// kind of code. Pure: the object stores what these functions return.
import { type Refusal, refusal } from '../refusal.ts'

export const FREE_CONSECUTIVE_FAILURES = 5
export const FIRST_WAIT_SECONDS = 30
export const LONGEST_WAIT_SECONDS = 15 * 60
export const HOUR_SECONDS = 3600
export const DAY_SECONDS = 24 * HOUR_SECONDS
export const FAILURES_PER_DAY = 20
export const MONTH_SECONDS = 30 * DAY_SECONDS
export const FAILURES_PER_MONTH = 100

/** The failures of the last 30 days (epoch seconds, oldest first) and how many came in a row. */
export interface Attempts {
  failures: number[]
  consecutive: number
  locked: boolean
  /** Failures before this moment no longer count for the day, only for the 30 days. */
  dayFrom: number
}

export const NO_ATTEMPTS: Attempts = { failures: [], consecutive: 0, locked: false, dayFrom: 0 }

/**
 * Whether a code may be tried now. One that may not is neither evaluated nor counted.
 *
 * @returns undefined when it may, else `locked`, or `rate_limited` with `retryAfterSeconds`
 * @example const barred = barredBy(attempts, now)
 */
export function barredBy(attempts: Attempts, now: number): Refusal | undefined {
  if (attempts.locked) return refusal('locked')
  const waitEnds = retryAt(attempts, now)
  if (waitEnds <= now) return undefined
  return refusal('rate_limited', { retryAfterSeconds: waitEnds - now, attemptsLeft: 0 })
}

/** When the next code may be tried, in epoch seconds; in the past when it may be now. */
export function retryAt(attempts: Attempts, now: number): number {
  const last = attempts.failures.at(-1) ?? 0
  const wait = last + waitSeconds(attempts.consecutive)
  const today = failuresToday(attempts, now)
  const oldestThatCounts = today[today.length - FAILURES_PER_DAY]
  return Math.max(wait, oldestThatCounts === undefined ? 0 : oldestThatCounts + DAY_SECONDS)
}

/**
 * Counts an attempt as a failure, before it is checked. `takeBack` undoes it for one that was right.
 *
 * @example attempts = countFailure(attempts, now)
 */
export function countFailure(attempts: Attempts, now: number): Attempts {
  const failures = [...failuresSince(attempts, now - MONTH_SECONDS), now]
  return {
    ...attempts,
    failures,
    consecutive: attempts.consecutive + 1,
    locked: attempts.locked || failures.length >= FAILURES_PER_MONTH,
  }
}

/**
 * Undoes one counted failure after its code turned out right.
 *
 * @param countedAt the `now` that it was counted with
 * @param steppedUp true for a step-up, which also ends the row of failures; a confirmation does not
 */
export function takeBack(attempts: Attempts, countedAt: number, steppedUp: boolean): Attempts {
  const index = attempts.failures.lastIndexOf(countedAt)
  const failures = attempts.failures.toSpliced(index, index < 0 ? 0 : 1)
  return {
    ...attempts,
    failures,
    consecutive: steppedUp ? 0 : Math.max(0, attempts.consecutive - 1),
    locked: failures.length >= FAILURES_PER_MONTH,
  }
}

/** How many further wrong codes would be evaluated before the next wait or the lock. */
export function attemptsLeft(attempts: Attempts, now: number): number {
  if (barredBy(attempts, now)) return 0
  const today = failuresToday(attempts, now).length
  return Math.max(
    1,
    Math.min(
      FREE_CONSECUTIVE_FAILURES - attempts.consecutive,
      FAILURES_PER_DAY - today,
      FAILURES_PER_MONTH - attempts.failures.length,
    ),
  )
}

/** The failures after a moment, of those that are kept. */
export const failuresSince = (attempts: Attempts, since: number): number[] =>
  attempts.failures.filter((at) => at > since)

/** Returns the failures that count for the day, including those of the second in which it restarted. */
export const failuresToday = (attempts: Attempts, now: number): number[] =>
  failuresSince(attempts, Math.max(now - DAY_SECONDS, attempts.dayFrom - 1))

/**
 * Ends the wait, the day's count and the lock, as a passkey step-up or an operator does. The count of 30
 * days stays; otherwise the codes of a user who steps up often could be guessed for ever. Ending a lock
 * clears it too, because otherwise the next mistake would lock again.
 *
 * @example ledger.setNote('attempts', forgive(attempts, now))
 */
export const forgive = (attempts: Attempts, now: number): Attempts =>
  attempts.locked ? NO_ATTEMPTS : { ...attempts, consecutive: 0, dayFrom: now }

function waitSeconds(consecutive: number): number {
  if (consecutive < FREE_CONSECUTIVE_FAILURES) return 0
  const doublings = Math.min(consecutive - FREE_CONSECUTIVE_FAILURES, 10)
  return Math.min(FIRST_WAIT_SECONDS * 2 ** doublings, LONGEST_WAIT_SECONDS)
}

/** How often something was done in the window that is running. */
export interface Window {
  startedAt: number
  count: number
}

/** At most this many in this many seconds. */
export interface Limit {
  count: number
  seconds: number
}

export const NOTHING_COUNTED: Window = { startedAt: 0, count: 0 }

/** Failed passkeys of one session. They are recorded and never lock. */
export const PASSKEY_FAILURES_PER_SESSION: Limit = { count: 30, seconds: 60 }
/** Failed passkeys of one user; above this limit only plausible answers are verified. */
export const PASSKEY_FAILURES_PER_USER: Limit = { count: 100, seconds: HOUR_SECONDS }

/** What one session may change without a token, so that it cannot push its own traces out of the history. */
export const CHANGES_PER_SESSION: Limit = { count: 30, seconds: HOUR_SECONDS }
/** The same for all sessions of one user together. */
export const CHANGES_PER_USER: Limit = { count: 120, seconds: HOUR_SECONDS }

/** What one automation key may change. */
export const CHANGES_PER_AUTOMATION_KEY: Limit = { count: 60, seconds: HOUR_SECONDS }

/**
 * Counts one more in the running window, or returns the refusal.
 *
 * @example const counted = countWithin(ledger.note('passkeyFailures'), PASSKEY_FAILURES_PER_USER, now)
 */
export function countWithin(
  window: Window,
  limit: Limit,
  now: number,
): Window | { refused: Refusal } {
  const running = now - window.startedAt < limit.seconds ? window : { startedAt: now, count: 0 }
  if (running.count < limit.count) return { ...running, count: running.count + 1 }
  const retryAfterSeconds = running.startedAt + limit.seconds - now
  return { refused: refusal('rate_limited', { retryAfterSeconds }) }
}

/** Undoes one counted failure after its answer turned out right. */
export const takeBackWithin = (window: Window): Window => ({
  ...window,
  count: Math.max(0, window.count - 1),
})

/** Windows are kept for this many sessions of a user; the window that began first is forgotten. */
export const SESSION_WINDOWS_KEPT = 8

/** The running windows of a user's sessions, by session, the newest last. */
export type SessionWindows = readonly (Window & { session: string })[]

/**
 * Counts one more in the window of a session. Sessions do not share a window, so that one of them cannot
 * use up what another one needs.
 *
 * @param session what `Session.key` says
 * @example const counted = countInSession(windows, session, PASSKEY_FAILURES_PER_SESSION, now)
 */
export function countInSession(
  windows: SessionWindows,
  session: string,
  limit: Limit,
  now: number,
): SessionWindows | { refused: Refusal } {
  const known = windows.find((window) => window.session === session) ?? NOTHING_COUNTED
  const counted = countWithin(known, limit, now)
  if ('refused' in counted) return counted
  const others = windows.filter(
    (window) => window.session !== session && now - window.startedAt < limit.seconds,
  )
  return [...others, { ...counted, session }]
    .sort((a, b) => a.startedAt - b.startedAt)
    .slice(-SESSION_WINDOWS_KEPT)
}

/** Undoes one counted failure of a session. */
export const takeBackInSession = (windows: SessionWindows, session: string): SessionWindows =>
  windows.map((window) =>
    window.session === session ? { ...window, ...takeBackWithin(window) } : window,
  )
