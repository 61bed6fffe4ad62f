// The throttle of codes as docs/security.md describes it: a list of all attempts, from which each answer is computed.

const DAY = 86_400
const MONTH = 30 * DAY

/** A code that was wrong, a step-up that passed, a forgiving of the day, and one that ended a lock. */
export interface Happening {
  at: number
  what: 'wrong' | 'passed' | 'forgiven' | 'lock ended'
}

/** What docs/security.md says, over a list of everything that happened. */
export class ThrottleModel {
  readonly #log: Happening[]

  /** Goes on with a list, which it writes on. */
  constructor(log: Happening[] = []) {
    this.#log = log
  }

  wrong(at: number): void {
    this.#log.push({ at, what: 'wrong' })
  }
  passed(at: number): void {
    this.#log.push({ at, what: 'passed' })
  }
  forgiven(at: number): void {
    this.#log.push({ at, what: this.locked() ? 'lock ended' : 'forgiven' })
  }

  /** What happened after the last of some happenings. */
  #since(...ends: string[]) {
    const last = this.#log.findLastIndex(({ what }) => ends.includes(what))
    return this.#log.slice(last + 1)
  }
  #wrongSince = (...ends: string[]) =>
    this.#since(...ends)
      .filter(({ what }) => what === 'wrong')
      .map(({ at }) => at)

  /** How many were wrong, one after the other. */
  inRow(): number {
    return this.#wrongSince('passed', 'forgiven', 'lock ended').length
  }

  /** A hundred within 30 days, once, until it is ended. */
  locked(): boolean {
    const wrong = this.#wrongSince('lock ended')
    return wrong.some((end) => wrong.filter((at) => at > end - MONTH && at <= end).length >= 100)
  }

  /** When the next may be tried: after the wait for those in a row, and not as the 21st of a day. */
  retryAt(now: number): number {
    const inRow = this.inRow()
    const wait = inRow < 5 ? 0 : Math.min(900, 30 * 2 ** (inRow - 5))
    const last = this.#wrongSince('lock ended').at(-1) ?? 0
    const begun = this.#log.findLast(({ what }) => what === 'forgiven')?.at ?? 0
    const today = this.#wrongSince('lock ended').filter((at) => at > now - DAY && at >= begun)
    const twentieth = today.at(-20)
    return Math.max(last + wait, twentieth === undefined ? 0 : twentieth + DAY)
  }

  barred(now: number): { reason: string; retryAfterSeconds?: number } | undefined {
    if (this.locked()) return { reason: 'locked' }
    const at = this.retryAt(now)
    return at > now ? { reason: 'rate_limited', retryAfterSeconds: at - now } : undefined
  }

  /** How many more wrong ones would be looked at in this second. */
  left(now: number): number {
    const copy = new ThrottleModel([...this.#log])
    let count = 0
    for (; !copy.barred(now); count += 1) copy.wrong(now)
    return count
  }
}
