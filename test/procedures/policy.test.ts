// The rules that a resource can read, and what it can pass on about the call that it guards.
import { describe, expect, it } from 'vitest'
import { enrollTotp, expectRefused, makeEnvironment, makeSigner, now } from '../support/service.ts'

const EXPORT = 'wallet.waas.export'

async function scene() {
  const environment = await makeEnvironment()
  const user = await environment.user()
  const { client } = await environment.resource()
  const check = (context: { sessionToken?: string; country?: string }, subject = user.subject) =>
    client.policy.check.query({ action: EXPORT, subject, context })
  return { environment, user, check }
}

describe('the context of a resource’s question', () => {
  it('is taken with the session of the user it is about, and their country', async () => {
    const { user, check } = await scene()
    const permitted = { decision: 'permit', reason: 'not_enrolled' }
    expect(await check({})).toMatchObject(permitted)
    expect(await check({ country: 'NL' })).toMatchObject(permitted)
    const sessionToken = user.bearer()
    expect(await check({ sessionToken, country: 'NL' })).toMatchObject(permitted)
  })

  it('is refused from a user, who could say anything', async () => {
    const { user } = await scene()
    for (const context of [{}, { country: 'NL' }, { sessionToken: user.bearer() }]) {
      const asked = user.client.policy.check.query({ action: EXPORT, context })
      const { message } = await expectRefused(asked, 'input_invalid')
      expect(message).toContain('Only a resource may send `context`')
    }
  })

  it.each(['nl', 'NLD', 'N', '', 'T1', 'ＮＬ'])(
    'is refused with the country %j',
    async (country) => {
      const { check } = await scene()
      await expectRefused(check({ country }), 'input_invalid')
    },
  )

  it('is refused with the session of another user', async () => {
    const { environment, check } = await scene()
    const other = await environment.user()
    const { message } = await expectRefused(
      check({ sessionToken: other.bearer() }),
      'input_invalid',
    )
    expect(message).toContain('another user')
  })

  it('is refused with a session that has expired, is forged, foreign, or none', async () => {
    const { environment, user, check } = await scene()
    const { subject } = user
    const stranger = await makeEnvironment()
    const mallory = await makeSigner()
    const forged = await mallory.sign({
      iss: 'https://login.example',
      aud: 'app',
      sub: subject,
      exp: now() + 3600,
    })
    for (const sessionToken of [
      await environment.session({ sub: subject, exp: now() - 3600 }),
      await stranger.session({ sub: subject }),
      forged,
      `${user.bearer()}=`,
      'garbage',
    ]) {
      const { message } = await expectRefused(check({ sessionToken }), 'input_invalid')
      expect(message).toContain('`context.sessionToken`')
      expect(message).not.toContain(sessionToken)
    }
  })
})

describe('an action in words', () => {
  it('comes with the decision as the operator wrote it, and without words where none are written', async () => {
    const words = { title: 'Refund', sentence: 'refund an order' }
    const actions = [
      { action: 'order.refund', scope: 'orders:refund', ...words },
      { action: 'order.view', scope: 'orders:view' },
    ]
    const environment = await makeEnvironment({ actions })
    const { client } = await environment.user()
    expect(await client.policy.check.query({ action: 'order.refund' })).toMatchObject(words)
    const plain = await client.policy.check.query({ action: 'order.view' })
    expect(plain).not.toHaveProperty('title')
    expect(plain).not.toHaveProperty('sentence')
  })

  it.each([
    { title: 'x'.repeat(65) },
    { sentence: 'x'.repeat(121) },
    { title: 'a\nb' },
    { sentence: '' },
  ])('is refused where it is %j', async (words) => {
    const actions = [{ action: 'order.refund', scope: 'orders:refund', ...words }]
    await expectRefused(makeEnvironment({ actions }), 'input_invalid')
  })
})

describe('the kinds of factor that a decision names as enrollable', () => {
  it.each([
    ['what the rule accepts', {}, {}, ['totp', 'passkey']],
    ['what the environment offers', {}, { passkey: { enabled: false } }, ['totp']],
    ['what reaches its level', { acr: 'phr' }, {}, ['passkey']],
    ['nothing where the rule denies', { require: 'deny' }, {}, []],
  ] as const)('are %s', async (_what, base, methods, enrollable) => {
    const actions = [{ action: EXPORT, base }]
    const { user } = await makeEnvironment({ actions, methods })
    const { client } = await user()
    expect(await client.policy.check.query({ action: EXPORT })).toMatchObject({ enrollable })
  })

  it('do not change when the user has enrolled one', async () => {
    const { user } = await makeEnvironment()
    const caller = await user()
    await enrollTotp(caller)
    const decision = await caller.client.policy.check.query({ action: EXPORT })
    expect(decision).toMatchObject({ methods: ['totp'], enrollable: ['totp', 'passkey'] })
  })
})

describe('policy.list', () => {
  it('names no method for an action that is denied, so that a guard asks before it lets a token in', async () => {
    const { resource } = await makeEnvironment({
      actions: [
        { action: EXPORT, base: { require: 'deny' } },
        { action: 'wallet.waas.refresh', base: { require: 'never' } },
      ],
    })
    const { client } = await resource()
    const { actions } = await client.policy.list.query()
    const methodsOf = (name: string) => actions.find(({ action }) => action === name)?.methods
    expect(methodsOf(EXPORT)).toEqual([])
    expect(methodsOf('wallet.waas.refresh')).not.toEqual([])
    expect(methodsOf('wallet.waas.sign')).not.toEqual([])
  })
})

describe('how details are shown', () => {
  it('is said to the page of the user that sends them, and only there', async () => {
    const amount = { title: 'Amount', display: { as: 'amount', unit: 'EUR', decimals: 2 } }
    const detailsSchema = {
      type: 'object',
      required: ['amount'],
      properties: { amount: { ...amount, type: 'integer', maximum: 100 }, note: {} },
    }
    const environment = await makeEnvironment({
      actions: [{ action: 'order.refund', scope: 'orders:refund', detailsSchema }],
    })
    const user = await environment.user()
    const { client } = await environment.resource()
    const asked = { action: 'order.refund', details: { amount: 5 } }
    const answer = await user.client.policy.check.query(asked)
    expect(answer.display).toEqual({ properties: { amount } })
    const { action } = asked
    expect(await user.client.policy.check.query({ action })).not.toHaveProperty('display')
    const { subject } = user
    expect(await client.policy.check.query({ ...asked, subject })).not.toHaveProperty('display')
    const plain = { action: EXPORT, details: { amount: 5 } }
    expect(await user.client.policy.check.query(plain)).not.toHaveProperty('display')
  })
})
