// Policy: the actions of an environment with their rules, and the decision for one user. grant.ts applies a rule to
// a token. settings.ts checks the rules in a settings document.
import {
  type ActionEntry,
  BUILT_IN_ACTIONS,
  BUILT_IN_RULES,
  type BuiltInAction,
  FACTOR_KINDS,
  type FactorKind,
  isBuiltIn,
  isCredentialAction,
  levelsOf,
  type Offered,
  type PolicyDecision,
  type Requirement,
  type Rule,
  type RulePart,
  reachingMethods,
  requirementOf as requirementOfRule,
  ruleOf,
} from '../../../contract/index.ts'
import type { DetailsSchema } from '../details/details-schema.ts'
import { refuse } from '../refusal.ts'
import type { Settings } from '../settings/settings.ts'

/** An action with its complete rule. */
export interface Action {
  action: string
  scope: string
  audience: string
  /** The rule if no condition matches. `strengthen.ts` returns the rule in effect for one call. */
  rule: Rule
  conditional: boolean
  stricter: readonly Stricter[]
  detailsSchema?: DetailsSchema
  title?: string
  sentence?: string
}

/** A part of a rule that applies if its condition matches or fails. */
export interface Stricter {
  when: string
  part: RulePart
}

/** Names an action, by its name or by its scope. */
export type ActionName = { action: string } | { scope: string }

/** The default settings entry of every built-in action. */
export const BUILT_IN_ENTRIES = Object.fromEntries(
  Object.entries(BUILT_IN_RULES).map(([action, base]) => [action, { action, base }]),
) as Record<BuiltInAction, { action: BuiltInAction; base: Rule }>

/** Returns the actions of an environment with these settings. */
export const actionsIn = (settings: Settings, issuer: string): Action[] =>
  resolveActions(
    settings.actions,
    issuer,
    settings.audiences[0] ?? issuer,
    settings.senderConstrained !== 'none',
  )

/**
 * Returns all actions of an environment: the built-in ones and the operator's entries, which can replace them.
 *
 * @param issuer the issuer of the environment, which is the audience of `credential.*`
 * @param defaultAudience the audience of every other action without an audience of its own
 * @param isBound true if the environment accepts only tokens that are bound to a key
 */
export function resolveActions(
  entries: readonly ActionEntry[],
  issuer: string,
  defaultAudience: string,
  isBound = false,
): Action[] {
  const written = new Map(entries.map((entry) => [entry.action, entry]))
  const builtIn = Object.keys(BUILT_IN_ACTIONS).map((action) => written.get(action) ?? { action })
  const own = entries.filter((entry) => !isBuiltIn(entry.action))
  return [...builtIn, ...own].map((entry) => ({
    action: entry.action,
    scope: isBuiltIn(entry.action) ? BUILT_IN_ACTIONS[entry.action] : (entry.scope ?? entry.action),
    audience: isCredentialAction(entry.action) ? issuer : (entry.audience ?? defaultAudience),
    rule: isBound ? { ...ruleOf(entry), dpop: true } : ruleOf(entry),
    conditional: (entry.stricter ?? []).length > 0,
    stricter: (entry.stricter ?? []).map(({ when, ...part }) => ({ when, part })),
    ...(entry.detailsSchema && { detailsSchema: entry.detailsSchema }),
    ...(entry.title && { title: entry.title }),
    ...(entry.sentence && { sentence: entry.sentence }),
  }))
}

/**
 * Returns the action of a name or scope.
 *
 * @throws Refused `unknown_action`
 */
export function findAction(actions: readonly Action[], name: ActionName): Action {
  const found = actions.find((known) =>
    'action' in name ? known.action === name.action : known.scope === name.scope,
  )
  return found ?? refuse('unknown_action')
}

/** Returns whether a rule denies every call: it says so, or it needs a step-up and has no method. */
export const isDenied = ({ require, methods }: Rule): boolean =>
  require === 'deny' || (require !== 'never' && methods.length === 0)

/** The kinds of confirmed factors that a user has, and whether unused recovery codes are left. */
export interface Possession {
  enrolled: boolean
  totp: boolean
  passkey: boolean
  recovery: boolean
}

/**
 * Decides whether an action may run now. docs/policy.md has the table: require × enrolled × usable × mode.
 *
 * @returns the decision, with the requirements for a token of the action
 * @example decide(action, { enrolled: true, totp: true, passkey: false, recovery: true }, offered)
 */
export function decide(action: Action, user: Possession, offered: Offered): PolicyDecision {
  const outcome = outcomeOf(action, user, offered)
  const observed = action.rule.mode === 'observe'
  const { decision, reason } = observed
    ? ({ decision: 'permit', reason: 'observe' } as const)
    : outcome
  return {
    decision,
    required: decision !== 'permit',
    reason,
    methods: outcome.methods,
    enrollable: outcome.decision === 'deny' ? [] : enrollableKinds(action.rule, offered),
    ...requirements(action),
  }
}

/** Returns the decision that a rule in `observe` mode would make if it were enforced. */
export const wouldDecide = (action: Action, user: Possession, offered: Offered): PolicyDecision =>
  decide({ ...action, rule: { ...action.rule, mode: 'enforce' } }, user, offered)

/** Returns what a rule in `observe` mode would have asked for now, or undefined if it would have permitted the call. */
export function observedBy(
  action: Action,
  user: Possession,
  offered: Offered,
): PolicyDecision['decision'] | undefined {
  if (action.rule.mode !== 'observe') return undefined
  const { decision } = wouldDecide(action, user, offered)
  return decision === 'permit' ? undefined : decision
}

function requirements({ action, scope, rule, title, sentence }: Action) {
  const { acr, singleUse, lifetimeSeconds, freshnessSeconds, details, dpop } = rule
  return {
    ...{ action, scope, acr, singleUse, lifetimeSeconds, freshnessSeconds, details, dpop },
    ...(title && { title }),
    ...(sentence && { sentence }),
  }
}

/** Returns the requirement that a refusal reports for an action. */
export const requirementOf = ({ action, scope, rule }: Action, offered: Offered): Requirement =>
  requirementOfRule({ ...rule, action, scope }, levelsOf(offered))

/** Returns the kinds of factor that satisfy a rule and can be enrolled. */
function enrollableKinds(rule: Rule, offered: Offered): FactorKind[] {
  const reaching = reachingMethods(rule, levelsOf(offered))
  return FACTOR_KINDS.filter((kind) => reaching.includes(kind))
}

type Outcome = Pick<PolicyDecision, 'decision' | 'reason' | 'methods'>

function outcomeOf(action: Action, user: Possession, offered: Offered): Outcome {
  const { rule } = action
  const reaching = reachingMethods(rule, levelsOf(offered))
  const own = reaching.filter((method) => method !== 'assertion' && user[method])
  const enrollable = enrollableKinds(rule, offered)
  const vouched = reaching.filter((method) => method === 'assertion')

  if (isDenied(rule)) return { decision: 'deny', reason: 'denied', methods: [] }
  if (rule.require === 'never') return { decision: 'permit', reason: 'never', methods: reaching }
  if (rule.require === 'whenEnrolled' && !user.enrolled) {
    return { decision: 'permit', reason: 'not_enrolled', methods: reaching }
  }
  if (own.length > 0 || (enrollable.length === 0 && vouched.length > 0)) {
    const reason = rule.require === 'always' ? 'always' : 'enrolled'
    return { decision: 'step_up', reason, methods: [...own, ...vouched] }
  }
  if (action.action === 'credential.link' && user.enrolled) {
    return { decision: 'deny', reason: 'operator_reset_needed', methods: [] }
  }
  return { decision: 'enroll', reason: 'no_usable_factor', methods: enrollable }
}
