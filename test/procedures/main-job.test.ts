// The main use from end to end: check, verify, issue and consume a token once.
import { describe, expect, it } from 'vitest'
import {
  enrollTotp,
  expectRefused,
  makeEnvironment,
  stepUp,
  totpCode,
  wrongCode,
} from '../support/service.ts'

describe('the main job', () => {
  it('asks nothing of a user who never enrolled, and a step-up of one who did', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const before = await user.client.policy.check.query({ action: 'wallet.waas.export' })
    expect(before).toMatchObject({ decision: 'permit', required: false, reason: 'not_enrolled' })
    await enrollTotp(user)
    const after = await user.client.policy.check.query({ scope: 'wallet:export' })
    expect(after).toMatchObject({
      decision: 'step_up',
      required: true,
      reason: 'enrolled',
      methods: ['totp'],
      acr: 'mfa',
      singleUse: true,
    })
  })

  it('mints a token for the right code and lets it be spent once', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret, recoveryCodes } = await enrollTotp(user)
    expect(recoveryCodes).toHaveLength(10)
    const wrong = await expectRefused(
      user.client.challenge.verify.mutate({
        method: 'totp',
        code: wrongCode(secret),
        requestedScopes: ['wallet:export'],
      }),
      'invalid_code',
    )
    expect(wrong.attemptsLeft).toBe(4)
    const { token } = await stepUp(user, secret, ['wallet:export'])
    const { client: resource } = await environment.resource()
    await expectRefused(
      resource.token.consume.mutate({ token, subject: 'mallory', action: 'wallet.waas.export' }),
      'token_invalid',
    )
    const consumed = await resource.token.consume.mutate({
      token,
      subject: user.subject,
      action: 'wallet.waas.export',
    })
    expect(consumed).toMatchObject({
      accepted: true,
      replayed: false,
      claims: { sub: user.subject, scope: 'wallet:export' },
    })
    await expectRefused(
      resource.token.consume.mutate({ token, subject: user.subject, action: 'wallet.waas.export' }),
      'token_used',
    )
    const used = await expectRefused(
      user.client.challenge.verify.mutate({
        method: 'totp',
        code: totpCode(secret),
        requestedScopes: ['wallet:export'],
      }),
      'code_already_used',
    )
    expect(used.message).toContain('wait')
  })

  it('tells the whole story in a history whose chain is intact', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    await stepUp(user, secret, ['wallet:export'])
    const { events } = await user.client.audit.list.query({})
    expect(events.map(({ type }) => type)).toEqual([
      'step_up.passed',
      'factor.confirmed',
      'enrollment.started',
    ])
    expect(await user.client.audit.verify.query()).toMatchObject({ intact: true, count: 3 })
  })
})
