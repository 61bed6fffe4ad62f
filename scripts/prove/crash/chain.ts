// Reads a chain of events over the API as an operator: counts the new events by name, and checks that the earlier
// events are unchanged and that the chain verifies.
import type { CountersignClient } from '../../../client/index.ts'
import type { AuditEvent } from '../../../contract/index.ts'
import { record } from '../../../test/state/model/state.ts'
import type { Tally } from './tally.ts'

/** Names a chain: of a user, of an environment, or without either, of the directory. */
export interface ChainName {
  environment?: string
  subject?: string
}

/** The name under which wrong codes are counted, because their events have several types. */
export const FAILURE = 'failure'
export const CODE_REASONS: unknown[] = ['invalid_code', 'code_already_used']

export class Chain {
  /** The number of events by name, as the model counts them: by type, and by each id in an event. */
  readonly seen: Record<string, number> = {}
  /** The faults of passkeys in the events. */
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

  get label(): string {
    return Object.values(this.#name).join('/') || 'the directory'
  }

  /** Reads the new events. */
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

  /** Returns the new events, newest first. The newest event of the last read must be unchanged. */
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
      this.#tally.fault('lost', `event ${this.#seq} of ${this.label} is missing or changed`)
    return fresh
  }

  /** Lets the service verify the whole chain, and compares its end with the newest event that was read. */
  async verify(): Promise<void> {
    let cursor: string | undefined
    do {
      const page = await this.#operator.audit.verify.query({
        ...this.#name,
        ...(cursor && { cursor }),
      })
      cursor = page.cursor
      if (!page.intact) {
        this.#tally.fault('broken', `the chain of ${this.label} at event ${page.brokenAt}`)
        return
      }
      if (cursor !== undefined) continue
      const whole = page.count === this.#seq && (this.#seq === 0 || page.head === this.#hash)
      if (!whole) this.#tally.fault('broken', `the chain of ${this.label} ends at another event`)
    } while (cursor !== undefined)
    this.#tally.chains += 1
  }
}
