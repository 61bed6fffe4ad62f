// Statistics: the hours and days in which events are counted, and how rows are added up.
import type { StatsInput, StatsRow } from '../../../contract/index.ts'
import { DAY_SECONDS, HOUR_SECONDS } from '../factors/throttle.ts'

/** For each range that can be asked for: how wide its buckets are, how many it has, how long they stay. */
export const BUCKETS = {
  day: { bucketSeconds: HOUR_SECONDS, keepSeconds: 2 * DAY_SECONDS, spanSeconds: DAY_SECONDS },
  month: {
    bucketSeconds: DAY_SECONDS,
    keepSeconds: 33 * DAY_SECONDS,
    spanSeconds: 31 * DAY_SECONDS,
  },
} as const satisfies Record<StatsInput['range'], object>

/** The buckets that a range has now. */
export function rangeOf(range: StatsInput['range'], now: number) {
  const { bucketSeconds, spanSeconds } = BUCKETS[range]
  const until = Math.floor(now / bucketSeconds) * bucketSeconds + bucketSeconds
  return { from: until - spanSeconds, until, bucketSeconds }
}

/** Rows of several shards as rows of one. */
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
