// Counts in the shape that plots and tables have: by time, by action and by method.
import type { StatsEvent, StatsResult } from 'countersign/contract'

export type Counts = Record<StatsEvent, number>

const NONE: Counts = { check: 0, asked: 0, denied: 0, observed: 0, passed: 0, failed: 0, used: 0 }

/** Counts under a name: of an hour, an action or a method. */
export interface Named extends Counts {
  name: string
  /** Checks that were let through without a question. */
  free: number
}

const withFree = (name: string, counts: Counts): Named => ({
  ...counts,
  name,
  free: Math.max(0, counts.check - counts.asked - counts.denied - counts.observed),
})

/** All of them together. */
export const totalOf = ({ rows }: StatsResult): Named => sum('all', rows)

function sum(name: string, rows: StatsResult['rows']): Named {
  const counts = { ...NONE }
  for (const { event, count } of rows) counts[event] += count
  return withFree(name, counts)
}

/** One for each bucket, those without a row too. */
export function byTime({ from, until, bucketSeconds, rows }: StatsResult): Named[] {
  const isHours = bucketSeconds < 86_400
  const label = new Intl.DateTimeFormat(
    undefined,
    isHours ? { hour: '2-digit', minute: '2-digit' } : { day: 'numeric', month: 'short' },
  )
  const at = Map.groupBy(rows, (row) => row.at)
  const first = Math.floor(from / bucketSeconds) * bucketSeconds
  const count = Math.min(64, Math.ceil((until - first) / bucketSeconds))
  return Array.from({ length: count }, (_, index) => {
    const start = first + index * bucketSeconds
    return sum(label.format(start * 1000), at.get(start) ?? [])
  })
}

/** The busiest first. */
export function by(member: 'action' | 'method', { rows }: StatsResult, none: string): Named[] {
  const groups = Map.groupBy(
    rows.filter((row) => member === 'action' || row.method !== null),
    (row) => row[member] ?? none,
  )
  return [...groups]
    .map(([name, own]) => sum(name, own))
    .sort((a, b) => b.check + b.passed + b.failed - (a.check + a.passed + a.failed))
}
