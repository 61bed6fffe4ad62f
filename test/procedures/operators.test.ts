// What operators see of users and do for them, and the histories that record it.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { restartClockAfterEach, stopClock } from '../support/clock.ts'
import {
  enrollTotp,
  expectRefused,
  makeEnvironment,
  operator,
  stepUp,
  totpCode,
  wrongCode,
} from '../support/service.ts'

restartClockAfterEach()
afterEach(() => void vi.restoreAllMocks())

async function scene() {
  const environment = await makeEnvironment()
  const user = await environment.user()
  const enrolled = await enrollTotp(user)
  const whom = { environment: environment.id, subject: user.subject }
  return { environment, user, whom, ...enrolled }
}

describe('an operator', () => {
  it('sees a user’s factors and attempts, and nothing that could be used', async () => {
    const { user, whom, secret, recoveryCodes } = await scene()
    await stepUp(user, secret, ['wallet:sign'])
    const code = wrongCode(secret)
    await expectRefused(
      user.client.challenge.verify.mutate({ method: 'totp', code }),
      'invalid_code',
    )
    const seen = await operator.subject.get.query(whom)
    expect(seen).toMatchObject({
      known: true,
      enrolled: true,
      factors: [{ kind: 'totp', isDefault: true }],
      recovery: { remaining: 10, total: 10 },
      attempts: { consecutiveFailures: 1, failuresLastDay: 1, locked: false, retryAt: null },
      liveTokens: 1,
    })
    const text = JSON.stringify(seen)
    for (const hidden of [secret, ...recoveryCodes]) expect(text).not.toContain(hidden)
  })

  it('sees that nothing is known of a user who was never here', async () => {
    const { id: environment } = await makeEnvironment()
    const seen = await operator.subject.get.query({ environment, subject: 'nobody' })
    expect(seen).toMatchObject({ known: false, enrolled: false, factors: [] })
  })

  it('unlocks codes, with a reason that is recorded in the user’s history', async () => {
    stopClock()
    const { user, whom, secret } = await scene()
    const verify = (code: string) => user.client.challenge.verify.mutate({ method: 'totp', code })
    for (let i = 0; i < 5; i += 1) await expectRefused(verify(wrongCode(secret)), 'invalid_code')
    await expectRefused(verify(totpCode(secret)), 'rate_limited')
    await operator.subject.unlock.mutate({ ...whom, reason: 'called in' })
    expect(await verify(totpCode(secret))).toMatchObject({ acr: 'mfa' })
    const { events } = await operator.audit.list.query(whom)
    expect(events.find(({ type }) => type === 'subject.unlocked')).toMatchObject({
      actor: 'operator:first',
      data: { reason: 'called in' },
    })
  })

  it('resets a user to one who never enrolled, and ends what was alive', async () => {
    const { environment, user, whom, secret } = await scene()
    const { token } = await stepUp(user, secret, ['wallet:sign'])
    const reset = await operator.subject.resetFactors.mutate({ ...whom, reason: 'lost phone' })
    expect(reset).toEqual({ removed: 1, endedTokens: 1 })
    expect(await user.client.policy.check.query({ action: 'wallet.waas.sign' })).toMatchObject({
      decision: 'permit',
      reason: 'not_enrolled',
    })
    expect(await user.client.factor.list.query()).toMatchObject({ enrolled: false, factors: [] })
    const { client } = await environment.resource()
    const use = { token, subject: user.subject, action: 'wallet.waas.sign' }
    await expectRefused(client.token.consume.mutate(use), 'token_revoked')
  })
})

describe('histories', () => {
  it('record an environment’s changes in a chain of its own, and never hold a setting or a key', async () => {
    const environment = await makeEnvironment()
    const { key, keyId } = await environment.resource()
    await operator.environment.revokeResourceKey.mutate({ environment: environment.id, id: keyId })
    const { events } = await operator.audit.list.query({ environment: environment.id })
    expect(events.map(({ type }) => type)).toEqual([
      'resource_key.revoked',
      'resource_key.created',
      'environment.created',
    ])
    expect(JSON.stringify(events)).not.toContain(key)
    expect(await operator.audit.verify.query({ environment: environment.id })).toMatchObject({
      intact: true,
      count: 3,
    })
    const directory = await operator.audit.list.query({})
    expect(directory.events.map(({ data }) => data.environment)).toContain(environment.id)
    expect(await operator.audit.verify.query()).toMatchObject({ intact: true })
  })

  it('come page by page, with cursors that fit their own list alone', async () => {
    const { user, whom, factorId } = await scene()
    for (let i = 0; i < 29; i += 1) {
      await user.client.factor.rename.mutate({ factorId, label: `phone ${i}` })
    }
    for (let i = 0; i < 30; i += 1) {
      await operator.subject.endTokens.mutate(whom)
    }
    const first = await user.client.audit.list.query({})
    expect(first.events).toHaveLength(50)
    const cursor = first.cursor ?? ''
    const second = await user.client.audit.list.query({ cursor })
    const seqs = [...first.events, ...second.events].map(({ seq }) => seq)
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => seqs.length - i))
    expect(second.cursor).toBeUndefined()
    await expectRefused(user.client.audit.verify.query({ cursor }), 'input_invalid')
    const { environment } = whom
    await expectRefused(operator.audit.list.query({ environment, cursor }), 'input_invalid')
    const other = await (await makeEnvironment()).user({ sub: user.subject })
    await expectRefused(other.client.audit.list.query({ cursor }), 'input_invalid')
  })
})

describe('the log', () => {
  it('is one line of JSON a request, with an id and no secret in it', async () => {
    const lines: string[] = []
    vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(String(line)))
    const { user, secret, recoveryCodes } = await scene()
    const { token } = await stepUp(user, secret, ['wallet:sign'])
    await expectRefused(
      user.client.challenge.verify.mutate({ method: 'totp', code: totpCode(secret) }),
      'code_already_used',
    )
    expect(lines.length).toBeGreaterThan(4)
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({
        requestId: expect.any(String),
        status: expect.any(Number),
      })
      expect(line).not.toContain('\n')
    }
    const all = lines.join('\n')
    for (const hidden of [secret, token, user.bearer(), totpCode(secret), ...recoveryCodes]) {
      expect(all).not.toContain(hidden)
    }
    expect(all).toContain('code_already_used')
  })
})
