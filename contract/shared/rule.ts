// Rules as both sides apply them: the whole rule of an entry, and which methods are strong enough for it.
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

/** Whether an action guards the factors themselves: its rule may be made stronger, never weaker. */
export const isCredentialAction = (action: string): action is CredentialAction =>
  CREDENTIAL_ACTIONS.some((name) => name === action)

/**
 * Lays what a part says over defaults; an absent or undefined member says nothing.
 *
 * @example overlay({ digits: 6, enabled: true }, { digits: 8 }) // { digits: 8, enabled: true }
 */
export function overlay<T extends object>(
  defaults: T,
  part: { [K in keyof T]?: T[K] | undefined } = {},
): T {
  const said = Object.entries(part).filter(([, value]) => value !== undefined)
  return Object.assign({ ...defaults }, Object.fromEntries(said))
}

/**
 * Returns the rule of an entry without its conditions: what its base says, over the defaults of its
 * action. `freshnessSeconds` follows the lifetime where only that one is given.
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
 * Returns the rule of an entry that holds whatever its conditions say.
 *
 * @example ruleOf({ action: 'order.refund', stricter: [{ when: 'details.amount > 9', acr: 'phr' }] })
 */
export function ruleOf(entry: ActionEntry): Rule {
  const rule = baseRuleOf(entry)
  const stricter = entry.stricter ?? []
  return withinReason({
    ...rule,
    // A condition over the details can be decided only for a call that names them.
    details: stricter.some(({ when }) => readsDetails(when)) ? 'required' : rule.details,
    // A legacy token says nothing of its action, so nothing was decided when it was issued, and it is
    // spent by the base rule: one entry that does not take it is enough.
    acceptsMfaToken:
      rule.acceptsMfaToken && stricter.every(({ acceptsMfaToken }) => acceptsMfaToken !== false),
  })
}

/** Whether a condition may read the details of a call. It says yes too often rather than too seldom. */
export const readsDetails = (when: string): boolean => /\bdetails\b/.test(when)

/** Whether a rule takes a legacy token, which names no details and is no passkey. */
export const takesLegacy = (rule: Pick<Rule, 'acceptsMfaToken' | 'details' | 'acr'>): boolean =>
  rule.acceptsMfaToken && rule.details !== 'required' && rule.acr !== 'phr'

/** Returns a rule that accepts a legacy token only where it can. */
export const withinReason = (rule: Rule): Rule => ({ ...rule, acceptsMfaToken: takesLegacy(rule) })

/** Which methods an environment offers, and how far its backend's assertions may reach. */
export interface Offered {
  totp: boolean
  passkey: boolean
  recovery: boolean
  assertion: Acr | null
}

/** How far each method reaches; null for one that is not offered. */
export type Levels = Record<Method, Acr | null>

/** An assertion says its own level, so only the service, which reads it, knows a lower limit. */
const HIGHEST_LEVELS: Levels = { ...METHOD_ACR, assertion: 'phr' }

/** Returns how far each method reaches in an environment. */
export const levelsOf = ({ totp, passkey, recovery, assertion }: Offered): Levels => ({
  totp: totp ? METHOD_ACR.totp : null,
  passkey: passkey ? METHOD_ACR.passkey : null,
  recovery: recovery ? METHOD_ACR.recovery : null,
  assertion,
})

/**
 * Returns the methods of a rule that reach its level.
 *
 * @example reachingMethods({ methods: ['totp', 'passkey'], acr: 'phr' }) // ['passkey']
 */
export const reachingMethods = (
  { methods, acr }: Pick<Rule, 'methods' | 'acr'>,
  levels = HIGHEST_LEVELS,
): Method[] => methods.filter((method) => acrReaches(levels[method], acr))

/** Returns what a refusal says about the rule that was not met. */
export const requirementOf = (rule: Requirement, levels?: Levels): Requirement => {
  const { action, scope, acr, freshnessSeconds, details } = rule
  return { action, scope, methods: reachingMethods(rule, levels), acr, freshnessSeconds, details }
}
