// Evaluates the conditions of an action, and returns its rule in effect for one call. A `stricter` entry can only
// make a rule stronger. trace.ts explains why a condition matched.
import {
  acrReaches,
  DETAILS_RULES,
  REQUIRES,
  type Rule,
  type RulePart,
  readsDetails,
  withinReason,
} from '../../../contract/index.ts'
import { type Conditions, type Facts, type Outcome, variablesOf } from '../conditions/condition.ts'
import type { Action } from './policy.ts'

/** The outcome of one `stricter` entry. `entry` counts from 1. */
export type Verdict = { entry: number; when: string } & Outcome

const NO_DETAILS = 'it reads details and the call has no details'

/**
 * Returns an action with the rule in effect for one call, and the outcome of each `stricter` entry. Returns an
 * action without conditions unchanged.
 *
 * @param conditions the loaded library; without it, every entry counts as matched
 * @example effectiveAction(action, facts, await loadConditions()).action.rule.acr // 'phr'
 */
export function effectiveAction(
  action: Action,
  facts: Facts,
  conditions: Conditions | undefined,
): { action: Action; verdicts: Verdict[] } {
  if (!action.conditional) return { action, verdicts: [] }
  const variables = variablesOf(facts, action.detailsSchema)
  const verdicts = action.stricter.map(({ when }, index): Verdict => {
    const named = { entry: index + 1, when }
    if (!conditions) return { ...named, outcome: 'failed', why: 'conditions cannot be evaluated' }
    // Not evaluated, because `country == "NL" && details.x` could be false without reading the details.
    if (!facts.details && readsDetails(when))
      return { ...named, outcome: 'failed', why: NO_DETAILS }
    return { ...named, ...conditions.evaluate(when, variables) }
  })
  const rule = action.stricter
    .filter((_entry, index) => verdicts[index]?.outcome !== 'unmatched')
    .reduce((before, { part }) => strengthen(before, part), action.rule)
  return { action: { ...action, rule }, verdicts }
}

/**
 * Returns a rule with the stronger of two values for each member.
 *
 * @example strengthen(rule, { acr: 'phr', methods: ['passkey'] })
 */
export function strengthen(rule: Rule, part: RulePart): Rule {
  const { methods } = part
  const left = methods ? rule.methods.filter((method) => methods.includes(method)) : rule.methods
  const require = later(REQUIRES, rule.require, part.require)
  return withinReason({
    require: methods && left.length === 0 ? 'deny' : require,
    methods: left,
    acr: part.acr && acrReaches(part.acr, rule.acr) ? part.acr : rule.acr,
    singleUse: rule.singleUse || part.singleUse === true,
    lifetimeSeconds: Math.min(rule.lifetimeSeconds, part.lifetimeSeconds ?? Infinity),
    freshnessSeconds: Math.min(rule.freshnessSeconds, part.freshnessSeconds ?? Infinity),
    details: later(DETAILS_RULES, rule.details, part.details),
    acceptsMfaToken: rule.acceptsMfaToken && part.acceptsMfaToken !== false,
    dpop: rule.dpop || part.dpop === true,
    mode: rule.mode === 'enforce' || part.mode === 'enforce' ? 'enforce' : 'observe',
  })
}

/** Returns the stronger of two values, in an order from the weakest to the strongest. */
const later = <T extends string>(order: readonly T[], a: T, b: T | undefined): T =>
  b !== undefined && order.indexOf(b) > order.indexOf(a) ? b : a
