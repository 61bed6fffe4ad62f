// Rules: the step-up that an action needs, and the decision whether it is needed now.
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
import { FACTOR_KINDS } from './factor.ts'

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
  /** Accepts only tokens that are bound to a key of their client (RFC 9449). */
  dpop: z.boolean(),
  mode: z.enum(MODES),
}

/** The complete rule of an action. */
export const Rule = z.strictObject(ruleMembers)
export type Rule = z.infer<typeof Rule>

/** A part of a rule. Members that it leaves out keep their default. */
export const RulePart = z.partial(Rule)
export type RulePart = z.infer<typeof RulePart>

/** The title of an action, and a text that completes "You are about to", such as `refund an order`. */
const wordMembers = { title: z.optional(Label), sentence: z.optional(Sentence) }

/** One action of an environment, as an operator writes it. It can replace the rule of a built-in action. */
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

/** The session token and country (ISO 3166-1) of the user whose call a resource guards. */
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
 * Names the action by its name or by its scope. Only a resource sends `subject` and `context`, to ask
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

/** The decision whether an action may run now, and the requirements for its token. */
export const PolicyDecision = z.strictObject({
  decision: z.enum(DECISIONS),
  required: z.boolean(),
  reason: z.enum(DECISION_REASONS),
  action: ActionName,
  scope: ScopeName,
  methods: z.array(z.enum(METHODS)),
  /** The kinds of factor that satisfy the rule and can be enrolled. Version 0.1.0 does not send it. */
  enrollable: z.optional(z.array(z.enum(FACTOR_KINDS))),
  acr: z.enum(ACRS),
  singleUse: z.boolean(),
  lifetimeSeconds: z.int(),
  freshnessSeconds: z.int(),
  details: z.enum(DETAILS_RULES),
  dpop: z.boolean(),
  ...wordMembers,
  /** For a page that sent details: the titles and `display` of their schema, for `rowsOf`. */
  display: z.optional(z.record(z.string(), z.unknown())),
})
export type PolicyDecision = z.infer<typeof PolicyDecision>

/** The rules of one audience, which its guard caches. */
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
      dpop: z.boolean(),
      mode: z.enum(MODES),
      conditional: z.boolean(),
    }),
  ),
})
export type PolicyList = z.infer<typeof PolicyList>

/** The requirement that a call did not meet when it was refused with `step_up_required`. */
export type Requirement = Pick<
  PolicyDecision,
  'action' | 'scope' | 'methods' | 'acr' | 'freshnessSeconds' | 'details'
>
