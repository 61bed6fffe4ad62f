// A value that is fetched and kept for a while. Callers that ask during a fetch wait for the same fetch.
// An expired value is never returned, even if the fetch fails.

export const KEPT_SECONDS = 60
/** How often something that is not in the kept rules may cause another fetch. */
export const REFETCH_SECONDS = 10
/** How often a token that no kept key verifies may cause another fetch of the key set. */
export const KEYS_REFETCH_SECONDS = 30
export const TIMEOUT_MS = 5000

/**
 * Returns the value, never older than a minute. A caller that misses something in it asks for a younger
 * value and gets one, unless a fetch was tried recently. During a fetch, callers wait for it.
 */
export type Kept<T> = (wishedAgeSeconds?: number) => Promise<T>

/**
 * Keeps what `fetchValue` gives for up to a minute.
 *
 * @param now epoch seconds
 * @returns gives the value; rejects as `fetchValue` does, or when it takes too long
 * @example const rules = keep(fetchRules, now); await rules()
 */
export function keep<T extends object>(fetchValue: () => Promise<T>, now: () => number): Kept<T> {
  let kept: { value: T; at: number } | undefined
  let underWay: Promise<T> | undefined
  let triedAt = 0

  const refresh = (): Promise<T> => {
    // Counted from before the fetch, so that no value is older than it seems.
    const at = now()
    triedAt = at
    const fetching: Promise<T> = fetchValue()
      .then((value) => {
        // One that was given up may come back after a younger one.
        if (underWay === fetching) kept = { value, at }
        return value
      })
      .finally(() => {
        if (underWay === fetching) underWay = undefined
      })
    return fetching
  }

  return async (wishedAgeSeconds = KEPT_SECONDS) => {
    const at = now()
    // The clock was set back: then nothing is known of what is kept, nor of when it was tried for.
    if (kept && at < kept.at) kept = undefined
    const sinceTry = at - triedAt
    const isAwaited = underWay && wishedAgeSeconds < KEPT_SECONDS
    const isYoung = sinceTry >= 0 && sinceTry < wishedAgeSeconds
    if (kept && at - kept.at < KEPT_SECONDS && isYoung && !isAwaited) return kept.value
    underWay ??= refresh()
    const awaited = underWay
    return within(awaited, () => {
      // On Workers the request that began the fetch may be gone, and its fetch with it.
      if (underWay === awaited) underWay = undefined
    })
  }
}

/**
 * Waits for no longer than the timeout, with a timer of the asker's own.
 *
 * @param onTimeout what to do besides refusing
 */
export async function within<T>(work: Promise<T>, onTimeout: () => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      onTimeout()
      reject(new Error(`no answer within ${TIMEOUT_MS} ms`))
    }, TIMEOUT_MS)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
