// Rules as the service, the guard and the dashboard apply them: the complete rule of a settings entry,
// and the methods that satisfy it.
import {
  BUILT_IN_ACTIONS,
  type BuiltInAction,
  CREDENTIAL_ACTIONS,
  type CredentialAction,
} from '../actions.ts'
import { type Acr, acrReaches, METHOD_ACR, type Method } from '../assurance.ts'
import type { ActionEntry, Requirement, Rule } from '../policy.ts'
import { BUILT_IN_RULES, DEFAULT_RULE } from '../rules.ts'

export const isBuiltIn = (action: string): action is BuiltInAction =>
  Object.hasOwn(BUILT_IN_ACTIONS, action)

/** Returns whether an action changes factors. Its rule may be made stronger, never weaker. */
export const isCredentialAction = (action: string): action is CredentialAction =>
  CREDENTIAL_ACTIONS.some((name) => name === action)

/**
 * Returns the defaults with the members of a part in their place. Undefined members change nothing.
 *
 * @example overlay({ digits: 6, enabled: true }, { digits: 8 }) // { digits: 8, enabled: true }
 */
export function overlay<T extends object>(
  defaults: T,
  part: { [K in keyof T]?: T[K] | undefined } = {},
): T {
  const defined = Object.entries(part).filter(([, value]) => value !== undefined)
  return Object.assign({ ...defaults }, Object.fromEntries(defined))
}

/**
 * Returns the rule of an entry without its conditions: its base over the defaults of its action. If the
 * base gives no `freshnessSeconds`, the lifetime is used for it.
 *
 * @example baseRuleOf({ action: 'order.refund', scope: 'orders:refund', base: { require: 'always' } })
 */
export function baseRuleOf({ action, base = {} }: ActionEntry): Rule {
  const defaults = isBuiltIn(action) ? BUILT_IN_RULES[action] : DEFAULT_RULE
  const lifetimeSeconds = base.lifetimeSeconds ?? defaults.lifetimeSeconds
  const freshnessSeconds = base.freshnessSeconds ?? lifetimeSeconds
  return withinReason(overlay({ ...defaults, lifetimeSeconds, freshnessSeconds }, base))
}

/**
 * Returns the rule of an entry that applies if none of its conditions is met.
 *
 * @example ruleOf({ action: 'order.refund', stricter: [{ when: 'details.amount > 9', acr: 'phr' }] })
 */
export function ruleOf(entry: ActionEntry): Rule {
  const rule = baseRuleOf(entry)
  const stricter = entry.stricter ?? []
  return withinReason({
    ...rule,
    // A condition on the details can be evaluated only for a call that sends them.
    details: stricter.some(({ when }) => readsDetails(when)) ? 'required' : rule.details,
    // A legacy token names no action, so no condition was evaluated when it was issued. If any condition
    // forbids legacy tokens, the action never accepts one.
    acceptsMfaToken:
      rule.acceptsMfaToken && stricter.every(({ acceptsMfaToken }) => acceptsMfaToken !== false),
  })
}

/** Returns whether a condition may read the details of a call. It can return true for one that does not. */
export const readsDetails = (when: string): boolean => /\bdetails\b/.test(when)

/** Returns whether a rule accepts a legacy token, which is bound to no details and never reaches `phr`. */
export const takesLegacy = (rule: Pick<Rule, 'acceptsMfaToken' | 'details' | 'acr'>): boolean =>
  rule.acceptsMfaToken && rule.details !== 'required' && rule.acr !== 'phr'

/** Returns the rule with `acceptsMfaToken` false if its other members rule out legacy tokens. */
export const withinReason = (rule: Rule): Rule => ({ ...rule, acceptsMfaToken: takesLegacy(rule) })

/** The methods that an environment offers, and the highest level that its assertions may reach. */
export interface Offered {
  totp: boolean
  passkey: boolean
  recovery: boolean
  assertion: Acr | null
}

/** The assurance level that each method reaches; null for a method that is not offered. */
export type Levels = Record<Method, Acr | null>

/** The highest level of each method. An assertion names its own level; only the service knows a lower limit. */
const HIGHEST_LEVELS: Levels = { ...METHOD_ACR, assertion: 'phr' }

/** Returns the assurance level that each method reaches in an environment. */
export const levelsOf = ({ totp, passkey, recovery, assertion }: Offered): Levels => ({
  totp: totp ? METHOD_ACR.totp : null,
  passkey: passkey ? METHOD_ACR.passkey : null,
  recovery: recovery ? METHOD_ACR.recovery : null,
  assertion,
})

/**
 * Returns the methods of a rule that reach its assurance level.
 *
 * @example reachingMethods({ methods: ['totp', 'passkey'], acr: 'phr' }) // ['passkey']
 */
export const reachingMethods = (
  { methods, acr }: Pick<Rule, 'methods' | 'acr'>,
  levels = HIGHEST_LEVELS,
): Method[] => methods.filter((method) => acrReaches(levels[method], acr))

/** Returns the requirement that a refusal reports for a rule. */
export const requirementOf = (rule: Requirement, levels?: Levels): Requirement => {
  const { action, scope, acr, freshnessSeconds, details } = rule
  return { action, scope, methods: reachingMethods(rule, levels), acr, freshnessSeconds, details }
}
