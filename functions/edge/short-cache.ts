// A cache in the memory of an isolate, bounded in size and in time.

/** A map whose entries are forgotten after some seconds, and the oldest when there are too many. */
export class ShortCache<V> {
  readonly #entries = new Map<string, { value: V; from: number; until: number }>()
  readonly #limit: number
  readonly #lifetimeSeconds: number

  constructor(limit: number, lifetimeSeconds: number) {
    this.#limit = limit
    this.#lifetimeSeconds = lifetimeSeconds
  }

  get(key: string, now: number): V | undefined {
    const entry = this.#entries.get(key)
    // Entries from the future expire too: a clock that was set back must not extend their lifetime.
    return entry && entry.from <= now && entry.until > now ? entry.value : undefined
  }

  set(key: string, value: V, now: number, lifetimeSeconds = this.#lifetimeSeconds): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, from: now, until: now + lifetimeSeconds })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > this.#limit && oldest !== undefined) this.#entries.delete(oldest)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
}
