// Explains a decision, with one sentence for each step.
import type { PolicyDecision, Rule, SubjectFacts } from '../../../contract/index.ts'
import { type Conditions, type Facts, formatValue, variablesOf } from '../conditions/condition.ts'
import type { Action } from './policy.ts'
import type { Verdict } from './strengthen.ts'

/** A decision, and everything that led to it. */
export interface Simulation {
  /** The action with its base rule. */
  asked: Action
  verdicts: readonly Verdict[]
  /** The action with the rule in effect. */
  inEffect: Action
  facts: Facts
  decision: PolicyDecision
  /** The decision of the enforced rule, if the rule in effect is in `observe` mode. */
  wouldAsk?: PolicyDecision | undefined
}

const ASKS: Record<Rule['require'], string> = {
  never: 'asks nobody',
  whenEnrolled: 'asks enrolled users',
  always: 'asks everybody',
  deny: 'refuses everybody',
}

/**
 * Returns the sentences that explain a decision.
 *
 * @param conditions the loaded library, if the action has conditions
 * @example traceOf(simulation, conditions)[1] // 'Entry 1 matched because details.amount is 1500 and 1500 > 1000.'
 */
export function traceOf(simulation: Simulation, conditions: Conditions | undefined): string[] {
  const { asked, verdicts, inEffect, facts, decision, wouldAsk } = simulation
  const variables = conditions && variablesOf(facts, asked.detailsSchema)
  return [
    describeBase(asked),
    ...verdicts.map((verdict) => {
      const read = variables && conditions.explain(verdict.when, variables)
      return describeEntry(verdict, read?.values ?? [], read?.filled ?? verdict.when)
    }),
    ...describeChange(asked.rule, inEffect.rule),
    describeUser(facts.subject),
    describeDecision(wouldAsk ?? decision, inEffect.rule),
    ...(wouldAsk
      ? ['The rule only observes, so the call is permitted and this decision is recorded.']
      : []),
  ]
}

function describeBase({ action, scope, rule }: Action): string {
  const { require, methods, acr, mode } = rule
  const observed = mode === 'observe' ? ', and only observes' : ''
  return `The base rule of ${action} (${scope}) ${ASKS[require]}: acr ${acr}, by ${list(methods, 'or')}${observed}.`
}

function describeEntry(
  verdict: Verdict,
  values: readonly { path: string; value: Parameters<typeof formatValue>[0] }[],
  filled: string,
): string {
  const read = values.map(({ path, value }) => `${path} is ${formatValue(value)}`)
  const name = `Entry ${verdict.entry}`
  if (verdict.outcome === 'failed')
    return `${name} could not be evaluated, because ${verdict.why}: so it counts as matched.`
  if (verdict.outcome === 'matched')
    return `${name} matched because ${list([...read, filled], 'and')}.`
  const because = read.length > 0 ? `${list(read, 'and')}, so that ` : ''
  return `${name} did not match: ${because}\`${filled}\` is false.`
}

function describeChange(before: Rule, after: Rule): string[] {
  const previous = membersOf(before)
  const changed = membersOf(after).filter((member, index) => member !== previous[index])
  return changed.length > 0 ? [`So the rule in effect has ${list(changed, 'and')}.`] : []
}

const membersOf = (rule: Rule): string[] => [
  `require ${rule.require}`,
  `methods ${list(rule.methods, 'or')}`,
  `acr ${rule.acr}`,
  `singleUse ${rule.singleUse}`,
  `lifetimeSeconds ${rule.lifetimeSeconds}`,
  `freshnessSeconds ${rule.freshnessSeconds}`,
  `details ${rule.details}`,
  `acceptsMfaToken ${rule.acceptsMfaToken}`,
  `dpop ${rule.dpop}`,
  `mode ${rule.mode}`,
]

const KINDS = { totp: 'TOTP', passkey: 'a passkey', recovery: 'recovery codes' } as const

function describeUser(subject: SubjectFacts): string {
  const { enrolled, newestFactorAgeSeconds, lastStepUpAgeSeconds } = subject
  const kinds = (['totp', 'passkey', 'recovery'] as const).filter((kind) => subject[kind])
  const ages = [
    newestFactorAgeSeconds !== undefined && `the newest factor is ${newestFactorAgeSeconds} s old`,
    lastStepUpAgeSeconds !== undefined && `the last step-up was ${lastStepUpAgeSeconds} s ago`,
  ].filter((age) => age !== false)
  const has = `has ${list(
    kinds.map((kind) => KINDS[kind]),
    'and',
  )}`
  const first = enrolled ? `The user has enrolled and ${has}` : `The user never enrolled and ${has}`
  return `${[first, ...ages].join('; ')}.`
}

const CONSEQUENCES: Record<PolicyDecision['decision'], string> = {
  permit: 'so the call is permitted',
  deny: 'so the call is denied',
  enroll: 'so the user must enroll',
  step_up: 'so a step-up is required',
}

function describeDecision({ decision, reason, methods, acr }: PolicyDecision, rule: Rule): string {
  const so = CONSEQUENCES[decision]
  switch (reason) {
    case 'never':
      return `The rule asks nobody, ${so}.`
    case 'not_enrolled':
      return `The rule asks only enrolled users, ${so}.`
    case 'denied':
      return rule.methods.length === 0 && rule.require !== 'deny'
        ? `No method is left, ${so}.`
        : `The rule in effect refuses everybody, ${so}.`
    case 'operator_reset_needed':
      return `${acr} is needed, and the user has no way left to add a factor, ${so}.`
    case 'no_usable_factor':
      return methods.length > 0
        ? `${acr} is needed, and the user has no factor for it, ${so} ${list(methods, 'or')}.`
        : `${acr} is needed, and no method of the rule can be enrolled for it, ${so}.`
    default:
      return `${acr} is needed, and the user can verify by ${list(methods, 'or')}, ${so}.`
  }
}

function list(words: readonly string[], last: 'and' | 'or'): string {
  if (words.length === 0) return 'nothing'
  const head = words.slice(0, -1).join(', ')
  const tail = words.at(-1) ?? ''
  return head ? `${head} ${last} ${tail}` : tail
}
