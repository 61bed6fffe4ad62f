// The one place that asks for the time and for randomness; rules are handed both.

/** Now, in epoch seconds. */
export const epochSeconds = (): number => Math.floor(Date.now() / 1000)

/** Random bytes from the platform's generator. */
export const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length))
