// The throttle, compared with a model that keeps a list of all attempts and computes everything from it: same
// waits, same lock, and never more guesses than the limits.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  type Attempts,
  attemptsLeft,
  barredBy,
  countFailure,
  countWithin,
  forgive,
  NO_ATTEMPTS,
  NOTHING_COUNTED,
  takeBack,
} from '../../functions/domain/factors/throttle.ts'
import { ThrottleModel } from '../support/throttle-model.ts'

const START = 1_800_000_000
const DAY = 86_400
const MONTH = 30 * DAY
const RUNS = 100
const TIMEOUT = 60_000

type Step =
  | { do: 'wrong' | 'step up' | 'confirm' | 'forgive' }
  | { do: 'wait'; seconds: number }
  | { do: 'wait until it may be tried'; off: number }
  | { do: 'guess as fast as one may'; times: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wrong' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('step up' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('confirm' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forgive' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      seconds: fc.oneof(
        fc.integer({ min: 0, max: 1000 }),
        fc.constantFrom(29, 30, 899, 900, DAY - 1, DAY, 27 * DAY, 28 * DAY, MONTH - 1, MONTH),
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait until it may be tried' as const),
      off: fc.constantFrom(-1, 0, 1),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('guess as fast as one may' as const),
      times: fc.integer({ min: 1, max: 60 }),
    }),
  },
)

/** Guesses whose hundredth comes a little before, or a little after, the first are 30 days old. */
const aroundAMonth = (days: number): Step[] => [
  { do: 'guess as fast as one may', times: 60 },
  { do: 'wait', seconds: days * DAY },
  { do: 'guess as fast as one may', times: 60 },
]

/** The throttle and its model, side by side. */
class Both {
  now = START
  attempts: Attempts = NO_ATTEMPTS
  readonly model = new ThrottleModel()

  /** They say the same, here and now; the throttle as it comes back from where it is stored. */
  agree(): void {
    this.attempts = JSON.parse(JSON.stringify(this.attempts))
    const barred = barredBy(this.attempts, this.now)
    const { reason, retryAfterSeconds } = barred ?? {}
    const said = barred && { reason, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) }
    expect(said).toEqual(this.model.barred(this.now))
    expect(this.attempts.locked).toBe(this.model.locked())
    expect(attemptsLeft(this.attempts, this.now)).toBe(this.model.left(this.now))
  }

  try(how: 'wrong' | 'step up' | 'confirm'): void {
    if (barredBy(this.attempts, this.now)) return
    const counted = countFailure(this.attempts, this.now)
    if (how === 'wrong') this.model.wrong(this.now)
    if (how === 'step up') this.model.passed(this.now)
    this.attempts = how === 'wrong' ? counted : takeBack(counted, this.now, how === 'step up')
  }

  waitUntilAllowed(off: number): void {
    const { retryAfterSeconds = 0 } = barredBy(this.attempts, this.now) ?? {}
    this.now += Math.max(0, retryAfterSeconds + off)
  }

  take(step: Step): void {
    if (step.do === 'wait') this.now += step.seconds
    else if (step.do === 'wait until it may be tried') this.waitUntilAllowed(step.off)
    else if (step.do === 'forgive') {
      this.model.forgiven(this.now)
      this.attempts = forgive(this.attempts, this.now)
    } else if (step.do === 'guess as fast as one may')
      for (let times = 0; times < step.times; times += 1) {
        this.waitUntilAllowed(0)
        this.try('wrong')
        this.agree()
      }
    else this.try(step.do)
  }
}

it('waits, locks and forgets as a list of everything that happened says', {
  timeout: TIMEOUT,
}, () => {
  let locks = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const both = new Both()
      for (const one of steps) {
        both.take(one)
        both.agree()
      }
      locks += both.model.locked() ? 1 : 0
    }),
    { numRuns: RUNS, examples: [[aroundAMonth(26.5)], [aroundAMonth(27.5)]] },
  )
  expect(locks).toBeGreaterThan(0)
})

it('counts so many in a window as it may hold, and begins the next when it is over', () => {
  const limits = fc.record({
    count: fc.integer({ min: 1, max: 5 }),
    seconds: fc.integer({ min: 1, max: 20 }),
  })
  const waits = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 60 })
  fc.assert(
    fc.property(limits, waits, (limit, all) => {
      let now = START
      let window = NOTHING_COUNTED
      const taken: number[] = []
      // The model: the first that is taken after a window's end begins the next one.
      const beginOf = (until: number): number => {
        let begin = Number.NEGATIVE_INFINITY
        for (const at of [...taken, until]) if (at >= begin + limit.seconds) begin = at
        return begin
      }
      for (const wait of all) {
        now += wait
        const begin = beginOf(now)
        const inWindow = taken.filter((at) => at >= begin).length
        const counted = countWithin(window, limit, now)
        if (inWindow < limit.count) {
          if ('refused' in counted) throw new Error('refused one that there was room for')
          window = counted
          taken.push(now)
        } else
          expect(counted).toMatchObject({
            refused: { retryAfterSeconds: begin + limit.seconds - now },
          })
      }
    }),
    { numRuns: RUNS },
  )
})
