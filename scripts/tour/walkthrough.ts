// Prints the tour: numbered steps, requests, answers, and whether each answer is as expected. The other files of this
// folder have the steps.
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { reasonOf } from '../../client/index.ts'
import type { Reason } from '../../contract/index.ts'
import { covers } from '../covers.ts'
import { paint } from '../terminal.ts'

/** An unexpected answer. It is printed before this error is thrown. */
export class Deviation extends Error {}

export class Walkthrough {
  readonly #interrupted: AbortSignal
  #title = ''
  #begun = 0
  #held = 0
  #compared = 0

  constructor(interrupted: AbortSignal) {
    this.#interrupted = interrupted
  }

  /**
   * Runs one step and prints it. A step that compares nothing fails.
   *
   * @throws Deviation, or the error that ended the step
   */
  async step<T>(title: string, run: () => Promise<T>): Promise<T> {
    this.#interrupted.throwIfAborted()
    this.#begun += 1
    this.#title = title
    this.#compared = 0
    console.log(`\n${paint('bold', `${String(this.#begun).padStart(2)}  ${title}`)}`)
    const result = await run().catch((error) => this.#explain(error))
    if (this.#compared === 0) this.#deviate('something compared', 'nothing')
    this.#held += 1
    return result
  }

  /** Prints the next request. */
  asks(text: string): void {
    console.log(`    ${paint('cyan', '→')} ${text}`)
  }

  /** Prints the data behind an answer. */
  shows(...lines: string[]): void {
    for (const line of lines) console.log(paint('dim', `        ${line}`))
  }

  /**
   * Compares an answer with the expected one, and prints it.
   *
   * @param expected the members that the answer must have; other members are ignored
   * @throws Deviation
   */
  holds(text: string, actual: unknown, expected: unknown): void {
    if (!covers(actual, expected)) this.#deviate(show(expected), show(actual), text)
    this.#compared += 1
    console.log(`    ${paint('green', '✓')} ${text}`)
  }

  /**
   * Makes sure that a call is refused, and prints the reason.
   *
   * @returns the data of the refusal
   * @throws Deviation if the call is accepted, or refused for another reason
   */
  async refused(text: string, call: Promise<unknown>, reason: Reason) {
    const outcome = await call.then(
      (answer) => ({ answered: answer }),
      (error: unknown) => ({ error }),
    )
    if ('answered' in outcome) return this.#deviate(`refused: ${reason}`, show(outcome), text)
    const data = reasonOf(outcome.error)
    if (!data) throw outcome.error
    this.holds(`${text} ${paint('yellow', data.reason)}`, data.reason, reason)
    if (outcome.error instanceof Error) this.shows(outcome.error.message)
    return data
  }

  /** Waits. Ctrl-C ends the wait. */
  async waits(milliseconds: number, why: string): Promise<void> {
    this.shows(why)
    await sleep(milliseconds, undefined, { signal: this.#interrupted })
  }

  /**
   * Ends the walkthrough.
   *
   * @param steps the expected number of steps
   * @throws Deviation if a step is missing
   */
  close(steps: number): void {
    if (this.#held !== steps) this.#deviate(`${steps} steps`, `${this.#held}`, 'The tour is whole')
    console.log(`\n${paint(['bold', 'green'], `${steps} of ${steps} steps held.`)}`)
  }

  /** Prints where an interrupted walkthrough ended. */
  breakOff(): void {
    const where = `Broken off in step ${this.#begun} (${this.#title}); ${this.#held} steps held.`
    console.log(`\n${paint('red', where)}`)
  }

  /** Reports an unexpected refusal as a deviation. Throws any other error again. */
  #explain(error: unknown): never {
    const data = reasonOf(error)
    if (!data) throw error
    const message = error instanceof Error ? error.message : ''
    return this.#deviate('an answer', `refused: ${show(data)} ${message}`)
  }

  #deviate(expected: string, received: string, text = this.#title): never {
    console.log(`    ${paint('red', '✗')} ${text}`)
    console.log(`        expected  ${expected}`)
    console.log(`        received  ${received}`)
    throw new Deviation(text)
  }
}

const show = (value: unknown): string => inspect(value, { depth: 6, breakLength: 100 })
