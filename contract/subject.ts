// A user as an operator sees them, and what an operator can do for them.
import * as z from 'zod/mini'
import { EnvironmentId, EpochSeconds, Label, SubjectId } from './common.ts'
import { Factor } from './factor.ts'

/** Names a user. `reason` says why an operator changes something for them. */
export const SubjectReference = z.strictObject({
  environment: EnvironmentId,
  subject: SubjectId,
  reason: z.optional(Label),
})
export type SubjectReference = z.infer<typeof SubjectReference>

export const SubjectView = z.strictObject({
  subject: SubjectId,
  /** False if nothing was ever stored about this user. */
  known: z.boolean(),
  enrolled: z.boolean(),
  factors: z.array(Factor),
  pendingEnrollments: z.int(),
  recovery: z.strictObject({ remaining: z.int(), total: z.int(), acknowledged: z.boolean() }),
  attempts: z.strictObject({
    consecutiveFailures: z.int(),
    failuresLastDay: z.int(),
    failuresLastMonth: z.int(),
    locked: z.boolean(),
    retryAt: z.nullable(EpochSeconds),
  }),
  liveTokens: z.int(),
})
export type SubjectView = z.infer<typeof SubjectView>

export const UnlockResult = z.strictObject({ unlocked: z.literal(true) })
export type UnlockResult = z.infer<typeof UnlockResult>

export const ResetFactorsResult = z.strictObject({ removed: z.int(), endedTokens: z.int() })
export type ResetFactorsResult = z.infer<typeof ResetFactorsResult>

export const EndTokensResult = z.strictObject({ endedTokens: z.int() })
export type EndTokensResult = z.infer<typeof EndTokensResult>
