// Policy: the rule of an action, and the decision that a rule gives for one user.
// grant.ts says what a rule asks of a token, settings.ts what a settings document may say.
import {
  type ActionEntry,
  BUILT_IN_ACTIONS,
  BUILT_IN_RULES,
  type BuiltInAction,
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

/** An action with everything about it decided but the user. */
export interface Action {
  action: string
  scope: string
  audience: string
  /** What holds whatever the conditions say; `strengthen.ts` gives the rule of one call. */
  rule: Rule
  conditional: boolean
  stricter: readonly Stricter[]
  detailsSchema?: DetailsSchema
  title?: string
  sentence?: string
}

/** A part of a rule that holds where its condition matches, or fails. */
export interface Stricter {
  when: string
  part: RulePart
}

/** What may be looked up: by the action's name or by its scope. */
export type ActionName = { action: string } | { scope: string }

/** Every built-in action as it is where no operator wrote anything about it. */
export const BUILT_IN_ENTRIES = Object.fromEntries(
  Object.entries(BUILT_IN_RULES).map(([action, base]) => [action, { action, base }]),
) as Record<BuiltInAction, { action: BuiltInAction; base: Rule }>

/**
 * All actions of an environment: the built-in ones, replaced or joined by the operator's entries.
 *
 * @param issuer the environment's own address: the audience of `credential.*`
 * @param defaultAudience the audience of every other action that names none
 */
export function resolveActions(
  entries: readonly ActionEntry[],
  issuer: string,
  defaultAudience: string,
): Action[] {
  const written = new Map(entries.map((entry) => [entry.action, entry]))
  const builtIn = Object.keys(BUILT_IN_ACTIONS).map((action) => written.get(action) ?? { action })
  const own = entries.filter((entry) => !isBuiltIn(entry.action))
  return [...builtIn, ...own].map((entry) => ({
    action: entry.action,
    scope: isBuiltIn(entry.action) ? BUILT_IN_ACTIONS[entry.action] : (entry.scope ?? entry.action),
    audience: isCredentialAction(entry.action) ? issuer : (entry.audience ?? defaultAudience),
    rule: ruleOf(entry),
    conditional: (entry.stricter ?? []).length > 0,
    stricter: (entry.stricter ?? []).map(({ when, ...part }) => ({ when, part })),
    ...(entry.detailsSchema && { detailsSchema: entry.detailsSchema }),
    ...(entry.title && { title: entry.title }),
    ...(entry.sentence && { sentence: entry.sentence }),
  }))
}

/**
 * The action of a name or scope.
 *
 * @throws Refused `unknown_action`
 */
export function findAction(actions: readonly Action[], name: ActionName): Action {
  const found = actions.find((known) =>
    'action' in name ? known.action === name.action : known.scope === name.scope,
  )
  return found ?? refuse('unknown_action')
}

/** Whether a rule lets nobody through: it says so, or it leaves no method. Switched off is neither. */
export const isDenied = ({ require, methods }: Rule): boolean =>
  require === 'deny' || (require !== 'never' && methods.length === 0)

/** What a user has: confirmed factors by kind, and unspent recovery codes. */
export interface Possession {
  enrolled: boolean
  totp: boolean
  passkey: boolean
  recovery: boolean
}

/**
 * Decides whether an action may run now, by DESIGN's table: require × enrolled × usable × mode.
 *
 * @returns the decision with what a token for the action must meet
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
    ...requirements(action),
  }
}

/** What a rule in `observe` would have asked: the decision as if it were enforced. */
export const wouldDecide = (action: Action, user: Possession, offered: Offered): PolicyDecision =>
  decide({ ...action, rule: { ...action.rule, mode: 'enforce' } }, user, offered)

function requirements({ action, scope, rule, title, sentence }: Action) {
  const { acr, singleUse, lifetimeSeconds, freshnessSeconds, details } = rule
  return {
    ...{ action, scope, acr, singleUse, lifetimeSeconds, freshnessSeconds, details },
    ...(title && { title }),
    ...(sentence && { sentence }),
  }
}

/** Returns what a refusal says about the rule of an action that was not met. */
export const requirementOf = ({ action, scope, rule }: Action, offered: Offered): Requirement =>
  requirementOfRule({ ...rule, action, scope }, levelsOf(offered))

type Outcome = Pick<PolicyDecision, 'decision' | 'reason' | 'methods'>

function outcomeOf(action: Action, user: Possession, offered: Offered): Outcome {
  const { rule } = action
  const reaching = reachingMethods(rule, levelsOf(offered))
  const own = reaching.filter((method) => method !== 'assertion' && user[method])
  const enrollable = reaching.filter((method) => method === 'totp' || method === 'passkey')
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
