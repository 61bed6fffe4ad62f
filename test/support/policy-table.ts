// Renders the tables of docs/policy.md from the rules that they describe.
import {
  ACRS,
  type Acr,
  type Offered,
  REQUIRES,
  type Rule,
  type RulePart,
  type SubjectFacts,
} from '../../contract/index.ts'
import type { Conditions } from '../../functions/domain/conditions/condition.ts'
import { type Action, decide } from '../../functions/domain/policy/policy.ts'
import { effectiveAction } from '../../functions/domain/policy/strengthen.ts'

const NOW = 1_800_000_000
export const WHEN = 'details.amount > 1000'
/** Details for which the condition is true, false, cannot be evaluated, and none at all. */
export const CASES = {
  true: { amount: 1500 },
  false: { amount: 10 },
  failing: { amount: 'much' },
  missing: undefined,
} as const
export type Case = keyof typeof CASES

export const BASE: Rule = {
  require: 'whenEnrolled',
  methods: ['totp', 'passkey', 'recovery'],
  acr: 'mfa',
  singleUse: false,
  lifetimeSeconds: 600,
  freshnessSeconds: 600,
  details: 'required',
  acceptsMfaToken: false,
  dpop: false,
  mode: 'enforce',
}
export const OFFERED: Offered = { totp: true, passkey: true, recovery: true, assertion: 'mfa' }
export const NOBODY: SubjectFacts = {
  enrolled: false,
  totp: false,
  passkey: false,
  recovery: false,
}

export const actionOf = (rule: Rule, ...parts: RulePart[]): Action => ({
  action: 'order.refund',
  scope: 'orders:refund',
  audience: 'https://api.example',
  rule,
  conditional: parts.length > 0,
  stricter: parts.map((part) => ({ when: WHEN, part })),
})

/** The action by the rule in effect in one case of its condition. */
export function inEffect(action: Action, which: Case, conditions: Conditions): Action {
  const details = CASES[which]
  const facts = { ...(details && { details }), subject: NOBODY, request: { time: NOW } }
  return effectiveAction(action, facts, conditions).action
}

const EXAMPLES: [base: Partial<Rule>, entry: RulePart][] = [
  [{ require: 'whenEnrolled' }, { require: 'always' }],
  [{ require: 'always' }, { require: 'whenEnrolled' }],
  [{ require: 'never' }, { require: 'whenEnrolled' }],
  [{ methods: ['totp', 'passkey'] }, { methods: ['passkey', 'recovery'] }],
  [{ methods: ['totp'] }, { methods: ['passkey'] }],
  [{ acr: 'mfa' }, { acr: 'phr' }],
  [{ acr: 'phr' }, { acr: 'recovery' }],
  [{ singleUse: false }, { singleUse: true }],
  [{ lifetimeSeconds: 600 }, { lifetimeSeconds: 60 }],
  [{ freshnessSeconds: 60 }, { freshnessSeconds: 600 }],
  [{ details: 'optional' }, { details: 'required' }],
  [{ acceptsMfaToken: true, details: 'optional' }, { acceptsMfaToken: false }],
  [{ dpop: false }, { dpop: true }],
  [{ mode: 'observe' }, { mode: 'enforce' }],
]

/** How an entry combines with the base rule. */
export function renderCombining(conditions: Conditions): string {
  const rows = EXAMPLES.map(([base, entry]) => {
    const action = actionOf({ ...BASE, ...base }, entry)
    const told = (which: Case): string => {
      const { rule } = inEffect(action, which, conditions)
      const member = tell(rule, entry)
      return rule.require === 'deny' && action.rule.require !== 'deny'
        ? `${member}: \`deny\``
        : member
    }
    const failing = new Set([told('true'), told('failing'), told('missing')])
    return [tell(action.rule, entry), tell(entry, entry), told('false'), [...failing].join(' / ')]
  })
  return table(['base', 'entry', 'condition false', 'condition true, failing, or no details'], rows)
}

/** The members that an entry names, as a rule has them. */
const tell = (rule: RulePart, named: RulePart): string =>
  Object.entries(rule)
    .filter(([name]) => Object.hasOwn(named, name))
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(', ') || 'none' : value}`)
    .join(', ')

const USERS: Record<string, SubjectFacts> = {
  'never enrolled': NOBODY,
  'recovery codes alone': { ...NOBODY, enrolled: true, recovery: true },
  TOTP: { ...NOBODY, enrolled: true, totp: true },
  passkey: { ...NOBODY, enrolled: true, passkey: true },
  'nothing left': { ...NOBODY, enrolled: true },
}

/** What the rule in effect decides for each kind of user. Rows that do not differ are one. */
export function renderDeciding(): string {
  const rows = REQUIRES.flatMap((require) => {
    const byAcr = ACRS.map((acr) => [acr, decisionsOf(require, acr)] as const)
    const different = new Set(byAcr.map(([, cells]) => cells.join()))
    return different.size === 1
      ? [[`\`${require}\``, 'any', ...(byAcr[0]?.[1] ?? [])]]
      : byAcr.map(([acr, cells]) => [`\`${require}\``, `\`${acr}\``, ...cells])
  })
  return table(['require', 'acr', ...Object.keys(USERS)], rows)
}

const decisionsOf = (require: Rule['require'], acr: Acr): string[] =>
  Object.values(USERS).map((user) => {
    const action = actionOf({ ...BASE, require, acr })
    const { decision, methods } = decide(action, user, OFFERED)
    const asks = decision === 'step_up' || decision === 'enroll'
    return asks ? `${decision}: ${methods.join(', ')}` : decision
  })

const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
