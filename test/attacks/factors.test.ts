// Attacks on factors: a stolen session that tries to enroll, downgrades, races between a change and a proof, and
// forged passkey responses. test/procedures/passkeys.test.ts changes every member of a response.
import { env } from 'cloudflare:workers'
import { base64urlnopad } from '@scure/base'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { carry } from '../../functions/domain/tokens/statement.ts'
import { openEnvironment } from '../../functions/edge/environment.ts'
import { readBindings } from '../../functions/env.ts'
import type { AuthenticationResponse, RegistrationResponse } from '../support/authenticator.ts'
import {
  earnWithPasskey,
  enrollPasskey,
  finishEnrolling,
  finishStepUp,
  makeDevice,
  startEnrolling,
  startStepUp,
  stepUpWithPasskey,
} from '../support/ceremonies.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { evidence } from '../support/evidence.ts'
import { expectRefusal, post } from '../support/http.ts'
import {
  enrollTotp,
  expectRefused,
  makeEnvironment,
  operator,
  stepUp,
  type TestEnvironment,
  type TestUser,
  totpCode,
} from '../support/service.ts'

restartClockAfterEach()
beforeEach(() => {
  advance(45 - (stopClock() % 30))
})

const EXPORT = ['wallet:export']
const PASSKEY_ONLY = { action: 'wallet.waas.export', base: { acr: 'phr' as const } }

const verify = (user: TestUser, code: string, requestedScopes?: string[]) =>
  user.client.challenge.verify.mutate({
    method: 'totp',
    code,
    ...(requestedScopes && { requestedScopes }),
  })
const recover = (user: TestUser, code: string | undefined, requestedScopes: string[]) =>
  user.client.challenge.verify.mutate({ method: 'recovery', code: code ?? '', requestedScopes })

async function startTotp(user: TestUser, linkToken?: string) {
  const shown = await user.with(linkToken).factor.enroll.mutate({ kind: 'totp' })
  if (!('secret' in shown)) throw new Error('no TOTP secret came back')
  return shown
}

/** A user with an authenticator app and a passkey; the code of now is still good. */
async function both(settings: Parameters<typeof makeEnvironment>[0] = {}) {
  return bothIn(await makeEnvironment(settings))
}

async function bothIn(environment: TestEnvironment) {
  const user = await environment.user()
  const totp = await enrollTotp(user)
  const device = makeDevice()
  const { token: linkToken } = await stepUp(user, totp.secret, ['credential:link'])
  const passkey = await enrollPasskey(user, device, { linkToken })
  advance(30)
  const whom = { environment: environment.id, subject: user.subject }
  const view = () => operator.subject.get.query(whom)
  return { environment, user, totp, device, passkey, whom, view }
}

describe('a stolen session of an enrolled user', () => {
  it('changes no factor, however fresh it is and wherever else a token is put', async () => {
    const { environment, user, totp } = await both()
    const stolen = await environment.session({ sub: user.subject })
    const { factorId } = totp
    const before = await evidence(environment.id, user.subject)
    for (const [procedure, body] of [
      ['factor.enroll', { kind: 'totp' }],
      ['factor.enroll', { kind: 'passkey' }],
      ['factor.remove', { factorId }],
      ['factor.setDefault', { factorId }],
      ['recovery.regenerate', {}],
    ] as const)
      for (const headers of [
        {},
        { dpop: stolen },
        { cookie: `countersign-token=${stolen}` },
        { 'x-countersign-token': stolen },
      ]) {
        const response = await post(environment.id, procedure, { bearer: stolen, body, headers })
        await expectRefusal(response, 401, 'step_up_required')
      }
    expect(await evidence(environment.id, user.subject)).toEqual(before)
  })

  it('does not get at an enrollment that the user has open, also not for another kind', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const thief = await environment.user({ sub: user.subject, sid: 'stolen' })
    // Both of the thief's were begun before the user's own.
    const passkey = await startEnrolling(thief)
    const app = await startTotp(thief)
    await enrollTotp(user)
    advance(30)
    const response = await makeDevice().register(passkey.options)
    await expectRefused(finishEnrolling(thief, passkey, response), 'factor_not_found')
    const code = totpCode(app.secret)
    const { factorId } = app
    await expectRefused(
      thief.client.factor.confirm.mutate({ kind: 'totp', factorId, code }),
      'factor_not_found',
    )
    expect((await user.client.factor.list.query()).factors).toHaveLength(1)
  })

  it.each([1, 2, 3])(
    'that races the user to the first factor leaves one of both, and codes with that one (round %i)',
    async () => {
      const environment = await makeEnvironment()
      const user = await environment.user()
      const thief = await environment.user({ sub: user.subject, sid: 'stolen' })
      const [own, theirs] = [await startTotp(user), await startEnrolling(thief)]
      const response = await makeDevice().register(theirs.options)
      const confirmed = await Promise.allSettled([
        user.client.factor.confirm.mutate({
          kind: 'totp',
          factorId: own.factorId,
          code: totpCode(own.secret),
        }),
        finishEnrolling(thief, theirs, response),
      ])
      const won = confirmed.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      expect(won).toHaveLength(1)
      expect(won[0]?.recoveryCodes).toHaveLength(10)
      expect((await user.client.factor.list.query()).factors).toHaveLength(1)
    },
  )

  it('shows nobody the secret or the recovery codes a second time', async () => {
    const { user, totp, whom } = await both()
    const seen = JSON.stringify([
      await user.client.factor.list.query(),
      await user.client.audit.list.query({}),
      await operator.subject.get.query(whom),
      await operator.audit.list.query(whom),
    ])
    expect(seen).not.toContain(totp.secret)
    for (const code of totp.recoveryCodes) expect(seen).not.toContain(code)
  })
})

describe('a way down', () => {
  it('is not to remove the passkey that a rule wants: then it asks to enroll one', async () => {
    const { environment, user, totp, device, passkey } = await both({ actions: [PASSKEY_ONLY] })
    const check = () => user.client.policy.check.query({ scope: 'wallet:export' })
    expect(await check()).toMatchObject({ decision: 'step_up', methods: ['passkey'] })
    const { token } = await stepUp(user, totp.secret, ['credential:unlink'])
    const earned = await earnWithPasskey(user, device, 'wallet:export')
    await user.with(token).factor.remove.mutate({ factorId: passkey.factorId })
    expect(await check()).toMatchObject({
      decision: 'enroll',
      reason: 'no_usable_factor',
      methods: ['passkey'],
    })
    advance(30)
    await expectRefused(verify(user, totpCode(totp.secret), EXPORT), 'method_not_allowed')
    await expectRefused(startStepUp(user, EXPORT), 'enrollment_required')
    const { client } = await environment.resource()
    const use = { token: earned, subject: user.subject, action: 'wallet.waas.export' }
    await expectRefused(client.token.consume.mutate(use), 'token_revoked')
  })

  it('is not to make an app the default factor', async () => {
    const { user, totp, device } = await both({ actions: [PASSKEY_ONLY] })
    const update = await earnWithPasskey(user, device, 'credential:update')
    await user.with(update).factor.setDefault.mutate({ factorId: totp.factorId })
    const checked = await user.client.policy.check.query({ scope: 'wallet:export' })
    expect(checked).toMatchObject({ decision: 'step_up', methods: ['passkey'], acr: 'phr' })
  })

  it.each([
    ['a recovery code', 'recovery'],
    ['an app', 'totp'],
  ])(
    'from a passkey to %s ends where credential.link wants a passkey, too',
    async (_what, method) => {
      const link = { acr: 'phr' as const, methods: ['passkey' as const] }
      const { user, totp, passkey, device, view } = await both({
        actions: [PASSKEY_ONLY],
      }).then(async (at) => {
        const { id, document } = at.environment
        const actions = [PASSKEY_ONLY, { action: 'credential.link', base: link }]
        const settings = { ...document, actions }
        await operator.environment.update.mutate({ environment: id, settings, version: 1 })
        return at
      })
      const unlink = await earnWithPasskey(user, device, 'credential:unlink')
      await user.with(unlink).factor.remove.mutate({ factorId: passkey.factorId })
      const scopes = ['credential:link']
      const tried =
        method === 'totp'
          ? verify(user, totpCode(totp.secret), scopes)
          : recover(user, totp.recoveryCodes[0], scopes)
      await expectRefused(tried, 'method_not_allowed')
      await expectRefused(startEnrolling(user), 'step_up_required')
      expect(await user.client.policy.check.query({ action: 'credential.link' })).toMatchObject({
        decision: 'deny',
        reason: 'operator_reset_needed',
      })
      expect(await view()).toMatchObject({ pendingEnrollments: 0, recovery: { remaining: 10 } })
    },
  )

  it('is not to name a weaker method beside a stronger scope', async () => {
    const { user, totp } = await both({ actions: [PASSKEY_ONLY] })
    const scopes = ['wallet:sign', 'wallet:export']
    await expectRefused(verify(user, totpCode(totp.secret), scopes), 'method_not_allowed')
    await expectRefused(recover(user, totp.recoveryCodes[0], scopes), 'method_not_allowed')
    // The code is as good as before.
    await verify(user, totpCode(totp.secret), ['wallet:sign'])
  })
})

describe('a race', () => {
  /** Runs something after some milliseconds, or at once if the delay is not positive. */
  const delayed = async <T>(milliseconds: number, run: () => Promise<T>): Promise<T> => {
    if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds))
    return run()
  }

  it.each([1, 2, 3])(
    'between a code that confirms and the same one stepping up passes one (round %i)',
    async () => {
      const { user, totp } = await both()
      const { token } = await stepUp(user, totp.secret, ['credential:link'])
      const { factorId, secret } = await startTotp(user, token)
      const code = totpCode(secret)
      const outcomes = await Promise.allSettled([
        user.client.factor.confirm.mutate({ kind: 'totp', factorId, code }),
        ...Array.from({ length: 3 }, () =>
          user.client.challenge.verify.mutate({ method: 'totp', factorId, code }),
        ),
      ])
      const passed = outcomes.map(({ status }) => status === 'fulfilled')
      expect(passed).toEqual([true, false, false, false])
    },
  )

  it.each([1, 2, 3])(
    'between a passkey and its removal leaves no token of it (round %i)',
    async () => {
      const { environment, user, totp, device, passkey } = await both()
      const { token: unlink } = await stepUp(user, totp.secret, ['credential:unlink'])
      const started = await startStepUp(user, EXPORT)
      const response = await device.authenticate(started.options)
      const elsewhere = await environment.user({ sub: user.subject })
      const [stepped] = await Promise.allSettled([
        finishStepUp(user, started, response),
        elsewhere.with(unlink).factor.remove.mutate({ factorId: passkey.factorId }),
      ])
      expect((await user.client.factor.list.query()).factors).toHaveLength(1)
      if (stepped.status === 'rejected')
        await expectRefused(Promise.reject(stepped.reason), 'passkey_rejected')
      else {
        const token = stepped.value.elevatedToken?.token ?? ''
        expect(await user.client.token.introspect.query({ token })).toEqual({ active: false })
      }
    },
  )

  it.each([-10, 0, 10])(
    'between a recovery code and new ones leaves no token of an old one (%i ms ahead)',
    async (ahead) => {
      const { environment, user, totp } = await both()
      const { token: update } = await stepUp(user, totp.secret, ['credential:update'])
      const elsewhere = await environment.user({ sub: user.subject })
      const [recovered] = await Promise.allSettled([
        delayed(-ahead, () => recover(user, totp.recoveryCodes[0], ['credential:link'])),
        delayed(ahead, () => elsewhere.with(update).recovery.regenerate.mutate()),
      ])
      const listed = await user.client.factor.list.query()
      expect(listed.recovery).toMatchObject({ remaining: 10, total: 10 })
      if (recovered.status === 'rejected')
        await expectRefused(Promise.reject(recovered.reason), 'invalid_code')
      else {
        const token = recovered.value.elevatedToken?.token ?? ''
        const enroll = user.with(token).factor.enroll.mutate({ kind: 'totp' })
        await expectRefused(enroll, 'token_revoked')
      }
    },
  )

  it.each([-10, 0, 1, 3, 10])(
    'between a reset and the passkey that is being enrolled leaves nothing enrolled (%i ms ahead)',
    async (ahead) => {
      const { environment, user, device, whom } = await both()
      const linkToken = await earnWithPasskey(user, device, 'credential:link')
      const started = await startEnrolling(user, linkToken)
      const response = await makeDevice().register(started.options)
      await Promise.allSettled([
        delayed(-ahead, () => finishEnrolling(user, started, response)),
        delayed(ahead, () => operator.subject.resetFactors.mutate(whom)),
      ])
      expect(await user.client.factor.list.query()).toMatchObject({ factors: [], enrolled: false })
      // Its id is nobody's: another user may enroll it.
      const tamper = { credentialId: response.id, postedId: response.id }
      const other = await environment.user()
      expect(await enrollPasskey(other, makeDevice(), { tamper })).toMatchObject({
        factor: { kind: 'passkey' },
      })
    },
  )

  it.each([1, 2, 3])(
    'between the end of all tokens and a change of factors is won by one of them (round %i)',
    async () => {
      const { user, totp, passkey, whom, view } = await both()
      const { token } = await stepUp(user, totp.secret, ['credential:unlink'])
      const [removed, ended] = await Promise.allSettled([
        user.with(token).factor.remove.mutate({ factorId: passkey.factorId }),
        operator.subject.endTokens.mutate(whom),
      ])
      expect(ended.status).toBe('fulfilled')
      const { factors } = await view()
      expect(factors).toHaveLength(removed.status === 'fulfilled' ? 1 : 2)
      if (removed.status === 'rejected')
        await expectRefused(Promise.reject(removed.reason), 'token_revoked')
    },
  )
})

describe('the answer of a passkey', () => {
  it('to one challenge does not answer the next, nor the first once it has expired', async () => {
    const { user, device } = await both()
    const first = await startStepUp(user, EXPORT)
    const response = await device.authenticate(first.options)
    await finishStepUp(user, first, response)
    const second = await startStepUp(user, EXPORT)
    await expectRefused(finishStepUp(user, second, response), 'passkey_rejected')
    advance(301)
    await expectRefused(finishStepUp(user, first, response), 'challenge_expired')
  })

  it.each([
    ['for another scope', { scopes: ['wallet:sign'] }, { scopes: EXPORT }],
    ['for more scopes', { scopes: ['wallet:sign'] }, { scopes: ['wallet:sign', ...EXPORT] }],
    ['for no scope, which is to prove oneself', {}, { scopes: EXPORT }],
    [
      'for other details',
      { scopes: EXPORT, details: { to: 'alice', amount: 1 } },
      { scopes: EXPORT, details: { to: 'mallory', amount: 1 } },
    ],
    ['for details where it saw none', { scopes: EXPORT }, { scopes: EXPORT, details: { to: 'm' } }],
    [
      'without the details that it saw',
      { scopes: EXPORT, details: { to: 'a' } },
      { scopes: EXPORT },
    ],
  ] as [string, Asked, Asked][])(
    'earns nothing when the page swaps the challenge for one %s',
    async (_what, signed, swapped) => {
      const { user, device, view } = await both()
      const [seen, hidden] = [
        await startStepUp(user, signed.scopes, signed.details),
        await startStepUp(user, swapped.scopes, swapped.details),
      ]
      const response = await device.authenticate(seen.options)
      const { liveTokens } = await view()
      await expectRefused(finishStepUp(user, hidden, response), 'passkey_rejected')
      expect(await view()).toMatchObject({ liveTokens })
      expect(await finishStepUp(user, seen, response)).toMatchObject({ acr: 'phr' })
    },
  )
  type Asked = { scopes?: string[]; details?: Record<string, unknown> }

  it('is to no statement of ours that was made for something else, as a cursor was', async () => {
    const { environment, user, device } = await both()
    const started = await startStepUp(user, EXPORT)
    const [body = ''] = started.challenge.split('.')
    const statement = JSON.parse(new TextDecoder().decode(base64urlnopad.decode(body)))
    const { secrets } = await openEnvironment(readBindings(env), environment.id)
    const { dataKey } = secrets()
    expect(carry(dataKey, 'challenge', statement)).toBe(started.challenge)
    const response = await device.authenticate(started.options)
    const asCursor = carry(dataKey, 'cursor', statement)
    await expectRefused(finishStepUp(user, { challenge: asCursor }, response), 'passkey_rejected')
    const cursor = started.challenge.slice(0, 512)
    await expectRefused(user.client.audit.list.query({ cursor }), 'input_invalid')
    await expectRefused(user.client.audit.verify.query({ cursor: asCursor }), 'input_invalid')
    await finishStepUp(user, started, response)
  })
})

/** What a test changes in the bytes of an answer, as hexadecimal digits. */
type Edit = (hex: string) => string

const hexOf = (base64Url: string) => Buffer.from(base64urlnopad.decode(base64Url)).toString('hex')
const edited = (base64Url: string, edit: Edit): string =>
  base64urlnopad.encode(Uint8Array.from(Buffer.from(edit(hexOf(base64Url)), 'hex')))

describe('bytes that are made to break their reader', () => {
  let environment: TestEnvironment
  beforeAll(async () => {
    environment = await makeEnvironment()
  })

  const BOMBS: [string, string][] = [
    ['lists of 12,000 levels', '81'.repeat(12_000)],
    ['maps of 4,000 levels', 'a16161'.repeat(4_000)],
    ['tags of 12,000 levels', 'c1'.repeat(12_000)],
    ['a list that says it has four billion members', '9affffffff'],
    ['a map that says it has four billion members', 'baffffffff'],
    ['a text that says it is four gigabytes long', '7affffffff61'],
    ['bytes of a length beyond any number', '5bffffffffffffffff'],
    ['a list without end', '9f'.repeat(12_000)],
    ['bytes without end', '5f'.repeat(12_000)],
    ['not-a-number values', 'f97e00f97e00'],
  ]

  it.each(BOMBS)('enroll nothing: %s', async (_what, hex) => {
    const user = await environment.user()
    const started = await startEnrolling(user)
    const right = await makeDevice().register(started.options)
    // In place of the attestation, and of the key in it.
    const key = hexOf(right.response.attestationObject).indexOf('a5010203262001')
    expect(key).toBeGreaterThan(0)
    for (const edit of [() => hex, (all: string) => all.slice(0, key) + hex] satisfies Edit[]) {
      const attestationObject = edited(right.response.attestationObject, edit)
      expect(attestationObject.length).toBeLessThanOrEqual(16_384)
      const bent: RegistrationResponse = {
        ...right,
        response: { ...right.response, attestationObject },
      }
      await expectRefused(finishEnrolling(user, started, bent), 'passkey_rejected')
    }
    await finishEnrolling(user, started, right)
  })

  it.each(BOMBS)('step nobody up, as extensions of an authenticator: %s', async (_what, hex) => {
    const { user, device } = await bothIn(environment)
    const started = await startStepUp(user, EXPORT)
    const right = await device.authenticate(started.options)
    const flags = (bits: number): Edit => {
      return (all) => {
        const flag = Number.parseInt(all.slice(64, 66), 16) | bits
        return all.slice(0, 64) + flag.toString(16).padStart(2, '0') + all.slice(66) + hex
      }
    }
    const bent: AuthenticationResponse = {
      ...right,
      response: {
        ...right.response,
        authenticatorData: edited(right.response.authenticatorData, flags(0x80)),
      },
    }
    await expectRefused(finishStepUp(user, started, bent), 'passkey_rejected')
    expect(await stepUpWithPasskey(user, device, EXPORT)).toMatchObject({ acr: 'phr' })
  })

  it.each([
    ['12,000 levels', '['.repeat(12_000)],
    ['12,000 levels that end', '['.repeat(6_000) + ']'.repeat(6_000)],
    ['a key that reaches a prototype', '{"__proto__":{"type":"webauthn.get"}}'],
    ['members of an object that every object has', '{"constructor":1,"toString":2}'],
  ])('are no client data: %s', async (_what, text) => {
    const { user, device } = await bothIn(environment)
    const started = await startStepUp(user, EXPORT)
    const right = await device.authenticate(started.options)
    const clientDataJSON = base64urlnopad.encode(new TextEncoder().encode(text))
    const bent = { ...right, response: { ...right.response, clientDataJSON } }
    await expectRefused(finishStepUp(user, started, bent), 'passkey_rejected')
    expect(Object.hasOwn(Object.prototype, 'type')).toBe(false)
  })
})
