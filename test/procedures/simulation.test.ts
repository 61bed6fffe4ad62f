// Simulating a rule: the decision, its explanation, and that nothing is written.
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type EnvironmentSettings,
  LAST_EPOCH_SECOND,
  type PolicySimulateInput,
} from '../../contract/index.ts'
import { loadConditions } from '../../functions/domain/conditions/condition.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import {
  check,
  described,
  LARGE,
  observedBy,
  over,
  REFUND,
  refund,
  SMALL,
  scene,
  settings,
} from '../support/conditions.ts'
import { expectRefused, makeEnvironment, operator } from '../support/service.ts'

restartClockAfterEach()
// The library knows a time by its class: it must not meet the class of a stopped clock first.
beforeAll(async () => {
  await loadConditions()
})

describe('policy.simulate', () => {
  const simulate = (environment: string, more: Partial<PolicySimulateInput> = {}) =>
    operator.policy.simulate.query({ environment, action: REFUND, ...more })

  it('tells how the decision for a user comes about', async () => {
    stopClock()
    const { environment, user } = await scene(
      refund({ when: 'request.country == "RU"', require: 'deny' }, over),
    )
    advance(5)
    const { decision, wouldAsk, trace } = await simulate(environment.id, {
      subject: user.subject,
      details: LARGE,
      request: { country: 'NL' },
    })
    expect(decision).toEqual(await check(user, LARGE).then((d) => ({ ...d, ...decision })))
    expect(decision).toMatchObject({ decision: 'enroll', reason: 'no_usable_factor', acr: 'phr' })
    expect(wouldAsk).toBeUndefined()
    expect(trace).toEqual([
      'The base rule of order.refund (orders:refund) asks enrolled users: acr mfa, by totp, passkey or recovery.',
      'Entry 1 did not match: request.country is "NL", so that `"NL" == "RU"` is false.',
      'Entry 2 matched because details.amount is 1500 and 1500 > 1000.',
      'So the rule in effect has methods passkey and acr phr.',
      'The user has enrolled and has TOTP and recovery codes; the newest factor is 5 s old.',
      'phr is needed, and the user has no factor for it, so the user must enroll passkey.',
    ])
  })

  it('takes made-up facts, and a user who never enrolled if there are no facts', async () => {
    const { id } = await makeEnvironment(settings(refund(over)))
    const facts = { enrolled: true, totp: false, passkey: true, recovery: false }
    const made = await simulate(id, { facts, details: LARGE })
    expect(made.decision).toMatchObject({ decision: 'step_up', methods: ['passkey'] })
    expect(made.trace.at(-1)).toBe(
      'phr is needed, and the user can verify by passkey, so a step-up is required.',
    )
    const nobody = await simulate(id)
    expect(nobody.decision).toMatchObject({
      decision: 'permit',
      reason: 'not_enrolled',
      acr: 'phr',
    })
    expect(nobody.trace).toContain(
      'Entry 1 could not be evaluated, because it reads details and the call has no details: so it counts as matched.',
    )
  })

  it('takes no time that no calendar has', async () => {
    const { id } = await makeEnvironment(
      settings(refund({ when: 'request.time.getHours() < 6', singleUse: true })),
    )
    expect((await simulate(id, { request: { time: LAST_EPOCH_SECOND } })).trace[1]).toContain(
      '9999-12-31',
    )
    await expectRefused(simulate(id, { request: { time: LAST_EPOCH_SECOND + 1 } }), 'input_invalid')
    await expectRefused(simulate(id, { request: { time: 9e15 } }), 'input_invalid')
  })

  it('says what was not known', async () => {
    const { id } = await makeEnvironment(
      settings(refund({ when: 'request.country == "NL"', lifetimeSeconds: 60 })),
    )
    const { trace } = await simulate(id)
    expect(trace[1]).toBe(
      'Entry 1 could not be evaluated, because request.country is not known: so it counts as matched.',
    )
    expect(trace[2]).toBe('So the rule in effect has lifetimeSeconds 60.')
  })

  it('reads the claims, the age and the time that it is given', async () => {
    const { id } = await makeEnvironment(
      settings(
        refund(
          { when: 'session.claims.vip', lifetimeSeconds: 60 },
          { when: 'session.ageSeconds > 60', singleUse: true },
          { when: 'request.time < timestamp("2020-01-01T00:00:00Z")', require: 'deny' },
        ),
      ),
    )
    const { decision, trace } = await simulate(id, {
      session: { claims: { vip: true }, ageSeconds: 61 },
      request: { time: 0 },
    })
    expect(decision).toMatchObject({ decision: 'deny', lifetimeSeconds: 60, singleUse: true })
    expect(trace.filter((sentence) => sentence.includes('matched because'))).toHaveLength(3)
  })

  it('tries a draft, which must be one that could be saved', async () => {
    const { environment, user } = await scene(refund(over))
    const { id, document } = environment
    const draft = (when: string): EnvironmentSettings => ({
      ...document,
      actions: [refund({ when, require: 'deny' })],
    })
    const asked = { subject: user.subject, details: SMALL }
    const { decision } = await simulate(id, { ...asked, settings: draft('details.amount > 5') })
    expect(decision).toMatchObject({ decision: 'deny' })
    expect(await check(user, SMALL)).toMatchObject({ decision: 'step_up' })
    const broken = simulate(id, { ...asked, settings: draft('details.amount >') })
    expect((await expectRefused(broken, 'input_invalid')).message).toContain('condition 1, at 17')
  })

  it('shows what a rule that only observes would ask, and notes nothing', async () => {
    stopClock()
    const { environment, user } = await scene({ ...refund(over), base: { mode: 'observe' } })
    const shown = await simulate(environment.id, { subject: user.subject, details: LARGE })
    expect(shown).toMatchObject({
      decision: { decision: 'permit', reason: 'observe' },
      wouldAsk: { decision: 'enroll', acr: 'phr' },
    })
    expect(shown.trace.at(-1)).toBe(
      'The rule only observes, so the call is permitted and this decision is recorded.',
    )
    advance(3600)
    expect(await observedBy(environment, user)).toEqual([])
  })

  it('is for operators, of what there is, with one user or made-up facts, and details that fit', async () => {
    const { environment, user } = await scene(described)
    const { id } = environment
    const asked = { environment: id, action: REFUND }
    await expectRefused(user.client.policy.simulate.query(asked), 'forbidden')
    await expectRefused(simulate('nowhere'), 'unknown_environment')
    await expectRefused(simulate(id, { action: 'no.such' }), 'unknown_action')
    const facts = { enrolled: true, totp: true, passkey: false, recovery: false }
    await expectRefused(simulate(id, { subject: user.subject, facts }), 'input_invalid')
    await expectRefused(simulate(id, { details: { amount: 'x' } }), 'input_invalid')
  })
})
