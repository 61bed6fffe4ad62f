// The throttle of codes: its waits, its limits, and how many guesses they allow.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Attempts,
  attemptsLeft,
  barredBy,
  CHANGES_PER_AUTOMATION_KEY,
  CHANGES_PER_SESSION,
  CHANGES_PER_USER,
  countFailure,
  countInSession,
  countWithin,
  DAY_SECONDS,
  FAILURES_PER_DAY,
  FAILURES_PER_MONTH,
  failuresToday,
  forgive,
  MONTH_SECONDS,
  NO_ATTEMPTS,
  NOTHING_COUNTED,
  PASSKEY_FAILURES_PER_SESSION,
  PASSKEY_FAILURES_PER_USER,
  retryAt,
  SESSION_WINDOWS_KEPT,
  type SessionWindows,
  takeBack,
  takeBackInSession,
  takeBackWithin,
} from '../../functions/domain/factors/throttle.ts'

const START = 1_800_000_000

/** Fails as often as one may, from a moment on, for some seconds; returns how often that was. */
function guess(from: number, seconds: number, start: Attempts = NO_ATTEMPTS) {
  let attempts = start
  let evaluated = 0
  let now = from
  while (now < from + seconds) {
    const barred = barredBy(attempts, now)
    if (barred?.reason === 'locked') break
    if (barred) {
      now += barred.retryAfterSeconds ?? 1
      continue
    }
    attempts = countFailure(attempts, now)
    evaluated += 1
  }
  return { attempts, evaluated, now }
}

describe('waits', () => {
  it('lets five failures in a row pass without a wait', () => {
    let attempts = NO_ATTEMPTS
    for (let i = 0; i < 5; i += 1) {
      expect(barredBy(attempts, START)).toBeUndefined()
      attempts = countFailure(attempts, START)
    }
    expect(barredBy(attempts, START)).toMatchObject({
      reason: 'rate_limited',
      retryAfterSeconds: 30,
    })
  })

  it.each([
    [5, 30],
    [6, 60],
    [7, 120],
    [8, 240],
    [9, 480],
    [10, 900],
    [15, 900],
  ])('waits after %i failures in a row for %i seconds, and not one more', (failures, seconds) => {
    const attempts: Attempts = {
      failures: Array.from({ length: failures }, () => START),
      consecutive: failures,
      locked: false,
      dayFrom: 0,
    }
    expect(barredBy(attempts, START + seconds - 1)).toMatchObject({ retryAfterSeconds: 1 })
    expect(barredBy(attempts, START + seconds)).toBeUndefined()
  })

  it('allows 20 failures in 24 hours and says when the next one may be', () => {
    const { evaluated, attempts } = guess(START, DAY_SECONDS - 1)
    expect(evaluated).toBe(FAILURES_PER_DAY)
    const end = START + DAY_SECONDS - 1
    expect(barredBy(attempts, end)?.retryAfterSeconds).toBe(
      (attempts.failures.at(-20) ?? 0) + DAY_SECONDS - end,
    )
  })

  it('locks at the hundredth failure in 30 days, and time alone does not unlock', () => {
    const { evaluated, attempts, now } = guess(START, MONTH_SECONDS)
    expect(evaluated).toBe(FAILURES_PER_MONTH)
    expect(barredBy(attempts, now)).toMatchObject({ reason: 'locked' })
    expect(barredBy(attempts, now + 365 * DAY_SECONDS)).toMatchObject({ reason: 'locked' })
  })

  it('locks at a hundred even when a step-up succeeds between any two failures', () => {
    let attempts = NO_ATTEMPTS
    let failures = 0
    for (let now = START; !attempts.locked; now += DAY_SECONDS / 20) {
      if (barredBy(attempts, now)) continue
      attempts = countFailure(attempts, now)
      failures += 1
      attempts = takeBack(countFailure(attempts, now + 1), now + 1, true)
    }
    expect(failures).toBe(FAILURES_PER_MONTH)
  })
})

describe('taking a failure back', () => {
  it('leaves a counter as it was for a confirmation, and ends the row for a step-up', () => {
    const four = guess(START, 1, NO_ATTEMPTS).attempts
    const before = { ...four, consecutive: 4, failures: four.failures.slice(0, 4) }
    const counted = countFailure(before, START + 5)
    expect(takeBack(counted, START + 5, false)).toEqual(before)
    expect(takeBack(counted, START + 5, true)).toEqual({ ...before, consecutive: 0 })
  })

  it('never lets more failures pass than are allowed, whatever order attempts come in', () => {
    const step = fc.record({ wait: fc.integer({ min: 0, max: 4000 }), right: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let attempts = NO_ATTEMPTS
        let now = START
        const wrong: number[] = []
        for (const { wait, right } of steps) {
          now += wait
          if (barredBy(attempts, now)) continue
          attempts = countFailure(attempts, now)
          if (right) attempts = takeBack(attempts, now, true)
          else wrong.push(now)
        }
        for (const at of wrong) {
          expect(
            wrong.filter((other) => other > at - DAY_SECONDS && other <= at).length,
          ).toBeLessThanOrEqual(FAILURES_PER_DAY)
        }
        expect(wrong.length).toBeLessThanOrEqual(FAILURES_PER_MONTH)
      }),
      { numRuns: 200 },
    )
  })
})

describe('being forgiven', () => {
  it('ends wait and day, and keeps the count of 30 days', () => {
    const day = guess(START, DAY_SECONDS - 1)
    const forgiven = forgive(day.attempts, day.now)
    expect(barredBy(day.attempts, day.now - 1)).toBeDefined()
    expect(barredBy(forgiven, day.now)).toBeUndefined()
    expect(forgiven.failures).toHaveLength(FAILURES_PER_DAY)
  })

  it('does not let somebody guess for ever whose victim steps up by passkey after every fourth guess', () => {
    let attempts = NO_ATTEMPTS
    let failures = 0
    for (let now = START; !attempts.locked && failures < 1000; now += 600) {
      for (let i = 0; i < 4 && !barredBy(attempts, now); i += 1) {
        attempts = countFailure(attempts, now)
        failures += 1
      }
      if (!attempts.locked) attempts = forgive(attempts, now + 1)
    }
    expect(failures).toBe(FAILURES_PER_MONTH)
  })

  it('ends a lock whole', () => {
    const { attempts, now } = guess(START, MONTH_SECONDS)
    expect(attempts.locked).toBe(true)
    expect(forgive(attempts, now)).toEqual(NO_ATTEMPTS)
  })
})

describe('attempts left', () => {
  it('counts down to the wait and is then nothing until it ends, and then one', () => {
    let attempts = NO_ATTEMPTS
    const left: number[] = []
    for (let i = 0; i < 5; i += 1) {
      attempts = countFailure(attempts, START)
      left.push(attemptsLeft(attempts, START))
    }
    expect(left).toEqual([4, 3, 2, 1, 0])
    expect(attemptsLeft(attempts, START + 30)).toBe(1)
  })
})

describe('the chance to guess', () => {
  // A code is one of a million and two of them are valid at once (RFC 6238, section 5.2).
  const perGuess = 2 / 10 ** 6
  const chance = (guesses: number) => 1 - (1 - perGuess) ** guesses

  it('is under 0.03 % from one lock to the next', () => {
    expect(chance(guess(START, 10 * MONTH_SECONDS).evaluated)).toBeLessThan(0.0003)
  })

  it('is under 2 % in a year for somebody whose victim is unlocked at once, every time', () => {
    let evaluated = 0
    let now = START
    let attempts = NO_ATTEMPTS
    while (now < START + 365 * DAY_SECONDS) {
      const round = guess(now, START + 365 * DAY_SECONDS - now, attempts)
      evaluated += round.evaluated
      now = round.now
      // An unlock forgets the day as well, so the fastest guesser is one who is unlocked at the lock.
      attempts = NO_ATTEMPTS
    }
    expect(evaluated).toBeGreaterThan(7000)
    expect(chance(evaluated)).toBeLessThan(0.02)
  })
})

describe('what one session does', () => {
  const LIMIT = PASSKEY_FAILURES_PER_SESSION
  /** Counts as often as is allowed; returns the windows and how often that was. */
  function spendAll(session: string, windows: SessionWindows = []) {
    for (let count = 0; ; count += 1) {
      const counted = countInSession(windows, session, LIMIT, START)
      if ('refused' in counted) return { count, windows, refused: counted.refused }
      windows = counted
    }
  }

  it('is limited, and says when it may go on', () => {
    const { count, windows, refused } = spendAll('thief')
    expect(count).toBe(LIMIT.count)
    expect(refused).toMatchObject({ reason: 'rate_limited', retryAfterSeconds: LIMIT.seconds })
    expect(countInSession(windows, 'thief', LIMIT, START + LIMIT.seconds)).not.toHaveProperty(
      'refused',
    )
  })

  it('takes nothing from any other session', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 20 }), (sessions) => {
        let windows: SessionWindows = []
        for (const session of sessions) {
          const used = spendAll(session, windows)
          expect(used.count).toBe(LIMIT.count)
          windows = used.windows
        }
        expect(windows.length).toBeLessThanOrEqual(SESSION_WINDOWS_KEPT)
      }),
    )
  })

  it('is taken back where it turned out right', () => {
    const { windows } = spendAll('user')
    const back = takeBackInSession(windows, 'user')
    expect(spendAll('user', back).count).toBe(1)
    expect(takeBackInSession(windows, 'other')).toEqual(windows)
    expect(takeBackWithin(NOTHING_COUNTED)).toEqual(NOTHING_COUNTED)
  })
})

describe('each limit by itself', () => {
  const failed = (...failures: number[]): Attempts => ({ ...NO_ATTEMPTS, failures })
  const times = (count: number, at: number) => Array.from({ length: count }, () => at)

  it('waits from the last failure on', () => {
    const attempts = { ...failed(START - 100, START), consecutive: 5 }
    expect(retryAt(attempts, START)).toBe(START + 30)
    expect(barredBy(attempts, START + 29)?.retryAfterSeconds).toBe(1)
    expect(barredBy(attempts, START + 30)).toBeUndefined()
  })

  it('keeps a failure for thirty days, and not one second longer', () => {
    const kept = (now: number) => countFailure(failed(START), now).failures.length
    expect([kept(START + MONTH_SECONDS - 1), kept(START + MONTH_SECONDS)]).toEqual([2, 1])
  })

  it('counts a failure for a day, and not one second longer', () => {
    const today = (now: number, dayFrom = 0) =>
      failuresToday({ ...failed(START), dayFrom }, now).length
    expect([today(START + DAY_SECONDS - 1), today(START + DAY_SECONDS)]).toEqual([1, 0])
    expect([today(START, START), today(START, START + 1), today(START, START - 1)]).toEqual([
      1, 0, 1,
    ])
  })

  it('takes back the failure that it counted, and no other', () => {
    const attempts = { ...failed(1, 2, 2, 3), consecutive: 4 }
    expect(takeBack(attempts, 2, false)).toMatchObject({ failures: [1, 2, 3], consecutive: 3 })
    expect(takeBack(attempts, 1, false).failures).toEqual([2, 2, 3])
    expect(takeBack(attempts, 9, false).failures).toEqual([1, 2, 2, 3])
    expect(takeBack(attempts, 3, true).consecutive).toBe(0)
    expect(takeBack(failed(1), 1, false).consecutive).toBe(0)
  })

  it('unlocks by taking back only what locked', () => {
    const locked = { ...failed(...times(100, START)), locked: true }
    expect(takeBack(locked, START, false).locked).toBe(false)
    expect(takeBack({ ...locked, failures: times(101, START) }, START, false).locked).toBe(true)
  })

  it('leaves as many attempts as the nearest of its limits', () => {
    const left = (failures: number[], consecutive: number, dayFrom = 0) =>
      attemptsLeft({ ...NO_ATTEMPTS, failures, consecutive, dayFrom }, START)
    expect(left([], 0)).toBe(5)
    expect(left([], 3)).toBe(2)
    expect(left(times(18, START - 10), 0)).toBe(2)
    expect(left(times(20, START - 10), 0)).toBe(0)
    expect(left(times(97, START - 10), 0, START)).toBe(3)
    expect(left(times(5, START - 1000), 5)).toBe(1)
    expect(left([START], 5)).toBe(0)
  })

  it('counts within its own time', () => {
    expect([
      CHANGES_PER_SESSION,
      CHANGES_PER_USER,
      CHANGES_PER_AUTOMATION_KEY,
      PASSKEY_FAILURES_PER_SESSION,
      PASSKEY_FAILURES_PER_USER,
    ]).toEqual([
      { count: 30, seconds: 3600 },
      { count: 120, seconds: 3600 },
      { count: 60, seconds: 3600 },
      { count: 30, seconds: 60 },
      { count: 100, seconds: 3600 },
    ])
    const limit = { count: 30, seconds: 60 }
    const window = { startedAt: START, count: 30 }
    expect(countWithin(window, limit, START + 59)).toMatchObject({
      refused: { reason: 'rate_limited', retryAfterSeconds: 1 },
    })
    expect(countWithin(window, limit, START + 60)).toEqual({
      startedAt: START + 60,
      count: 1,
    })
    expect(countWithin({ startedAt: START, count: 29 }, limit, START + 5)).toEqual({
      startedAt: START,
      count: 30,
    })
  })
})
