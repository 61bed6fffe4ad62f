// Rules: what an action asks of its user, and the answer to "is a step-up needed now?".
import * as z from 'zod/mini'
import { ACRS, METHODS } from './assurance.ts'
import {
  ActionName,
  Audience,
  CompactJwt,
  Details,
  Label,
  ScopeName,
  Sentence,
  SubjectId,
} from './common.ts'

/** From the weakest to the strongest. */
export const REQUIRES = ['never', 'whenEnrolled', 'always', 'deny'] as const
export const DETAILS_RULES = ['none', 'optional', 'required'] as const
export const MODES = ['enforce', 'observe'] as const

const ruleMembers = {
  require: z.enum(REQUIRES),
  methods: z.array(z.enum(METHODS)).check(z.maxLength(METHODS.length)),
  acr: z.enum(ACRS),
  singleUse: z.boolean(),
  lifetimeSeconds: z.int().check(z.gte(10), z.lte(3600)),
  freshnessSeconds: z.int().check(z.gte(10), z.lte(86_400)),
  details: z.enum(DETAILS_RULES),
  acceptsMfaToken: z.boolean(),
  mode: z.enum(MODES),
}

/** All that an action asks for. */
export const Rule = z.strictObject(ruleMembers)
export type Rule = z.infer<typeof Rule>

/** A part of a rule; what it leaves out keeps its default. */
export const RulePart = z.partial(Rule)
export type RulePart = z.infer<typeof RulePart>

/** An action in words: its title, and a sentence that follows "You are about to", like `refund an order`. */
const wordMembers = { title: z.optional(Label), sentence: z.optional(Sentence) }

/** One action of an environment, as an operator writes it. A built-in name replaces that rule. */
export const ActionEntry = z.strictObject({
  action: ActionName,
  scope: z.optional(ScopeName),
  audience: z.optional(Audience),
  ...wordMembers,
  detailsSchema: z.optional(z.record(z.string(), z.unknown())),
  base: z.optional(RulePart),
  stricter: z.optional(
    z
      .array(z.extend(RulePart, { when: z.string().check(z.minLength(1), z.maxLength(1024)) }))
      .check(z.maxLength(16)),
  ),
})
export type ActionEntry = z.infer<typeof ActionEntry>

/** What a resource sees of the call that it guards: the user's session token, and their country (ISO 3166-1). */
export const CallContext = z.strictObject({
  sessionToken: z.optional(CompactJwt),
  country: z.optional(z.string().check(z.regex(/^[A-Z]{2}$/))),
})
export type CallContext = z.infer<typeof CallContext>

const checkMembers = {
  details: z.optional(Details),
  subject: z.optional(SubjectId),
  context: z.optional(CallContext),
}

/**
 * Names the action by its name or by its scope; `subject` and `context` are for a resource asking
 * about its user.
 */
export const PolicyCheckInput = z.union([
  z.strictObject({ action: ActionName, ...checkMembers }),
  z.strictObject({ scope: ScopeName, ...checkMembers }),
])
export type PolicyCheckInput = z.infer<typeof PolicyCheckInput>

export const DECISIONS = ['permit', 'step_up', 'enroll', 'deny'] as const
export const DECISION_REASONS = [
  'never',
  'not_enrolled',
  'observe',
  'enrolled',
  'always',
  'no_usable_factor',
  'operator_reset_needed',
  'denied',
] as const

/** Whether the action may run now, and what a token for it must meet. */
export const PolicyDecision = z.strictObject({
  decision: z.enum(DECISIONS),
  required: z.boolean(),
  reason: z.enum(DECISION_REASONS),
  action: ActionName,
  scope: ScopeName,
  methods: z.array(z.enum(METHODS)),
  acr: z.enum(ACRS),
  singleUse: z.boolean(),
  lifetimeSeconds: z.int(),
  freshnessSeconds: z.int(),
  details: z.enum(DETAILS_RULES),
  ...wordMembers,
})
export type PolicyDecision = z.infer<typeof PolicyDecision>

/** The rules of one audience, as its guard keeps them. */
export const PolicyList = z.strictObject({
  version: z.int(),
  epoch: z.int(),
  audience: Audience,
  actions: z.array(
    z.strictObject({
      action: ActionName,
      scope: ScopeName,
      methods: z.array(z.enum(METHODS)),
      acr: z.enum(ACRS),
      singleUse: z.boolean(),
      freshnessSeconds: z.int(),
      details: z.enum(DETAILS_RULES),
      acceptsMfaToken: z.boolean(),
      mode: z.enum(MODES),
      conditional: z.boolean(),
    }),
  ),
})
export type PolicyList = z.infer<typeof PolicyList>

/** The requirement that a call refused with `step_up_required` does not meet. */
export type Requirement = Pick<
  PolicyDecision,
  'action' | 'scope' | 'methods' | 'acr' | 'freshnessSeconds' | 'details'
>
