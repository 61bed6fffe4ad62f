// The whole table of decisions: require × enrolled × methods × acr × condition × mode, compared with a second
// model of the rules. Entries never weaken a rule, and docs/policy.md has the same table.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  ACRS,
  DETAILS_RULES,
  METHODS,
  type Method,
  MODES,
  REQUIRES,
  type Rule,
  type RulePart,
  type SubjectFacts,
} from '../../contract/index.ts'
import { type Conditions, loadConditions } from '../../functions/domain/conditions/condition.ts'
import { decide, resolveActions, wouldDecide } from '../../functions/domain/policy/policy.ts'
import { effectiveAction } from '../../functions/domain/policy/strengthen.ts'
import {
  actionOf,
  BASE,
  CASES,
  type Case,
  inEffect,
  NOBODY,
  OFFERED,
  renderCombining,
  renderDeciding,
} from '../support/policy-table.ts'

let conditions: Conditions
beforeAll(async () => {
  conditions = await loadConditions()
})

const subsets = <T>(all: readonly T[]): T[][] =>
  all.reduce<T[][]>((sets, one) => sets.concat(sets.map((set) => [...set, one])), [[]])

/** A user who never enrolled has nothing; one who did may have anything, or nothing any more. */
const USERS: SubjectFacts[] = [
  NOBODY,
  ...subsets(['totp', 'passkey', 'recovery'] as const).map((has) => ({
    enrolled: true,
    totp: has.includes('totp'),
    passkey: has.includes('passkey'),
    recovery: has.includes('recovery'),
  })),
]

const RANK = { never: 0, whenEnrolled: 1, always: 2, deny: 3 }
const LEVEL = { recovery: 0, mfa: 1, phr: 2 }
/** How far each method reaches, where assertions may reach mfa. */
const REACH: Record<Method, number> = { recovery: 0, totp: 1, assertion: 1, passkey: 2 }

interface Asked {
  require: number
  level: number
  methods: Method[]
  emptied: boolean
  observed: boolean
}

const asked = ({ require, acr, methods, mode }: Rule): Asked => ({
  require: RANK[require],
  level: LEVEL[acr],
  methods,
  emptied: false,
  observed: mode === 'observe',
})

/** The model of combining: the larger number, fewer methods. */
function combined(base: Asked, { require, acr, methods, mode }: RulePart): Asked {
  const left = methods
    ? base.methods.filter((method) => new Set(methods).has(method))
    : base.methods
  return {
    require: Math.max(base.require, require ? RANK[require] : 0),
    level: Math.max(base.level, acr ? LEVEL[acr] : 0),
    methods: left,
    emptied: methods !== undefined && left.length === 0,
    observed: base.observed && mode !== 'enforce',
  }
}

/** The model of deciding: what is asked for, and of what. */
function modelled({ require, level, methods, emptied }: Asked, user: SubjectFacts): string {
  if (emptied || require === 3) return 'deny:'
  const good = methods.filter((method) => REACH[method] >= level)
  if (require === 0) return `permit:${good}`
  if (methods.length === 0) return 'deny:'
  if (require === 1 && !user.enrolled) return `permit:${good}`
  const own = good.filter((method) => method !== 'assertion' && user[method])
  const toEnroll = good.filter((method) => method === 'totp' || method === 'passkey')
  const vouched = good.filter((method) => method === 'assertion')
  if (own.length > 0) return `step_up:${[...own, ...vouched]}`
  if (toEnroll.length > 0 || vouched.length === 0) return `enroll:${toEnroll}`
  return `step_up:${vouched}`
}

const BASES: Rule[] = REQUIRES.flatMap((require) =>
  subsets(METHODS).flatMap((methods) =>
    ACRS.flatMap((acr) => MODES.map((mode) => ({ ...BASE, require, methods, acr, mode }))),
  ),
)
const PARTS: RulePart[] = [undefined, ...REQUIRES].flatMap((require) =>
  [undefined, ...ACRS].flatMap((acr) =>
    [undefined, ['passkey'], ['totp', 'recovery'], ['assertion']].flatMap((methods) =>
      [undefined, ...MODES].map((mode) => ({
        ...(require && { require }),
        ...(acr && { acr }),
        ...(methods && { methods: methods as Method[] }),
        ...(mode && { mode }),
      })),
    ),
  ),
)

describe('the table of decisions', () => {
  it.each(REQUIRES)('holds for every base rule that says %s, in every case', (require) => {
    const wrong: unknown[] = []
    // Many entries lead to the same rule. A decision about it is the same each time, so it is checked once.
    const decided = new Set<string>()
    for (const rule of BASES.filter((base) => base.require === require)) {
      for (const part of PARTS) {
        const action = actionOf(rule, part)
        const base = asked(rule)
        const strict = combined(base, part)
        for (const which of Object.keys(CASES) as Case[]) {
          const model = which === 'false' ? base : strict
          const effective = inEffect(action, which, conditions)
          const key = JSON.stringify([effective.rule, model])
          if (decided.has(key)) continue
          decided.add(key)
          for (const user of USERS) {
            const expected = modelled(model, user)
            const would = wouldDecide(effective, user, OFFERED)
            const { decision, reason } = decide(effective, user, OFFERED)
            const held =
              `${would.decision}:${would.methods}` === expected &&
              (model.observed
                ? decision === 'permit' && reason === 'observe'
                : decision === would.decision)
            if (!held && wrong.length < 3)
              wrong.push({ rule, part, which, user, expected, got: would, decision })
          }
        }
      }
    }
    expect(wrong).toEqual([])
  })

  it('is what docs/policy.md prints', () => {
    const page = readFileSync(
      join(fileURLToPath(import.meta.url), '../../../docs/policy.md'),
      'utf8',
    )
    const printed = (name: string) =>
      page.split(`<!-- ${name} -->\n\n`)[1]?.split(`\n\n<!-- /${name} -->`)[0]
    expect(printed('combining')).toBe(renderCombining(conditions))
    expect(printed('deciding')).toBe(renderDeciding())
  })
})

const seconds = fc.integer({ min: 10, max: 3600 })
const members = {
  require: fc.constantFrom(...REQUIRES),
  methods: fc.subarray([...METHODS]),
  acr: fc.constantFrom(...ACRS),
  singleUse: fc.boolean(),
  lifetimeSeconds: seconds,
  freshnessSeconds: seconds,
  details: fc.constantFrom(...DETAILS_RULES),
  acceptsMfaToken: fc.boolean(),
  dpop: fc.boolean(),
  mode: fc.constantFrom(...MODES),
}
const rules: fc.Arbitrary<Rule> = fc.record(members)
const entries = fc.array(
  fc.record(
    {
      when: fc.constantFrom(
        'true',
        'false',
        'details.amount > 1000',
        'details.amount <= 1000',
        'request.country == "NL"',
        'subject.totp',
        'no condition',
      ),
      part: fc.record(members, { requiredKeys: [] }),
    },
    { requiredKeys: ['when', 'part'] },
  ),
  { maxLength: 4 },
)
const users = fc.constantFrom(...USERS)
const details = fc.constantFrom(undefined, { amount: 1 }, { amount: 1500 }, { amount: 'x' }, {})

describe('an entry', () => {
  const STRENGTH = { permit: 0, step_up: 1, enroll: 1, deny: 2 }

  it('never weakens a rule, whatever it says and whatever its condition comes to', () => {
    fc.assert(
      fc.property(rules, entries, users, details, (rule, stricter, subject, given) => {
        const action = { ...actionOf(rule), conditional: true, stricter }
        const facts = { ...(given && { details: given }), subject, request: { time: 0 } }
        const { action: effective } = effectiveAction(action, facts, conditions)
        const after = effective.rule
        expect(RANK[after.require]).toBeGreaterThanOrEqual(RANK[rule.require])
        expect(rule.methods).toEqual(expect.arrayContaining(after.methods))
        expect(LEVEL[after.acr]).toBeGreaterThanOrEqual(LEVEL[rule.acr])
        expect(Number(after.singleUse)).toBeGreaterThanOrEqual(Number(rule.singleUse))
        expect(after.lifetimeSeconds).toBeLessThanOrEqual(rule.lifetimeSeconds)
        expect(after.freshnessSeconds).toBeLessThanOrEqual(rule.freshnessSeconds)
        expect(DETAILS_RULES.indexOf(after.details)).toBeGreaterThanOrEqual(
          DETAILS_RULES.indexOf(rule.details),
        )
        expect(Number(after.acceptsMfaToken)).toBeLessThanOrEqual(Number(rule.acceptsMfaToken))
        expect(Number(after.dpop)).toBeGreaterThanOrEqual(Number(rule.dpop))
        expect(rule.mode === 'enforce' && after.mode === 'observe').toBe(false)
        const before = decide(action, subject, OFFERED)
        const now = decide(effective, subject, OFFERED)
        expect(STRENGTH[now.decision]).toBeGreaterThanOrEqual(STRENGTH[before.decision])
      }),
      { numRuns: 2000 },
    )
  })

  it('does not depend on where it stands among the others', () => {
    fc.assert(
      fc.property(rules, entries, users, details, (rule, stricter, subject, given) => {
        const action = { ...actionOf(rule), conditional: true, stricter }
        const facts = { ...(given && { details: given }), subject, request: { time: 0 } }
        const turned = { ...action, stricter: stricter.toReversed() }
        expect(effectiveAction(action, facts, conditions).action.rule).toEqual(
          effectiveAction(turned, facts, conditions).action.rule,
        )
      }),
    )
  })

  it('says the larger of two details, the shorter of two times, and no legacy token if either does', () => {
    const rule = { ...BASE, details: 'none' as const, acceptsMfaToken: true, lifetimeSeconds: 300 }
    const strict = (part: RulePart) => inEffect(actionOf(rule, part), 'true', conditions).rule
    expect(strict({ details: 'optional' }).details).toBe('optional')
    expect(strict({ lifetimeSeconds: 60 }).lifetimeSeconds).toBe(60)
    expect(strict({ lifetimeSeconds: 900 }).lifetimeSeconds).toBe(300)
    expect(strict({ freshnessSeconds: 60 }).freshnessSeconds).toBe(60)
    expect(strict({ singleUse: true }).singleUse).toBe(true)
    expect(strict({}).acceptsMfaToken).toBe(true)
    expect(strict({ acceptsMfaToken: false }).acceptsMfaToken).toBe(false)
    expect(strict({ details: 'required' }).acceptsMfaToken).toBe(false)
    expect(strict({ acr: 'phr' }).acceptsMfaToken).toBe(false)
  })

  it('counts where conditions cannot be had at all', () => {
    const action = actionOf(BASE, { require: 'deny' })
    const facts = { details: CASES.false, subject: NOBODY, request: { time: 0 } }
    expect(effectiveAction(action, facts, undefined).action.rule.require).toBe('deny')
  })

  it('over details makes an action need details, and takes its legacy token away', () => {
    const resolved = (when: string) =>
      resolveActions(
        [{ action: 'wallet.waas.sign', stricter: [{ when, require: 'always' }] }],
        'https://issuer.example',
        'https://api.example',
      ).find(({ action }) => action === 'wallet.waas.sign')
    expect(resolved('details.amount > 1')?.rule).toMatchObject({
      details: 'required',
      acceptsMfaToken: false,
    })
    expect(resolved('subject.enrolled')?.rule).toMatchObject({
      details: 'optional',
      acceptsMfaToken: true,
    })
  })
})
