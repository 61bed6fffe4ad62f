// What an isolate remembers for a short while: bounded in number and in time.

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
    // A clock that was set back would keep what it brought from ahead for longer than is allowed.
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
