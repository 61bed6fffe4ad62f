// The rule of an action, the decision for one user, and the effect of an entry on a rule, by examples.
// policy-table.test.ts tests every combination.
import { describe, expect, it } from 'vitest'
import {
  type ActionEntry,
  baseRuleOf,
  isBuiltIn,
  isCredentialAction,
  levelsOf,
  type Offered,
  type Rule,
  reachingMethods,
  ruleOf,
} from '../../contract/index.ts'
import type { Conditions, Outcome } from '../../functions/domain/conditions/condition.ts'
import {
  decide,
  findAction,
  isDenied,
  type Possession,
  requirementOf,
  resolveActions,
  wouldDecide,
} from '../../functions/domain/policy/policy.ts'
import { effectiveAction, strengthen } from '../../functions/domain/policy/strengthen.ts'
import { actionBy, EVERYTHING, ISSUER, NOW, RESOURCE, RULE, refusalOf } from '../support/rules.ts'

const custom = (base: Partial<Rule>, stricter?: ActionEntry['stricter']): ActionEntry => ({
  action: 'order.refund',
  scope: 'orders:refund',
  base,
  ...(stricter && { stricter }),
})

describe('the rule of an entry', () => {
  it('that says nothing is the default of its action', () => {
    expect(ruleOf({ action: 'order.refund', scope: 'orders:refund' })).toEqual(RULE)
    expect(ruleOf({ action: 'wallet.waas.sign' })).toEqual({
      ...RULE,
      singleUse: true,
      lifetimeSeconds: 300,
      freshnessSeconds: 300,
      acceptsMfaToken: true,
    })
    expect(ruleOf({ action: 'credential.link' }).acr).toBe('recovery')
  })

  it('has each member that the entry names', () => {
    const base: Rule = {
      require: 'always',
      methods: ['totp'],
      acr: 'recovery',
      singleUse: true,
      lifetimeSeconds: 20,
      freshnessSeconds: 30,
      details: 'none',
      acceptsMfaToken: true,
      dpop: true,
      mode: 'observe',
    }
    expect(ruleOf(custom(base))).toEqual(base)
  })

  it('is as fresh as its tokens live, where only that is said', () => {
    expect(ruleOf(custom({ lifetimeSeconds: 60 }))).toMatchObject({
      lifetimeSeconds: 60,
      freshnessSeconds: 60,
    })
    expect(ruleOf(custom({ freshnessSeconds: 60 }))).toMatchObject({
      lifetimeSeconds: 600,
      freshnessSeconds: 60,
    })
  })

  it('without its conditions is what its base says', () => {
    const entry = custom({ acceptsMfaToken: true }, [
      { when: 'details.amount > 9', acceptsMfaToken: false },
    ])
    expect(baseRuleOf(entry)).toEqual({ ...RULE, acceptsMfaToken: true })
    expect(ruleOf(entry)).toEqual({ ...RULE, details: 'required' })
  })

  it('requires details where a condition reads them', () => {
    const details = (...conditions: string[]) =>
      ruleOf(
        custom(
          { details: 'none' },
          conditions.map((when) => ({ when })),
        ),
      ).details
    expect(details('subject.enrolled', 'details.amount > 1')).toBe('required')
    expect(details('subject.enrolled')).toBe('none')
    expect(details()).toBe('none')
  })

  it.each<[base: Partial<Rule>, stricter: ActionEntry['stricter'], accepts: boolean]>([
    [{ acceptsMfaToken: true }, [], true],
    [{ acceptsMfaToken: true, details: 'required' }, [], false],
    [{ acceptsMfaToken: true, acr: 'phr' }, [], false],
    [{ acceptsMfaToken: true }, [{ when: 'true', acceptsMfaToken: true }], true],
    [{ acceptsMfaToken: true }, [{ when: 'true' }], true],
    [
      { acceptsMfaToken: true },
      [{ when: 'true' }, { when: 'true', acceptsMfaToken: false }],
      false,
    ],
    [{ acceptsMfaToken: true }, [{ when: 'details.a' }], false],
    [{ acceptsMfaToken: false }, [{ when: 'true', acceptsMfaToken: true }], false],
  ])(
    'accepts a legacy token only where nothing speaks against it: %j, %j',
    (base, stricter, ok) => {
      expect(ruleOf(custom(base, stricter)).acceptsMfaToken).toBe(ok)
    },
  )
})

describe('the actions of an environment', () => {
  const entries: ActionEntry[] = [
    custom({ require: 'always' }, [{ when: 'subject.enrolled', acr: 'phr' }]),
    { action: 'wallet.waas.sign', base: { acr: 'phr' }, audience: 'https://wallet.example' },
    { action: 'order.list', detailsSchema: { type: 'object' }, audience: 'https://o.example' },
  ]
  const actions = resolveActions(entries, ISSUER, RESOURCE)
  const by = (action: string) => findAction(actions, { action })

  it('are the built-in ones and the operator’s own', () => {
    expect(actions.map(({ action }) => action)).toEqual([
      ...['wallet.waas.sign', 'wallet.waas.export', 'wallet.waas.refresh', 'wallet.waas.reshare'],
      ...['user.update', 'credential.link', 'credential.update', 'credential.unlink'],
      ...['order.refund', 'order.list'],
    ])
  })

  it('have their own scope and audience, or the default one', () => {
    expect(by('order.refund')).toEqual({
      action: 'order.refund',
      scope: 'orders:refund',
      audience: RESOURCE,
      rule: { ...RULE, require: 'always' },
      conditional: true,
      stricter: [{ when: 'subject.enrolled', part: { acr: 'phr' } }],
    })
    expect(by('wallet.waas.sign')).toMatchObject({
      scope: 'wallet:sign',
      audience: 'https://wallet.example',
      rule: { acr: 'phr' },
      conditional: false,
      stricter: [],
    })
    expect(by('order.list')).toMatchObject({
      scope: 'order.list',
      audience: 'https://o.example',
      detailsSchema: { type: 'object' },
    })
    expect(by('credential.update')).toMatchObject({ audience: ISSUER, scope: 'credential:update' })
  })

  it('are found by name or by scope, each by its own', () => {
    expect(findAction(actions, { scope: 'wallet:sign' }).action).toBe('wallet.waas.sign')
    for (const name of [{ action: 'wallet:sign' }, { scope: 'wallet.waas.sign' }])
      expect(refusalOf(() => findAction(actions, name)).reason).toBe('unknown_action')
  })

  it('are built in, or guard factors, by their names', () => {
    expect(['user.update', 'order.refund', 'toString'].map(isBuiltIn)).toEqual([true, false, false])
    expect(['credential.link', 'user.update'].map(isCredentialAction)).toEqual([true, false])
  })
})

describe('a rule denies', () => {
  it.each<[Partial<Rule>, boolean]>([
    [{ require: 'deny' }, true],
    [{ require: 'always', methods: [] }, true],
    [{ require: 'never', methods: [] }, false],
    [{ require: 'always' }, false],
  ])('with %j: %j', (part, denied) => {
    expect(isDenied({ ...RULE, ...part })).toBe(denied)
  })
})

describe('the methods that reach a rule', () => {
  it.each<[Partial<Rule>, Partial<Offered>, methods: string[]]>([
    [{ acr: 'recovery' }, {}, ['totp', 'passkey', 'recovery', 'assertion']],
    [{ acr: 'mfa' }, {}, ['totp', 'passkey', 'assertion']],
    [{ acr: 'phr' }, {}, ['passkey']],
    [{ acr: 'phr' }, { assertion: 'phr' }, ['passkey', 'assertion']],
    [{ acr: 'mfa' }, { assertion: null }, ['totp', 'passkey']],
    [{ acr: 'mfa' }, { totp: false }, ['passkey', 'assertion']],
    [{ acr: 'mfa' }, { passkey: false }, ['totp', 'assertion']],
    [{ acr: 'recovery' }, { recovery: false }, ['totp', 'passkey', 'assertion']],
    [{ acr: 'recovery', methods: ['recovery'] }, {}, ['recovery']],
  ])('%j where %j is offered', (part, offered, methods) => {
    const rule: Rule = { ...RULE, methods: ['totp', 'passkey', 'recovery', 'assertion'], ...part }
    expect(reachingMethods(rule, levelsOf({ ...EVERYTHING, ...offered }))).toEqual(methods)
    expect(requirementOf(actionBy(rule), { ...EVERYTHING, ...offered })).toEqual({
      action: 'order.refund',
      scope: 'orders:refund',
      methods,
      acr: rule.acr,
      freshnessSeconds: 600,
      details: 'optional',
    })
  })
})

const NOBODY: Possession = { enrolled: false, totp: false, passkey: false, recovery: false }
const ENROLLED: Possession = { ...NOBODY, enrolled: true }
const TOTP: Possession = { ...ENROLLED, totp: true }

describe('a decision', () => {
  it.each<
    [rule: Partial<Rule>, user: Possession, decision: string, reason: string, methods: string[]]
  >([
    [{ require: 'never' }, TOTP, 'permit', 'never', ['totp', 'passkey']],
    [{ require: 'whenEnrolled' }, NOBODY, 'permit', 'not_enrolled', ['totp', 'passkey']],
    [{ require: 'whenEnrolled' }, TOTP, 'step_up', 'enrolled', ['totp']],
    [{ require: 'always' }, TOTP, 'step_up', 'always', ['totp']],
    [{ require: 'whenEnrolled' }, ENROLLED, 'enroll', 'no_usable_factor', ['totp', 'passkey']],
    [{ require: 'always' }, NOBODY, 'enroll', 'no_usable_factor', ['totp', 'passkey']],
    [{ require: 'deny' }, TOTP, 'deny', 'denied', []],
    [{ methods: [] }, TOTP, 'deny', 'denied', []],
    [{ acr: 'phr' }, TOTP, 'enroll', 'no_usable_factor', ['passkey']],
    [{ methods: ['totp', 'assertion'] }, TOTP, 'step_up', 'enrolled', ['totp', 'assertion']],
    [{ methods: ['assertion'] }, ENROLLED, 'step_up', 'enrolled', ['assertion']],
    [{ methods: ['totp', 'assertion'] }, ENROLLED, 'enroll', 'no_usable_factor', ['totp']],
    [{ methods: ['passkey', 'assertion'] }, ENROLLED, 'enroll', 'no_usable_factor', ['passkey']],
    [{ methods: ['recovery'], acr: 'recovery' }, ENROLLED, 'enroll', 'no_usable_factor', []],
    [
      { methods: ['recovery'], acr: 'recovery' },
      { ...ENROLLED, recovery: true },
      'step_up',
      'enrolled',
      ['recovery'],
    ],
  ])('by %j for %j is %s', (rule, user, decision, reason, methods) => {
    const decided = decide(actionBy(rule), user, EVERYTHING)
    expect(decided).toEqual({
      decision,
      required: decision !== 'permit',
      reason,
      methods,
      enrollable: expect.any(Array),
      action: 'order.refund',
      scope: 'orders:refund',
      acr: rule.acr ?? 'mfa',
      singleUse: false,
      lifetimeSeconds: 600,
      freshnessSeconds: 600,
      details: 'optional',
      dpop: false,
    })
  })

  it.each<[rule: Partial<Rule>, offered: Partial<Offered>, enrollable: string[]]>([
    [{}, {}, ['totp', 'passkey']],
    [{ methods: ['passkey', 'recovery'] }, {}, ['passkey']],
    [{ acr: 'phr' }, {}, ['passkey']],
    [{ mode: 'observe' }, { passkey: false }, ['totp']],
    [{ require: 'deny' }, {}, []],
    [{ require: 'deny', mode: 'observe' }, {}, []],
  ])('by %j where %j names %j as enrollable', (rule, offered, enrollable) => {
    const decided = decide(actionBy(rule), TOTP, { ...EVERYTHING, ...offered })
    expect(decided.enrollable).toEqual(enrollable)
  })

  it('permits whatever a rule that only observes would have said, and tells what that was', () => {
    const observed = actionBy({ mode: 'observe' })
    expect(decide(observed, TOTP, EVERYTHING)).toMatchObject({
      decision: 'permit',
      required: false,
      reason: 'observe',
      methods: ['totp'],
    })
    expect(wouldDecide(observed, TOTP, EVERYTHING)).toMatchObject({
      decision: 'step_up',
      required: true,
      reason: 'enrolled',
    })
    expect(observed.rule.mode).toBe('observe')
  })

  it('about linking a factor, for somebody with nothing left, needs an operator', () => {
    const link = actionBy({}, { action: 'credential.link', scope: 'credential:link' })
    expect(decide(link, ENROLLED, EVERYTHING)).toMatchObject({
      decision: 'deny',
      reason: 'operator_reset_needed',
      methods: [],
    })
    const always = actionBy({ require: 'always' }, { action: 'credential.link' })
    expect(decide(always, NOBODY, EVERYTHING).decision).toBe('enroll')
    expect(decide(link, TOTP, EVERYTHING).decision).toBe('step_up')
    const update = actionBy({}, { action: 'credential.update' })
    expect(decide(update, ENROLLED, EVERYTHING).decision).toBe('enroll')
  })
})

describe('an entry laid over a rule', () => {
  it.each<[rule: Partial<Rule>, part: Partial<Rule>, result: Partial<Rule>]>([
    [{ require: 'whenEnrolled' }, { require: 'always' }, { require: 'always' }],
    [{ require: 'always' }, { require: 'never' }, { require: 'always' }],
    [{ require: 'always' }, { require: 'deny' }, { require: 'deny' }],
    [{ methods: ['totp', 'passkey'] }, { methods: ['passkey'] }, { methods: ['passkey'] }],
    [{ methods: ['totp'] }, { methods: ['passkey'] }, { methods: [], require: 'deny' }],
    [{ methods: [], require: 'never' }, {}, { methods: [], require: 'never' }],
    [{ acr: 'mfa' }, { acr: 'phr' }, { acr: 'phr' }],
    [{ acr: 'mfa' }, { acr: 'recovery' }, { acr: 'mfa' }],
    [{ singleUse: false }, { singleUse: true }, { singleUse: true }],
    [{ singleUse: true }, { singleUse: false }, { singleUse: true }],
    [{ singleUse: false }, {}, { singleUse: false }],
    [{ lifetimeSeconds: 60 }, { lifetimeSeconds: 59 }, { lifetimeSeconds: 59 }],
    [{ lifetimeSeconds: 60 }, { lifetimeSeconds: 61 }, { lifetimeSeconds: 60 }],
    [{ freshnessSeconds: 60 }, { freshnessSeconds: 59 }, { freshnessSeconds: 59 }],
    [{ freshnessSeconds: 60 }, { freshnessSeconds: 61 }, { freshnessSeconds: 60 }],
    [{ details: 'optional' }, { details: 'required' }, { details: 'required' }],
    [{ details: 'optional' }, { details: 'none' }, { details: 'optional' }],
    [{ acceptsMfaToken: true }, { acceptsMfaToken: false }, { acceptsMfaToken: false }],
    [{ acceptsMfaToken: true }, { acceptsMfaToken: true }, { acceptsMfaToken: true }],
    [{ acceptsMfaToken: false }, { acceptsMfaToken: true }, { acceptsMfaToken: false }],
    [{ acceptsMfaToken: true }, { acr: 'phr' }, { acceptsMfaToken: false, acr: 'phr' }],
    [{ dpop: false }, { dpop: true }, { dpop: true }],
    [{ dpop: true }, { dpop: false }, { dpop: true }],
    [{ mode: 'observe' }, { mode: 'enforce' }, { mode: 'enforce' }],
    [{ mode: 'enforce' }, { mode: 'observe' }, { mode: 'enforce' }],
    [{ mode: 'observe' }, { mode: 'observe' }, { mode: 'observe' }],
    [{}, {}, {}],
  ])('%j by %j is %j', (rule, part, result) => {
    const before = { ...RULE, ...rule }
    expect(strengthen(before, part)).toEqual({ ...before, ...result })
  })
})

describe('the entries of one call', () => {
  const FACTS = { subject: NOBODY, request: { time: NOW } }
  const outcomes: Record<string, Outcome> = {
    yes: { outcome: 'matched' },
    no: { outcome: 'unmatched' },
    fails: { outcome: 'failed', why: 'it cannot' },
    'details.a': { outcome: 'unmatched' },
  }
  const conditions = {
    evaluate: (when: string) => outcomes[when] ?? { outcome: 'unmatched' },
  } as unknown as Conditions
  const conditional = (...whens: string[]) =>
    actionBy(
      {},
      {
        conditional: true,
        stricter: whens.map((when, index) => ({
          when,
          part: { lifetimeSeconds: 100 - index, acr: 'phr' as const },
        })),
      },
    )
  const of = (action: ReturnType<typeof actionBy>, more = {}, given?: Conditions) =>
    effectiveAction(action, { ...FACTS, ...more }, given)

  it('count where they match and where they fail, and are told of from one on', () => {
    const { action, verdicts } = of(conditional('no', 'yes', 'fails'), {}, conditions)
    expect(action.rule).toMatchObject({ lifetimeSeconds: 98, acr: 'phr' })
    expect(verdicts).toEqual([
      { entry: 1, when: 'no', outcome: 'unmatched' },
      { entry: 2, when: 'yes', outcome: 'matched' },
      { entry: 3, when: 'fails', outcome: 'failed', why: 'it cannot' },
    ])
  })

  it('leave the rule as it is where none matches', () => {
    const asked = conditional('no', 'no')
    expect(of(asked, {}, conditions).action).toEqual(asked)
  })

  it('count that read details where none are given', () => {
    const { action, verdicts } = of(conditional('details.a'), {}, conditions)
    expect(action.rule.acr).toBe('phr')
    expect(verdicts).toEqual([
      {
        entry: 1,
        when: 'details.a',
        outcome: 'failed',
        why: 'it reads details and the call has no details',
      },
    ])
    expect(of(conditional('details.a'), { details: {} }, conditions).action.rule.acr).toBe('mfa')
    expect(of(conditional('no'), {}, conditions).verdicts).toMatchObject([{ outcome: 'unmatched' }])
  })

  it('all count where conditions cannot be had', () => {
    const { action, verdicts } = of(conditional('no'))
    expect(action.rule.acr).toBe('phr')
    expect(verdicts).toEqual([
      { entry: 1, when: 'no', outcome: 'failed', why: 'conditions cannot be evaluated' },
    ])
  })

  it('are not looked at if the action has no conditions', () => {
    const action = actionBy()
    expect(of(action)).toEqual({ action, verdicts: [] })
    expect(of(action).action).toBe(action)
  })
})
