// A cache in the memory of an isolate, with limits on size and age.

/** A map whose entries expire after some seconds. It removes the oldest entry when it is full. */
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
    // Entries from the future count as expired, so that a clock that was set back does not extend their lifetime.
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
