// Counts of an environment: estimates, gathered in the memory of the Worker and written now and then.
import * as z from 'zod/mini'
import { METHODS } from './assurance.ts'
import { ActionName, EnvironmentId, EpochSeconds } from './common.ts'

/** The last 24 hours by the hour, or the last 31 days by the day. */
export const STATS_RANGES = ['day', 'month'] as const

/**
 * What is counted. Of checks: `check` each one; `asked` where the answer was a step-up or an enrollment;
 * `denied`; `observed` where a rule in `observe` would have asked. Of step-ups: `passed` and `failed`. `used`: a
 * resource accepted a token.
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

/** Buckets without a row counted nothing. */
export const StatsResult = z.strictObject({
  from: EpochSeconds,
  until: EpochSeconds,
  bucketSeconds: z.int(),
  rows: z.array(StatsRow),
})
export type StatsResult = z.infer<typeof StatsResult>
