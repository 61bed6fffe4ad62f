// Limits how often codes can be tried (NIST SP 800-63B-4, section 3.2.2). Each user has one counter for every kind
// of code. The functions are pure: the Subject object stores their results.
import { type Refusal, refusal } from '../refusal.ts'

export const FREE_CONSECUTIVE_FAILURES = 5
export const FIRST_WAIT_SECONDS = 30
export const LONGEST_WAIT_SECONDS = 15 * 60
export const HOUR_SECONDS = 3600
export const DAY_SECONDS = 24 * HOUR_SECONDS
export const FAILURES_PER_DAY = 20
export const MONTH_SECONDS = 30 * DAY_SECONDS
export const FAILURES_PER_MONTH = 100

/** The failures of the last 30 days (epoch seconds, oldest first), and the number of consecutive failures. */
export interface Attempts {
  failures: number[]
  consecutive: number
  locked: boolean
  /** Failures before this time count only for the limit of 30 days, not for the limit of the day. */
  dayFrom: number
}

export const NO_ATTEMPTS: Attempts = { failures: [], consecutive: 0, locked: false, dayFrom: 0 }

/**
 * Returns why no code can be tried now. A code that is refused for this is neither checked nor counted.
 *
 * @returns undefined if a code can be tried, or else `locked`, or `rate_limited` with `retryAfterSeconds`
 * @example const barred = barredBy(attempts, now)
 */
export function barredBy(attempts: Attempts, now: number): Refusal | undefined {
  if (attempts.locked) return refusal('locked')
  const waitEnds = retryAt(attempts, now)
  if (waitEnds <= now) return undefined
  return refusal('rate_limited', { retryAfterSeconds: waitEnds - now, attemptsLeft: 0 })
}

/** Returns when the next code can be tried, in epoch seconds. It is in the past if a code can be tried now. */
export function retryAt(attempts: Attempts, now: number): number {
  const last = attempts.failures.at(-1) ?? 0
  const wait = last + waitSeconds(attempts.consecutive)
  const today = failuresToday(attempts, now)
  const oldestThatCounts = today[today.length - FAILURES_PER_DAY]
  return Math.max(wait, oldestThatCounts === undefined ? 0 : oldestThatCounts + DAY_SECONDS)
}

/**
 * Counts an attempt as a failure before it is checked. `takeBack` undoes this for a correct code.
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
 * Undoes one counted failure for a correct code.
 *
 * @param countedAt the time at which it was counted
 * @param steppedUp true for a step-up, which also resets the consecutive failures; a confirmation does not
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

/** Returns how many more wrong codes are allowed before the next wait or the lock. */
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

/** Returns the stored failures after a time. */
export const failuresSince = (attempts: Attempts, since: number): number[] =>
  attempts.failures.filter((at) => at > since)

/** Returns the failures that count for the day. Includes those in the same second as the last reset. */
export const failuresToday = (attempts: Attempts, now: number): number[] =>
  failuresSince(attempts, Math.max(now - DAY_SECONDS, attempts.dayFrom - 1))

/**
 * Ends the wait, the count of the day and the lock, after a passkey step-up or by an operator. Keeps the count of
 * 30 days, because otherwise the codes of a user who often steps up could be guessed without limit. If the codes
 * were locked, clears that count too, because otherwise the next wrong code would lock them again.
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

/** A time window with the number of events in it. */
export interface Window {
  startedAt: number
  count: number
}

/** Allows `count` events in `seconds`. */
export interface Limit {
  count: number
  seconds: number
}

export const NOTHING_COUNTED: Window = { startedAt: 0, count: 0 }

/** Limits the failed passkeys of one session. They never lock a user. */
export const PASSKEY_FAILURES_PER_SESSION: Limit = { count: 30, seconds: 60 }
/** Limits the failed passkeys of one user. Above this limit, only responses that can be valid are verified. */
export const PASSKEY_FAILURES_PER_USER: Limit = { count: 100, seconds: HOUR_SECONDS }

/** Limits the changes of one session without a token, so that it cannot push its events out of the history. */
export const CHANGES_PER_SESSION: Limit = { count: 30, seconds: HOUR_SECONDS }
/** Limits the changes of all sessions of one user together. */
export const CHANGES_PER_USER: Limit = { count: 120, seconds: HOUR_SECONDS }

/** Limits the changes by one automation key. */
export const CHANGES_PER_AUTOMATION_KEY: Limit = { count: 60, seconds: HOUR_SECONDS }

/**
 * Counts one event in the current window. Returns a refusal if the limit is reached.
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

/** Undoes one counted failure for a valid response. */
export const takeBackWithin = (window: Window): Window => ({
  ...window,
  count: Math.max(0, window.count - 1),
})

/** The number of sessions of a user whose windows are stored. The oldest window is dropped first. */
export const SESSION_WINDOWS_KEPT = 8

/** The current windows of a user's sessions, the newest last. */
export type SessionWindows = readonly (Window & { session: string })[]

/**
 * Counts one event in the window of a session. Each session has its own window, so that it cannot use up the limit
 * of another one.
 *
 * @param session the `key` of the session
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
