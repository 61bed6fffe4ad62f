// Trying a rule out: the decision for a user, or for facts that are made up, and how it came about.
import * as z from 'zod/mini'
import { ActionName, Details, EnvironmentId, EpochSeconds, SubjectId } from './common.ts'
import { EnvironmentSettings } from './environment.ts'
import { PolicyDecision } from './policy.ts'

/** What is known of a user; what is left out is unknown. */
export const SubjectFacts = z.strictObject({
  enrolled: z.boolean(),
  totp: z.boolean(),
  passkey: z.boolean(),
  recovery: z.boolean(),
  newestFactorAgeSeconds: z.optional(z.int().check(z.nonnegative())),
  lastStepUpAgeSeconds: z.optional(z.int().check(z.nonnegative())),
})
export type SubjectFacts = z.infer<typeof SubjectFacts>

/**
 * Which rule, for whom, and of what. `subject` names a user whose facts are read; `facts` makes them up;
 * with neither it is somebody who never enrolled. `settings` is a draft to use instead of what is in force.
 */
export const PolicySimulateInput = z.strictObject({
  environment: EnvironmentId,
  action: ActionName,
  subject: z.optional(SubjectId),
  facts: z.optional(SubjectFacts),
  details: z.optional(Details),
  session: z.optional(
    z.strictObject({
      claims: z.optional(z.record(z.string(), z.unknown())),
      ageSeconds: z.optional(z.int().check(z.nonnegative())),
    }),
  ),
  request: z.optional(
    z.strictObject({
      country: z.optional(z.string().check(z.regex(/^[A-Z]{2}$/))),
      time: z.optional(EpochSeconds),
    }),
  ),
  settings: z.optional(EnvironmentSettings),
})
export type PolicySimulateInput = z.infer<typeof PolicySimulateInput>

/**
 * `decision` is what a check would answer; where the rule is in `observe`, `wouldAsk` is what it would
 * have answered if it were enforced. `trace` explains the decision, one sentence for each part.
 */
export const PolicySimulateResult = z.strictObject({
  decision: PolicyDecision,
  wouldAsk: z.optional(PolicyDecision),
  trace: z.array(z.string()),
})
export type PolicySimulateResult = z.infer<typeof PolicySimulateResult>
