// The account of one actor: what the service acknowledged to them, what was in flight when it was killed,
// and the comparison of both with what the service says after it came back. Who acts, and what is done
// next, stands in actors.ts.
import type { CountersignClient } from '../../../client/index.ts'
import { type Act, type Outcome, tried } from './act.ts'
import { Chain, type ChainName } from './chain.ts'
import type { Tally } from './tally.ts'

/** A reply that was lost can be had again for 60 s; so much of it is left to the call. */
const REPLAY_MILLISECONDS = 50_000
/** So many wrong codes in a row are answered without a wait. */
const FREE_FAILURES = 5

/** What an account is kept with. */
export interface Keeping {
  operator: CountersignClient
  tally: Tally
  /** Whether the service is being killed, so that no answer is no fault. */
  isKilled(): boolean
}

type Answered = Exclude<Outcome, { lost: string }>

export class Account {
  readonly chain: Chain
  readonly #keeping: Keeping
  /** How often each kind of event, and each thing by its name, must be in the history. */
  readonly #owed = new Map<string, number>()
  /** What may be there beside: it was in flight. */
  readonly #open = new Map<string, Act>()
  /** What was accepted since the last crash, and when it was called, in milliseconds. */
  #accepted: { act: Act; at: number }[] = []
  #pending: { act: Act; at: number } | undefined
  /** Wrong codes in a row, where it is known. */
  #failures: number | undefined = 0

  constructor(name: ChainName, keeping: Keeping) {
    this.chain = new Chain(name, keeping.operator, keeping.tally)
    this.#keeping = keeping
  }

  /** Takes what is in the history already for what must be there. */
  async begin(): Promise<void> {
    await this.chain.read()
    for (const [name, times] of this.chain.seen) this.#owed.set(name, times)
  }

  /** Whether a further wrong code would be answered without a wait after it. */
  get mayFail(): boolean {
    return (this.#failures ?? FREE_FAILURES) < FREE_FAILURES - 1
  }

  /** Does something and keeps account of it. */
  async does(act: Act): Promise<void> {
    const { tally, isKilled } = this.#keeping
    const at = Date.now()
    tally.count(act, 'calls')
    const outcome = await tried(act.call)
    if (!('lost' in outcome)) return this.#answered(act, at, outcome)
    if (!isKilled()) this.#odd(act, outcome)
    tally.count(act, 'inFlight')
    // Whether a wrong code in flight was counted is known once the service is asked for its count.
    if (act.wanted) this.#failures = undefined
    this.#pending = { act, at }
    this.#open.set(act.total, act)
  }

  #answered(act: Act, at: number, outcome: Answered): void {
    const { tally } = this.#keeping
    if ('refused' in outcome) {
      const { reason, attemptsLeft } = outcome.refused
      if (reason === act.wanted) {
        tally.count(act, 'acknowledged')
        this.#failed(attemptsLeft)
      } else this.#odd(act, outcome)
      return
    }
    tally.count(act, 'acknowledged')
    for (const name of [act.total, ...outcome.accepted.names]) this.#owe(name)
    if (/^passed (totp|recovery)$/.test(act.total)) this.#failures = 0
    if (act.again) this.#accepted.push({ act, at })
  }

  #owe(name: string): void {
    this.#owed.set(name, this.#owes(name) + 1)
  }

  #owes(name: string): number {
    return this.#owed.get(name) ?? 0
  }

  /** A wrong code was answered: the count goes on from where it stood, also through a crash. */
  #failed(attemptsLeft: number | undefined): void {
    this.#owe('failure')
    if (this.#failures === undefined) return
    this.#failures += 1
    const left = FREE_FAILURES - this.#failures
    if (attemptsLeft !== left)
      this.#fault('lost', `${attemptsLeft} attempts are left, and not ${left},`)
  }

  /**
   * After a crash: what was acknowledged must be there, what was in flight is asked for again, what was
   * accepted is presented again, and then the history must be exactly what it owes.
   */
  async check(): Promise<void> {
    await this.#expectOwed()
    await this.#settle()
    for (const { act, at } of this.#accepted.splice(0)) await this.#presentAgain(act, at)
    await this.compare()
  }

  async #settle(): Promise<void> {
    const { act, at } = this.#pending ?? {}
    this.#pending = undefined
    if (!act?.again || at === undefined) return
    const { tally } = this.#keeping
    const outcome = await tried(act.call)
    if ('lost' in outcome) return this.#odd(act, outcome)
    const replayed = isReplayed(outcome)
    if (act.otherKey) this.#countRetry(replayed)
    if ('refused' in outcome) return this.#settleRefused(act, at, outcome)
    tally.count(act, replayed ? 'happened' : 'hadNot')
    this.#open.delete(act.total)
    this.#answered(act, at, outcome)
  }

  #settleRefused(act: Act, at: number, outcome: Extract<Outcome, { refused: object }>): void {
    const { reason, attemptsLeft } = outcome.refused
    // With its idempotency key it gets its answer, or was never there: it is not refused.
    if (act.otherKey && Date.now() - at < REPLAY_MILLISECONDS) this.#wrong(act, outcome)
    else if (reason === act.again) {
      this.#keeping.tally.count(act, 'happened')
      // What takes two writes may have been spent without passing: the history may hold it or not.
      if (!act.twoSteps) {
        this.#open.delete(act.total)
        this.#owe(act.total)
      }
      act.unheard?.()
      if (act.costs) this.#failures = 0
      if (act.costs) this.#failed(attemptsLeft)
    } else if (reason === 'invalid_code') {
      // The code's step has passed meanwhile: what the history says is all that can be known.
      this.#failures = undefined
      this.#failed(attemptsLeft)
    } else this.#odd(act, outcome)
  }

  #countRetry(replayed: boolean): void {
    this.#keeping.tally.retried += 1
    if (replayed) this.#keeping.tally.replayed += 1
  }

  /** Presents what was accepted before the crash once more. */
  async #presentAgain(act: Act, at: number): Promise<void> {
    if (act.costs && !this.mayFail) return
    if (act.otherKey && Date.now() - at < REPLAY_MILLISECONDS) {
      const repeated = await tried(act.call)
      this.#countRetry(isReplayed(repeated))
      if (!isReplayed(repeated)) this.#wrong(act, repeated)
    }
    await this.presentAsNew(act)
  }

  /** Presents what was accepted as if it had not been: it must be refused. */
  async presentAsNew(act: Act, alsoRefused?: string): Promise<void> {
    this.#keeping.tally.count(act, 'again')
    const outcome = await tried(act.otherKey ?? act.call)
    if (!('refused' in outcome)) return this.#wrong(act, outcome)
    const { reason, attemptsLeft } = outcome.refused
    // A code whose step has passed is wrong, however often it was used.
    const stale = act.kind === 'TOTP step' && reason === 'invalid_code'
    if (reason !== act.again && reason !== alsoRefused && !stale) return this.#odd(act, outcome)
    if (act.costs) this.#failed(attemptsLeft)
  }

  /** What was used up before the crash was taken for new after it. */
  #wrong(act: Act, outcome: Outcome): void {
    if ('accepted' in outcome) {
      this.#keeping.tally.count(act, 'double')
      this.#fault('double', `a ${act.kind} was accepted again`)
    } else this.#odd(act, outcome)
  }

  /** Compares the history with what was acknowledged; what was in flight is known from then on. */
  async compare(): Promise<void> {
    await this.#expectOwed()
    await this.chain.verify()
    for (const [name, times] of this.chain.seen) {
      const most = isOneThing(name) ? 1 : this.#owes(name) + (this.#open.has(name) ? 1 : 0)
      if (times > most) this.#fault('double', `"${name}" is there ${times} times, not ${most},`)
    }
    for (const [name, act] of this.#open) this.#close(name, act)
    this.#open.clear()
  }

  async #expectOwed(): Promise<void> {
    await this.chain.read()
    for (const [name, owed] of this.#owed) {
      const there = this.chain.seen.get(name) ?? 0
      if (there >= owed) continue
      this.#fault('lost', `"${name}" is there ${there} times, not ${owed},`)
      this.#owed.set(name, there)
    }
  }

  #close(name: string, act: Act): void {
    const more = (this.chain.seen.get(name) ?? 0) - this.#owes(name)
    if (more > 0) this.#owed.set(name, this.#owes(name) + more)
    if (!act.twoSteps) this.#keeping.tally.count(act, more > 0 ? 'happened' : 'hadNot')
  }

  /** Compares the service's counts of wrong codes with what was answered and with the history. */
  compareFailures(inARow: number, today: number): void {
    const told = this.chain.seen.get('failure') ?? 0
    if (today !== told) this.#fault('lost', `${today} wrong codes are counted, ${told} told,`)
    if (this.#failures !== undefined && this.#failures !== inARow)
      this.#fault('lost', `${inARow} wrong codes in a row are counted, not ${this.#failures},`)
    this.#failures = inARow
  }

  /** Compares what the service says of something else with what it must say. */
  expect(what: string, found: object, expected: object): void {
    const [is, must] = [JSON.stringify(found), JSON.stringify(expected)]
    if (is !== must) this.#fault('lost', `${what}: ${is}, not ${must},`)
  }

  #fault(kind: 'lost' | 'double', told: string): void {
    this.#keeping.tally.fault(kind, `${told} of ${this.chain.told}`)
  }

  #odd(act: Act, outcome: Outcome): void {
    const answer = 'lost' in outcome ? outcome.lost : JSON.stringify(outcome)
    this.#keeping.tally.fault('odd', `${act.kind} of ${this.chain.told}: ${answer}`)
  }
}

const isReplayed = (outcome: Outcome): boolean =>
  'accepted' in outcome && outcome.accepted.replayed === true

/** A name is of one thing where it names it: `consumption <jti>`, and not `passed totp`. */
const isOneThing = (name: string): boolean => name.includes(' ') && !name.startsWith('passed ')
