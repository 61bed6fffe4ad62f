// Caches a fetched value for a minute. Callers that ask during a fetch wait for the same fetch. An expired
// value is never returned, even if the fetch fails.

export const KEPT_SECONDS = 60
/** The least time between two fetches of the rules that an unknown action or epoch causes. */
export const REFETCH_SECONDS = 10
/** The least time between two fetches of the key set that a token without a matching key causes. */
export const KEYS_REFETCH_SECONDS = 30
export const TIMEOUT_MS = 5000

/**
 * Returns the value, never older than a minute, or a promise of it while it is fetched. A caller that does not
 * find an entry in it asks for a younger value. It is fetched unless the last fetch began within
 * `wishedAgeSeconds`.
 */
export type Kept<T> = (wishedAgeSeconds?: number) => T | Promise<T>

/**
 * Caches the result of `fetchValue` for up to a minute.
 *
 * @param now returns epoch seconds
 * @returns a function that returns the value; its promise rejects if `fetchValue` rejects or takes too long
 * @example const rules = keep(fetchRules, now); await rules()
 */
export function keep<T extends object>(fetchValue: () => Promise<T>, now: () => number): Kept<T> {
  let kept: { value: T; at: number } | undefined
  let underWay: Promise<T> | undefined
  let triedAt = 0

  const refresh = (): Promise<T> => {
    // The age counts from the start of the fetch, so that no value is older than it seems.
    const at = now()
    triedAt = at
    const fetching: Promise<T> = fetchValue()
      .then((value) => {
        // A fetch that timed out may finish after a younger one.
        if (underWay === fetching) kept = { value, at }
        return value
      })
      .finally(() => {
        if (underWay === fetching) underWay = undefined
      })
    return fetching
  }

  return (wishedAgeSeconds = KEPT_SECONDS) => {
    const at = now()
    // If the clock was set back, the age of the value is unknown.
    if (kept && at < kept.at) kept = undefined
    const sinceTry = at - triedAt
    const isAwaited = underWay && wishedAgeSeconds < KEPT_SECONDS
    const isYoung = sinceTry >= 0 && sinceTry < wishedAgeSeconds
    if (kept && at - kept.at < KEPT_SECONDS && isYoung && !isAwaited) return kept.value
    underWay ??= refresh()
    const awaited = underWay
    return within(awaited, () => {
      // On Workers, a fetch ends with the request that began it.
      if (underWay === awaited) underWay = undefined
    })
  }
}

/**
 * Waits for a promise, but no longer than the timeout. Each caller has its own timer.
 *
 * @param onTimeout is called before the rejection
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
