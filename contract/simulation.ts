// Simulates a rule: the decision for a user or for invented facts, and an explanation of it.
import * as z from 'zod/mini'
import { ActionName, Details, EnvironmentId, EpochSeconds, SubjectId } from './common.ts'
import { EnvironmentSettings } from './environment.ts'
import { PolicyDecision } from './policy.ts'

/** The facts about a user that a rule can read. A fact that is left out is unknown. */
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
 * The call to simulate. `subject` names a user whose facts are read. `facts` gives invented facts instead.
 * Without either, the user has never enrolled. `settings` is a draft that replaces the current settings.
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
 * `decision` is the answer of a check. If the rule is in `observe` mode, `wouldAsk` is the decision that
 * the enforced rule would make. `trace` explains the decision, one sentence for each part.
 */
export const PolicySimulateResult = z.strictObject({
  decision: PolicyDecision,
  wouldAsk: z.optional(PolicyDecision),
  trace: z.array(z.string()),
})
export type PolicySimulateResult = z.infer<typeof PolicySimulateResult>
