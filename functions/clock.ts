// Reads the time and random bytes from the platform. Rules get both as parameters.

/** Returns the current time in epoch seconds. */
export const epochSeconds = (): number => Math.floor(Date.now() / 1000)

/** Returns random bytes from the platform's generator. */
export const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length))
