// Counts of an environment. They are estimates: the Worker counts in memory and writes from time to time.
import * as z from 'zod/mini'
import { METHODS } from './assurance.ts'
import { ActionName, EnvironmentId, EpochSeconds } from './common.ts'

/** `day`: the last 24 hours by the hour. `month`: the last 31 days by the day. */
export const STATS_RANGES = ['day', 'month'] as const

/**
 * The events that are counted. For policy checks: `check` counts each one, `asked` those that required a
 * step-up or an enrollment, `denied` those that were denied, and `observed` those for which a rule in
 * `observe` mode would have asked. For step-ups: `passed` and `failed`. `used` counts accepted tokens.
 */
export const STATS_EVENTS = [
  ...(['check', 'asked', 'denied', 'observed'] as const),
  ...(['passed', 'failed', 'used'] as const),
] as const
export type StatsEvent = (typeof STATS_EVENTS)[number]

export const StatsInput = z.strictObject({
  environment: EnvironmentId,
  range: z.enum(STATS_RANGES),
})
export type StatsInput = z.infer<typeof StatsInput>

/** `action` is null for a step-up that asked for no scope; `method` is null for checks. */
export const StatsRow = z.strictObject({
  /** The beginning of the hour or day (UTC). */
  at: EpochSeconds,
  event: z.enum(STATS_EVENTS),
  action: z.nullable(ActionName),
  method: z.nullable(z.enum(METHODS)),
  count: z.int(),
})
export type StatsRow = z.infer<typeof StatsRow>

/** An hour or day without a row has the count 0. */
export const StatsResult = z.strictObject({
  from: EpochSeconds,
  until: EpochSeconds,
  bucketSeconds: z.int(),
  rows: z.array(StatsRow),
})
export type StatsResult = z.infer<typeof StatsResult>
