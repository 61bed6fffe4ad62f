// A chain of history as an operator reads it over the API: what is new in it since it was last read,
// counted by what it tells; whether it still holds what it held; and whether it verifies.
import type { CountersignClient } from '../../../client/index.ts'
import type { AuditEvent } from '../../../contract/index.ts'
import { record } from '../../../test/state/model/state.ts'
import type { Tally } from './tally.ts'

/** Whose chain: a user's, an environment's, or, without either, the directory's. */
export interface ChainName {
  environment?: string
  subject?: string
}

/** How wrong codes are counted, whose events have types of refusals. */
export const FAILURE = 'failure'
export const CODE_REASONS: unknown[] = ['invalid_code', 'code_already_used']

export class Chain {
  /** What it holds, as the model counts it: by type, and by each thing that an event is about. */
  readonly seen: Record<string, number> = {}
  /** What was found wrong with passkeys. */
  readonly faults = new Set<unknown>()
  readonly #name: ChainName
  readonly #operator: CountersignClient
  readonly #tally: Tally
  #seq = 0
  #hash: string | undefined

  constructor(name: ChainName, operator: CountersignClient, tally: Tally) {
    this.#name = name
    this.#operator = operator
    this.#tally = tally
  }

  get told(): string {
    return Object.values(this.#name).join('/') || 'the directory'
  }

  /** Reads what is new in it. */
  async read(): Promise<void> {
    const events = await this.#newEvents()
    for (const event of events) {
      record(this.seen, event)
      if (CODE_REASONS.includes(event.data.reason))
        this.seen[FAILURE] = (this.seen[FAILURE] ?? 0) + 1
      if (event.data.fault) this.faults.add(event.data.fault)
    }
    const newest = events[0]
    this.#tally.events += events.length
    if (newest) [this.#seq, this.#hash] = [newest.seq, newest.hash]
  }

  /** Newest first, back to the newest of the last time, which must still be there as it was. */
  async #newEvents(): Promise<AuditEvent[]> {
    const fresh: AuditEvent[] = []
    let cursor: string | undefined
    do {
      const page = await this.#operator.audit.list.query({
        ...this.#name,
        ...(cursor && { cursor }),
      })
      for (const event of page.events) {
        if (event.seq > this.#seq) fresh.push(event)
        else if (event.seq === this.#seq && event.hash === this.#hash) return fresh
        else break
      }
      cursor = page.cursor
    } while (cursor !== undefined)
    if (this.#seq > 0)
      this.#tally.fault('lost', `event ${this.#seq} of ${this.told} is not there as it was`)
    return fresh
  }

  /** Has the whole of it verified, and its end compared with the newest that was read. */
  async verify(): Promise<void> {
    let cursor: string | undefined
    do {
      const page = await this.#operator.audit.verify.query({
        ...this.#name,
        ...(cursor && { cursor }),
      })
      cursor = page.cursor
      if (!page.intact) {
        this.#tally.fault('broken', `the chain of ${this.told} at event ${page.brokenAt}`)
        return
      }
      if (cursor !== undefined) continue
      const whole = page.count === this.#seq && (this.#seq === 0 || page.head === this.#hash)
      if (!whole) this.#tally.fault('broken', `the chain of ${this.told} ends elsewhere`)
    } while (cursor !== undefined)
    this.#tally.chains += 1
  }
}
