// The account of one actor: the states that a model allows after the acknowledged calls and the call in flight, and
// their comparison with the state of the service after a restart. Users have the model of test/state/model. actors.ts
// has the actors and their calls.
import type { CountersignClient } from '../../../client/index.ts'
import { type Act, answerOf, isUnheard, type Outcome, tried } from './act.ts'
import { Chain, type ChainName, CODE_REASONS } from './chain.ts'
import type { Tally } from './tally.ts'

/** How far the service's clock may be behind this clock when it decides. */
const SLACK_SECONDS = 5

/** The context of an account. */
export interface Keeping {
  operator: CountersignClient
  tally: Tally
  /** Returns whether the service is being killed. Then a missing answer is not a fault. */
  isKilled(): boolean
}

/** The state of an actor as plain data, and how calls change it. `recorded` counts the events of each name. */
export interface Model<S extends { recorded: Record<string, number> }, C> {
  /** Changes the state as a call does at a time. Returns the answer. */
  apply(state: S, call: C, now: number): string
  /** Returns how many wrong codes are allowed before the next wait. */
  left(state: S, now: number): number
}

/** A state that the service may have after a crash, and whether the call in flight happened in it. */
interface Branch<S> {
  state: S
  happened: boolean
}
interface Made<C> {
  act: Act<C>
  at: number
}

export class Account<S extends { recorded: Record<string, number> }, C> {
  readonly chain: Chain
  readonly #keeping: Keeping
  readonly #model: Model<S, C>
  /** The possible states. There are several if it is not known what was written before a crash. */
  #states: S[]
  /** The calls that were accepted since the last crash and can be repeated. */
  #accepted: Act<C>[] = []
  #pending: (Made<C> & { until: number }) | undefined

  constructor(name: ChainName, keeping: Keeping, model: Model<S, C>, first: S) {
    this.chain = new Chain(name, keeping.operator, keeping.tally)
    this.#keeping = keeping
    this.#model = model
    this.#states = [first]
  }

  /** Takes the existing history as the expected one. */
  async begin(): Promise<void> {
    await this.chain.read()
    for (const { recorded } of this.#states) Object.assign(recorded, this.chain.seen)
  }

  /** True if one more wrong code would not cause a wait. */
  get mayFail(): boolean {
    return this.#states.every((state) => this.#model.left(state, seconds(Date.now())) > 1)
  }

  /** Makes a call and applies it to the account. */
  async does(act: Act<C>): Promise<void> {
    const { tally, isKilled } = this.#keeping
    const at = Date.now()
    tally.count(act, 'calls')
    const outcome = await tried(act.call)
    if (!('lost' in outcome)) {
      if (this.#explain({ act, at }, outcome)) tally.count(act, 'acknowledged')
      return
    }
    if (!isKilled()) this.#odd(act, outcome)
    tally.count(act, 'inFlight')
    this.#pending = { act, at, until: Date.now() }
  }

  /** Keeps the states that explain an answer. Reports a fault if no state does. */
  #explain({ act, at }: Made<C>, outcome: Outcome): boolean {
    if ('lost' in outcome) return this.#odd(act, outcome)
    const [answer, now] = [answerOf(outcome), seconds(Date.now())]
    const call = act.model('accepted' in outcome ? outcome.accepted : undefined)
    const moments = [...new Set([seconds(at), now, seconds(at) - SLACK_SECONDS])]
    const explained = this.#states.flatMap((state) =>
      moments
        .map((moment) => this.#after(state, call, moment))
        .filter((after) => after.answer === answer)
        .slice(0, 1)
        .map((after) => after.state),
    )
    if (answer === 'ok' && act.again) this.#accepted.push(act)
    if (explained.length > 0) {
      this.#states = explained
      if ('refused' in outcome) this.#compareLeft(outcome.refused.attemptsLeft)
      return true
    }
    if ('refused' in outcome) return this.#odd(act, outcome)
    this.#keeping.tally.count(act, 'double')
    return this.#fault('double', `a ${act.kind} was accepted against the account`)
  }

  #after(before: S, call: C, now: number): { state: S; answer: string } {
    const state = structuredClone(before)
    return { answer: this.#model.apply(state, call, now), state }
  }

  /** Compares the attempts that are left after a wrong code. A crash must not change the count. */
  #compareLeft(attemptsLeft: number | undefined): void {
    if (attemptsLeft !== undefined)
      this.expect('attempts that are left', attemptsLeft, (state) =>
        this.#model.left(state, seconds(Date.now())),
      )
  }

  /**
   * Checks the account after a crash. The history must have every acknowledged event, and shows whether the call
   * in flight happened. Then repeats that call and every accepted call, and compares the answers with the model.
   */
  async check(): Promise<void> {
    await this.chain.read()
    const pending = this.#pending
    this.#pending = undefined
    if (pending) await this.#settle(pending)
    else this.#compareHistory()
    for (const act of this.#accepted.splice(0)) await this.#presentAgain(act)
    await this.chain.read()
    this.#compareHistory()
    await this.chain.verify()
  }

  /** Keeps the states that match the history, with or without the call in flight. */
  async #settle({ act, at, until }: Made<C> & { until: number }): Promise<void> {
    const branches = this.#states.flatMap((state) => {
      const call = act.model()
      const early = this.#after(state, call, seconds(at))
      const late = this.#after(state, call, seconds(until))
      const half = act.half && this.#after(state, act.half(), seconds(at))
      return [
        { state, happened: false },
        { ...early, happened: true },
        ...(late.answer === early.answer ? [] : [{ ...late, happened: true }]),
        ...(half ? [{ ...half, happened: false }] : []),
      ]
    })
    const shown = this.#shownOf(branches)
    const happened = shown.every((branch) => branch.happened)
    this.#states = shown.map(({ state }) => state)
    this.#keeping.tally.count(act, happened ? 'happened' : 'hadNot')
    if (!act.again) return
    const again = { act, at: Date.now() }
    const outcome = await tried(act.call)
    if (act.asNew) this.#countRetry(outcome)
    if (this.#explain(again, outcome) && 'accepted' in outcome)
      this.#keeping.tally.count(act, 'acknowledged')
    if (happened && 'refused' in outcome) act.onUnheard?.()
  }

  #countRetry(outcome: Outcome): void {
    this.#keeping.tally.retried += 1
    if ('accepted' in outcome && outcome.accepted.replayed) this.#keeping.tally.replayed += 1
  }

  /** Repeats a call that was accepted before the crash: with its idempotency key, and as a new call. */
  async #presentAgain(act: Act<C>): Promise<void> {
    if (act.asNew) {
      const made = { act, at: Date.now() }
      const repeated = await tried(act.call)
      this.#countRetry(repeated)
      this.#explain(made, repeated)
    }
    await this.presentAsNew(act)
  }

  /** Repeats an accepted call as a new call. */
  async presentAsNew(accepted: Act<C>): Promise<void> {
    const act = accepted.asNew?.() ?? accepted
    const [state] = this.#states
    const expected = state && this.#after(state, act.model(), seconds(Date.now())).answer
    if (CODE_REASONS.includes(expected) && !this.mayFail) return
    this.#keeping.tally.count(act, 'again')
    const made = { act, at: Date.now() }
    this.#explain(made, await tried(act.call))
  }

  #compareHistory(): void {
    const branches = this.#states.map((state) => ({ state, happened: false }))
    this.#states = this.#shownOf(branches).map(({ state }) => state)
  }

  /** Returns the branches that match the history. Reports a fault if no branch does. */
  #shownOf(branches: Branch<S>[]): Branch<S>[] {
    const compared = branches
      .map((branch) => ({ branch, faults: this.#faultsOf(branch.state) }))
      .sort((a, b) => a.faults.length - b.faults.length)
    const shown = compared.filter(({ faults }) => faults.length === 0)
    if (shown.length > 0) return shown.map(({ branch }) => branch)
    // The branch with the fewest faults is the best explanation. Each fault is counted once, so the account then
    // takes over the history.
    return compared.slice(0, 1).map(({ branch, faults: [fault] }) => {
      if (fault) {
        const { name, is, must } = fault
        this.#fault(
          is < must ? 'lost' : 'double',
          `"${name}" is in the history ${is} times, not ${must} times,`,
        )
      }
      branch.state.recorded = { ...this.chain.seen }
      return branch
    })
  }

  /**
   * Returns the events that the history has too seldom or too often for a state. An event about an unknown id may
   * occur once, because its type is counted.
   */
  #faultsOf({ recorded }: S): { name: string; is: number; must: number }[] {
    const { seen } = this.chain
    const heard = Object.entries(recorded)
      .filter(([name]) => !isUnheard(name))
      .map(([name, must]) => ({ name, is: seen[name] ?? 0, must }))
    const others = Object.entries(seen)
      .filter(([name]) => !(name in recorded))
      .map(([name, is]) => ({ name, is, must: name.includes(' ') ? Math.min(is, 1) : 0 }))
    return [...heard, ...others].filter(({ is, must }) => is !== must)
  }

  /** Compares a value of the service with the value in each state. */
  expect(what: string, found: unknown, of: (state: S) => unknown): void {
    const is = JSON.stringify(found)
    const matching = this.#states.filter((state) => JSON.stringify(of(state)) === is)
    if (matching.length > 0) {
      this.#states = matching
      return
    }
    const must = this.#states.map((state) => JSON.stringify(of(state))).join(' or ')
    this.#fault('lost', `${what}: ${is}, not ${must},`)
  }

  #fault(kind: 'lost' | 'double', message: string): false {
    this.#keeping.tally.fault(kind, `${message} of ${this.chain.label}`)
    return false
  }

  #odd(act: Act<C>, outcome: Outcome): false {
    const answer = 'lost' in outcome ? outcome.lost : JSON.stringify(outcome)
    this.#keeping.tally.fault('odd', `${act.kind} of ${this.chain.label}: ${answer}`)
    return false
  }
}

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)
