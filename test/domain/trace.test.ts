// The explanation of a decision, sentence by sentence.
import { beforeAll, describe, expect, it } from 'vitest'
import type { Rule, SubjectFacts } from '../../contract/index.ts'
import { type Conditions, loadConditions } from '../../functions/domain/conditions/condition.ts'
import { type Action, decide, wouldDecide } from '../../functions/domain/policy/policy.ts'
import { effectiveAction } from '../../functions/domain/policy/strengthen.ts'
import { traceOf } from '../../functions/domain/policy/trace.ts'
import { actionBy, EVERYTHING, NOW } from '../support/rules.ts'

let conditions: Conditions
beforeAll(async () => {
  conditions = await loadConditions()
})

const NOBODY: SubjectFacts = { enrolled: false, totp: false, passkey: false, recovery: false }
const ENROLLED: SubjectFacts = { ...NOBODY, enrolled: true }
const TOTP: SubjectFacts = { ...ENROLLED, totp: true }

interface Told {
  subject?: SubjectFacts
  details?: Record<string, unknown>
  given?: Conditions | undefined
}

function told(asked: Action, more: Told = {}): string[] {
  const { subject = TOTP, details } = more
  const given = 'given' in more ? more.given : conditions
  const facts = { subject, request: { time: NOW }, ...(details && { details }) }
  const { action: inEffect, verdicts } = effectiveAction(asked, facts, given)
  const observed = inEffect.rule.mode === 'observe'
  return traceOf(
    {
      asked,
      verdicts,
      inEffect,
      facts,
      decision: decide(inEffect, subject, EVERYTHING),
      ...(observed && { wouldAsk: wouldDecide(inEffect, subject, EVERYTHING) }),
    },
    given,
  )
}

const conditional = (...entries: ({ when: string } & Partial<Rule>)[]): Action =>
  actionBy(
    {},
    { conditional: true, stricter: entries.map(({ when, ...part }) => ({ when, part })) },
  )

describe('a trace', () => {
  it('says the base rule, who the user is, and what is decided', () => {
    expect(told(actionBy())).toEqual([
      'The base rule of order.refund (orders:refund) asks enrolled users: acr mfa, by totp, passkey or recovery.',
      'The user has enrolled and has TOTP.',
      'mfa is needed, and the user can verify by totp, so a step-up is required.',
    ])
  })

  it.each<[part: Partial<Rule>, sentence: string]>([
    [{ require: 'never' }, 'asks nobody: acr mfa, by totp, passkey or recovery.'],
    [{ require: 'always', methods: ['totp'] }, 'asks everybody: acr mfa, by totp.'],
    [{ require: 'deny', methods: [] }, 'refuses everybody: acr mfa, by nothing.'],
    [
      { acr: 'phr', methods: ['passkey', 'totp'], mode: 'observe' },
      'asks enrolled users: acr phr, by passkey or totp, and only observes.',
    ],
  ])('begins for %j with what it asks', (part, sentence) => {
    expect(told(actionBy(part))[0]).toBe(
      `The base rule of order.refund (orders:refund) ${sentence}`,
    )
  })

  it.each<[part: Partial<Rule>, subject: SubjectFacts, sentence: string]>([
    [{ require: 'never' }, TOTP, 'The rule asks nobody, so the call is permitted.'],
    [{}, NOBODY, 'The rule asks only enrolled users, so the call is permitted.'],
    [{ require: 'deny' }, TOTP, 'The rule in effect refuses everybody, so the call is denied.'],
    [
      { require: 'deny', methods: [] },
      TOTP,
      'The rule in effect refuses everybody, so the call is denied.',
    ],
    [{ methods: [] }, TOTP, 'No method is left, so the call is denied.'],
    [
      {},
      ENROLLED,
      'mfa is needed, and the user has no factor for it, so the user must enroll totp or passkey.',
    ],
    [
      { methods: ['recovery'], acr: 'recovery' },
      ENROLLED,
      'recovery is needed, and no method of the rule can be enrolled for it, so the user must enroll.',
    ],
    [
      { require: 'always' },
      { ...TOTP, passkey: true },
      'mfa is needed, and the user can verify by totp or passkey, so a step-up is required.',
    ],
  ])('ends for %j and %j with why', (part, subject, sentence) => {
    expect(told(actionBy(part), { subject }).at(-1)).toBe(sentence)
  })

  it('says where only an operator can help', () => {
    const link = actionBy({ acr: 'recovery' }, { action: 'credential.link' })
    expect(told(link, { subject: ENROLLED }).at(-1)).toBe(
      'recovery is needed, and the user has no way left to add a factor, so the call is denied.',
    )
  })

  it('says what a rule that only observes would have asked', () => {
    expect(told(actionBy({ mode: 'observe' })).slice(-2)).toEqual([
      'mfa is needed, and the user can verify by totp, so a step-up is required.',
      'The rule only observes, so the call is permitted and this decision is recorded.',
    ])
  })

  it.each<[subject: SubjectFacts, sentence: string]>([
    [NOBODY, 'The user never enrolled and has nothing.'],
    [
      { enrolled: true, totp: true, passkey: true, recovery: true },
      'The user has enrolled and has TOTP, a passkey and recovery codes.',
    ],
    [
      { ...TOTP, newestFactorAgeSeconds: 60, lastStepUpAgeSeconds: 0 },
      'The user has enrolled and has TOTP; the newest factor is 60 s old; the last step-up was 0 s ago.',
    ],
    [
      { ...ENROLLED, recovery: true, lastStepUpAgeSeconds: 5 },
      'The user has enrolled and has recovery codes; the last step-up was 5 s ago.',
    ],
  ])('describes %j', (subject, sentence) => {
    expect(told(actionBy(), { subject })[1]).toBe(sentence)
  })

  it('says for each entry what it read and whether it matched', () => {
    const asked = conditional(
      { when: 'details.amount > 1000', acr: 'phr', methods: ['passkey'] },
      { when: 'details.amount > 5000', require: 'always' },
      { when: 'details.to == "bob"', require: 'always' },
      { when: 'true', singleUse: true },
    )
    expect(told(asked, { details: { amount: 1500 } }).slice(1, 6)).toEqual([
      'Entry 1 matched because details.amount is 1500 and 1500 > 1000.',
      'Entry 2 did not match: details.amount is 1500, so that `1500 > 5000` is false.',
      expect.stringMatching(
        /^Entry 3 could not be evaluated, because .+: so it counts as matched\.$/,
      ),
      'Entry 4 matched because true.',
      'So the rule in effect has require always, methods passkey, acr phr and singleUse true.',
    ])
  })

  it('says nothing of the rule in effect where no entry changed it', () => {
    const asked = conditional({ when: 'false', acr: 'phr' })
    expect(told(asked)).toHaveLength(4)
    expect(told(asked)[1]).toBe('Entry 1 did not match: `false` is false.')
  })

  it('says each member that an entry changed', () => {
    const asked = conditional({
      when: 'true',
      lifetimeSeconds: 60,
      freshnessSeconds: 50,
      details: 'required',
    })
    expect(told(asked)[2]).toBe(
      'So the rule in effect has lifetimeSeconds 60, freshnessSeconds 50 and details required.',
    )
    const observing = actionBy(
      { mode: 'observe', acceptsMfaToken: true },
      {
        conditional: true,
        stricter: [{ when: 'true', part: { mode: 'enforce', acceptsMfaToken: false } }],
      },
    )
    expect(told(observing)[2]).toBe(
      'So the rule in effect has acceptsMfaToken false and mode enforce.',
    )
  })

  it('tells an entry as it stands where conditions cannot be had', () => {
    const asked = conditional({ when: 'subject.enrolled', acr: 'phr' })
    expect(told(asked, { given: undefined })[1]).toBe(
      'Entry 1 could not be evaluated, because conditions cannot be evaluated: so it counts as matched.',
    )
  })
})
