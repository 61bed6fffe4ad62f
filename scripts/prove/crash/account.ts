// The account of one actor: the states in which what was acknowledged and what was in flight may have left
// them, by a model, and the comparison of these with what the service says after it came back. A user's
// model is that of test/state/model. Who acts, and what is done next, is in actors.ts.
import type { CountersignClient } from '../../../client/index.ts'
import { type Act, answerOf, isUnheard, type Outcome, tried } from './act.ts'
import { Chain, type ChainName, CODE_REASONS } from './chain.ts'
import type { Tally } from './tally.ts'

/** How far the service's clock may be behind ours when it decides, or was when it decided before. */
const SLACK_SECONDS = 5

/** What an account is kept with. */
export interface Keeping {
  operator: CountersignClient
  tally: Tally
  /** Whether the service is being killed, so that no answer is no fault. */
  isKilled(): boolean
}

/** What an actor may change, as plain data, and how. `told`: how often the history holds each thing. */
export interface Model<S extends { told: Record<string, number> }, C> {
  /** Changes the state as a call does in that second; returns the answer. */
  apply(state: S, call: C, now: number): string
  /** How many wrong codes are answered before the next wait. */
  left(state: S, now: number): number
}

/** A state that the service may be in after a crash, and whether what was in flight happened in it. */
interface Branch<S> {
  state: S
  happened: boolean
}
interface Made<C> {
  act: Act<C>
  at: number
}

export class Account<S extends { told: Record<string, number> }, C> {
  readonly chain: Chain
  readonly #keeping: Keeping
  readonly #model: Model<S, C>
  /** More than one where a crash left it open what was written. */
  #states: S[]
  /** What was accepted since the last crash, and may be made again. */
  #accepted: Act<C>[] = []
  #pending: (Made<C> & { until: number }) | undefined

  constructor(name: ChainName, keeping: Keeping, model: Model<S, C>, first: S) {
    this.chain = new Chain(name, keeping.operator, keeping.tally)
    this.#keeping = keeping
    this.#model = model
    this.#states = [first]
  }

  /** Takes what is in the history already for what must be there. */
  async begin(): Promise<void> {
    await this.chain.read()
    for (const { told } of this.#states) Object.assign(told, this.chain.seen)
  }

  /** Whether a further wrong code would be answered without a wait after it. */
  get mayFail(): boolean {
    return this.#states.every((state) => this.#model.left(state, seconds(Date.now())) > 1)
  }

  /** Does something and keeps account of it. */
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

  /** Keeps the states that explain an answer; where none does, something is wrong. */
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

  /** A wrong code was answered: the count goes on from where it stood, also through a crash. */
  #compareLeft(attemptsLeft: number | undefined): void {
    if (attemptsLeft !== undefined)
      this.expect('attempts that are left', attemptsLeft, (state) =>
        this.#model.left(state, seconds(Date.now())),
      )
  }

  /**
   * After a crash: the history must hold what was acknowledged, and says whether what was in flight
   * happened. That is made again, and so is what was accepted: the answers must be the model's.
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

  /** Keeps the states that the history shows, with what was in flight or without it. */
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

  /** Presents what was accepted before the crash once more: with its idempotency key, and as if it were new. */
  async #presentAgain(act: Act<C>): Promise<void> {
    if (act.asNew) {
      const made = { act, at: Date.now() }
      const repeated = await tried(act.call)
      this.#countRetry(repeated)
      this.#explain(made, repeated)
    }
    await this.presentAsNew(act)
  }

  /** Presents what was accepted as if it had not been. */
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

  /** The branches that the history agrees with; where it agrees with none, something is wrong. */
  #shownOf(branches: Branch<S>[]): Branch<S>[] {
    const compared = branches
      .map((branch) => ({ branch, faults: this.#faultsOf(branch.state) }))
      .sort((a, b) => a.faults.length - b.faults.length)
    const shown = compared.filter(({ faults }) => faults.length === 0)
    if (shown.length > 0) return shown.map(({ branch }) => branch)
    // The branch with the fewest faults explains best. Each is counted once: from here on the history counts.
    return compared.slice(0, 1).map(({ branch, faults: [fault] }) => {
      if (fault) {
        const { name, is, must } = fault
        this.#fault(is < must ? 'lost' : 'double', `"${name}" is there ${is} times, not ${must},`)
      }
      branch.state.told = { ...this.chain.seen }
      return branch
    })
  }

  /**
   * What the history holds too seldom or too often for a state. A thing that no answer named may be there
   * once: its type is counted.
   */
  #faultsOf({ told }: S): { name: string; is: number; must: number }[] {
    const { seen } = this.chain
    const heard = Object.entries(told)
      .filter(([name]) => !isUnheard(name))
      .map(([name, must]) => ({ name, is: seen[name] ?? 0, must }))
    const others = Object.entries(seen)
      .filter(([name]) => !(name in told))
      .map(([name, is]) => ({ name, is, must: name.includes(' ') ? Math.min(is, 1) : 0 }))
    return [...heard, ...others].filter(({ is, must }) => is !== must)
  }

  /** Compares what the service says of something else with what the states say of it. */
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

  #fault(kind: 'lost' | 'double', told: string): false {
    this.#keeping.tally.fault(kind, `${told} of ${this.chain.told}`)
    return false
  }

  #odd(act: Act<C>, outcome: Outcome): false {
    const answer = 'lost' in outcome ? outcome.lost : JSON.stringify(outcome)
    this.#keeping.tally.fault('odd', `${act.kind} of ${this.chain.told}: ${answer}`)
    return false
  }
}

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)
