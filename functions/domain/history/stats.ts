// Statistics: the hours and days in which events are counted, and the sums of several counting objects.
import type { StatsInput, StatsRow } from '../../../contract/index.ts'
import { DAY_SECONDS, HOUR_SECONDS } from '../factors/throttle.ts'

/** The width of a bucket, how long it is stored, and the length of the range, for each range. */
export const BUCKETS = {
  day: { bucketSeconds: HOUR_SECONDS, keepSeconds: 2 * DAY_SECONDS, spanSeconds: DAY_SECONDS },
  month: {
    bucketSeconds: DAY_SECONDS,
    keepSeconds: 33 * DAY_SECONDS,
    spanSeconds: 31 * DAY_SECONDS,
  },
} as const satisfies Record<StatsInput['range'], object>

/** Returns the start and end of a range, and the width of its buckets. */
export function rangeOf(range: StatsInput['range'], now: number) {
  const { bucketSeconds, spanSeconds } = BUCKETS[range]
  const until = Math.floor(now / bucketSeconds) * bucketSeconds + bucketSeconds
  return { from: until - spanSeconds, until, bucketSeconds }
}

/** Adds up the rows of several counting objects. */
export function addUp(shards: StatsRow[][]): StatsRow[] {
  const sums = new Map<string, StatsRow>()
  for (const row of shards.flat()) {
    const key = JSON.stringify([row.at, row.event, row.action, row.method])
    const sum = sums.get(key)
    if (sum) sum.count += row.count
    else sums.set(key, { ...row })
  }
  return [...sums.values()].sort((a, b) => a.at - b.at)
}
