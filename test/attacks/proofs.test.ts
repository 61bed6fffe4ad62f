// Attacks with tokens that are bound to a key (RFC 9449): presented without a proof, with another key's, with the
// proof of another call, and with a proof twice. The clock stands still. No refusal burns a proof or a token.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { dpop } from '../../client/resource/dpop.ts'
import { createGuard, type GuardOptions } from '../../client/resource.ts'
import {
  DPOP_HEADER,
  type EnvironmentSettings,
  type Reason,
  TOKEN_HEADER,
} from '../../contract/index.ts'
import { subjectObjectName } from '../../functions/domain/names.ts'
import type { AuthenticationResponse } from '../support/authenticator.ts'
import { enrollPasskey, makeDevice, startStepUp } from '../support/ceremonies.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { makeProofKey, type ProofFor, type ProofKey } from '../support/dpop.ts'
import { historyAfterTheHour, historyOf } from '../support/evidence.ts'
import { partsOf, signRaw } from '../support/jwt.ts'
import {
  AUDIENCE,
  call,
  enrollTotp,
  expectRefused,
  makeEnvironment,
  now,
  operator,
  PUBLIC_URL,
  refusedBy,
  send,
  type TestUser,
  totpCode,
  viaWorker,
  viaWorkerWith,
} from '../support/service.ts'
import { signingKeyOf } from '../support/signing.ts'
import { storedBy } from '../support/stored.ts'

restartClockAfterEach()
beforeEach(() => {
  stopClock()
})

const METHODS: ('totp' | 'passkey' | 'assertion')[] = ['totp', 'passkey', 'assertion']
const BASE = { require: 'always' as const, methods: METHODS }
const ACTIONS: EnvironmentSettings['actions'] = [
  { action: 'wallet.waas.export', base: BASE },
  {
    action: 'order.list',
    scope: 'orders:list',
    base: { ...BASE, singleUse: false },
  },
  { action: 'order.pay', scope: 'orders:pay', base: { methods: METHODS, dpop: true } },
]
const EXPORT = { action: 'wallet.waas.export', scope: 'wallet:export' }
const LIST = { action: 'order.list', scope: 'orders:list' }
const API_URL = 'https://api.example'
const API = `${API_URL}/export`
type Settings = Partial<EnvironmentSettings>

/** A client that sends more headers with each call. */
const sending = (
  environment: string,
  user: TestUser,
  headers: Record<string, string | undefined>,
) => call({ environment, bearer: user.bearer, fetch: viaWorkerWith(headers) })

/** A user with a key, the tokens that they get for it, and a resource that takes these. */
async function scene(settings: Partial<EnvironmentSettings> = {}) {
  const environment = await makeEnvironment({ actions: ACTIONS, ...settings })
  const [user, key, resource] = await Promise.all([
    environment.user(),
    makeProofKey(),
    environment.resource(),
  ])
  const at = (procedure: string) => `${environment.issuer}/trpc/${procedure}`
  const vouch = (scope: string) => environment.assertion({ sub: user.subject, scope })
  const exchange = async (assertion: string, proof: string | undefined) => {
    const client = sending(environment.id, user, { [DPOP_HEADER]: proof })
    return (await client.token.exchange.mutate({ assertion })).elevatedToken
  }
  const ask = async (scope = EXPORT.scope) =>
    exchange(await vouch(scope), await key.proof({ url: at('token.exchange') }))
  const shown = async (
    token: string,
    claims: Record<string, unknown> = {},
    { by = key, header = {}, url = API }: { by?: ProofKey; header?: object; url?: string } = {},
  ) => ({
    proof: await by.proof({ url, token }, { iat: now(), ...claims }, { ...header }),
    ...{ method: 'POST', url },
  })
  type Shown = Awaited<ReturnType<typeof shown>>
  const { subject } = user
  const consume = (token: string, dpop?: Shown, more = EXPORT, idempotencyKey?: string) =>
    resource.client.token.consume.mutate({
      ...{ token, subject, action: more.action },
      ...(dpop && { dpop }),
      ...(idempotencyKey && { idempotencyKey }),
    })
  const authorize = (token: string, dpop?: Shown, more = EXPORT) =>
    resource.client.action.authorize.mutate({
      ...{ token, subject, action: more.action },
      ...(dpop && { dpop }),
    })
  return { environment, user, key, resource, at, vouch, exchange, ask, shown, consume, authorize }
}

describe('a token that is bound to a key', () => {
  it('is issued for the proof of an exchange, and says so wherever it is described', async () => {
    const { key, resource, environment, user, ask } = await scene()
    const { token, tokenType, jti } = await ask()
    expect(tokenType).toBe('DPoP')
    expect(partsOf(token).payload).toMatchObject({ cnf: { jkt: key.jkt } })
    expect(await resource.client.token.introspect.query({ token })).toMatchObject({
      ...{ active: true, token_type: 'DPoP', cnf: { jkt: key.jkt } },
    })
    const [event] = await historyOf(environment.id, user.subject)
    expect(event?.data.tokens).toEqual([expect.objectContaining({ jti, jkt: key.jkt })])
  })

  it('is issued for the proof of a step-up, and a legacy token too', async () => {
    const { environment, user, key, at } = await scene()
    const { secret } = await enrollTotp(user)
    const proof = await key.proof({ url: at('challenge.verify') })
    const verified = await sending(environment.id, user, {
      [DPOP_HEADER]: proof,
    }).challenge.verify.mutate({
      ...{ method: 'totp', code: totpCode(secret), requestedScopes: [EXPORT.scope] },
      mfaToken: { singleUse: true },
    })
    expect(verified.elevatedToken?.tokenType).toBe('DPoP')
    for (const { token } of [verified.elevatedToken, verified.mfaToken].filter((one) => !!one))
      expect(partsOf(token).payload).toMatchObject({ cnf: { jkt: key.jkt } })
  })

  it('is not issued without a proof, and then works as before', async () => {
    const { vouch, exchange, consume } = await scene()
    const { token, tokenType } = await exchange(await vouch(EXPORT.scope), undefined)
    expect(tokenType).toBe('Bearer')
    expect(partsOf(token).payload).not.toHaveProperty('cnf')
    expect(await consume(token)).toMatchObject({ accepted: true })
  })

  it.each([
    ['consume', 'accepted'],
    ['authorize', 'authorized'],
  ] as const)('is spent with a proof of its key, by %s', async (verb, answer) => {
    const at = await scene()
    const { token } = await at.ask()
    const accepted = await at[verb](token, await at.shown(token))
    expect(accepted).toMatchObject({ [answer]: true, claims: { cnf: { jkt: at.key.jkt } } })
    await expectRefused(at[verb](token, await at.shown(token)), 'token_used')
  })

  it.each<
    [what: string, bend: (at: Awaited<ReturnType<typeof scene>>, token: string) => Promise<object>]
  >([
    [
      'the proof of another key',
      async ({ shown }, token) => shown(token, {}, { by: await makeProofKey() }),
    ],
    ['the proof of another method', ({ shown }, token) => shown(token, { htm: 'GET' })],
    ['the proof of another address', ({ shown }, token) => shown(token, { htu: `${API}s` })],
    ['the proof of another token', ({ shown }, token) => shown(token, { ath: 'another' })],
    ['the proof of no token', ({ shown }, token) => shown(token, { ath: undefined })],
    ['a proof from 61 seconds ago', ({ shown }, token) => shown(token, { iat: now() - 61 })],
    ['a proof from 61 seconds ahead', ({ shown }, token) => shown(token, { iat: now() + 61 })],
    ['an id of 129 characters', ({ shown }, token) => shown(token, { jti: 'j'.repeat(129) })],
    [
      'a private key in the header',
      ({ shown, key }, token) =>
        shown(token, {}, { header: { jwk: { ...key.jwk, d: 'c2VjcmV0' } } }),
    ],
    ['a symmetric algorithm', ({ shown }, token) => shown(token, {}, { header: { alg: 'HS256' } })],
    ['no algorithm', ({ shown }, token) => shown(token, {}, { header: { alg: 'none' } })],
    [
      'two proofs in one header',
      async ({ shown }, token) => {
        const one = await shown(token)
        return { ...one, proof: `${one.proof}, ${one.proof}` }
      },
    ],
  ])('is refused with %s, and neither is burnt', async (_what, bend) => {
    const at = await scene()
    const { token } = await at.ask()
    const right = await at.shown(token)
    const wrong = (await bend(at, token)) as typeof right
    await expectRefused(at.consume(token, wrong), 'proof_invalid')
    const { wwwAuthenticate } = await expectRefused(at.authorize(token, wrong), 'proof_invalid')
    expect(wwwAuthenticate).toMatch(/^DPoP error="invalid_dpop_proof", algs="ES256 /)
    expect(await at.consume(token, right)).toMatchObject({ accepted: true, replayed: false })
  })

  it('is refused without a proof, and that is counted in the history of its user', async () => {
    const at = await scene()
    const { token, jti } = await at.ask()
    await expectRefused(at.consume(token), 'proof_required')
    await expectRefused(at.authorize(token), 'proof_required')
    const events = await historyAfterTheHour(at.environment.id, at.user.subject)
    const refused = events.find(({ type }) => type === 'token.refused')
    expect(refused?.data).toMatchObject({ jti, reason: 'proof_required', count: 2 })
  })

  it('is bound by the object as well, if a stolen key signs it again without its key or for another', async () => {
    const at = await scene()
    const { token } = await at.ask()
    const { header, payload } = partsOf(token)
    const { cnf: _cnf, ...unbound } = payload
    const { key } = await signingKeyOf(at.environment.id)
    const forged = await signRaw(key, header, unbound)
    await expectRefused(at.consume(forged), 'proof_required')
    const thief = await makeProofKey()
    const moved = await signRaw(key, header, { ...unbound, cnf: { jkt: thief.jkt } })
    const proof = await at.shown(moved, {}, { by: thief })
    await expectRefused(at.consume(moved, proof), 'proof_invalid')
    expect(await at.consume(token, await at.shown(token))).toMatchObject({ accepted: true })
  })
})

describe('a proof', () => {
  it('is used once: fifty at the same time let exactly one through', async () => {
    const at = await scene()
    const { token } = await at.ask(LIST.scope)
    const shown = await at.shown(token)
    const calls = Array.from({ length: 50 }, (_, turn) =>
      turn % 2 ? at.consume(token, shown, LIST) : at.authorize(token, shown, LIST),
    )
    const outcomes = await Promise.allSettled(calls)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await expectRefused(at.consume(token, shown, LIST), 'proof_used')
    expect(await at.consume(token, await at.shown(token), LIST)).toMatchObject({ accepted: true })
  })

  it('is used once to ask for a token, and a second use burns no assertion', async () => {
    const at = await scene()
    const proof = await at.key.proof({ url: at.at('token.exchange') })
    const [first, second] = [await at.vouch(LIST.scope), await at.vouch(LIST.scope)]
    await at.exchange(first, proof)
    await expectRefused(at.exchange(second, proof), 'proof_used')
    const fresh = await at.key.proof({ url: at.at('token.exchange') })
    expect(await at.exchange(second, fresh)).toMatchObject({ tokenType: 'DPoP' })
  })

  it('that was used burns no code, and counts no attempt', async () => {
    const at = await scene()
    const { secret } = await enrollTotp(at.user)
    const proof = await at.key.proof({ url: at.at('challenge.verify') })
    const verify = (by: string) =>
      sending(at.environment.id, at.user, { [DPOP_HEADER]: by }).challenge.verify.mutate({
        ...{ method: 'totp', code: totpCode(secret), requestedScopes: [EXPORT.scope] },
      })
    await verify(proof)
    advance(30)
    await expectRefused(verify(proof), 'proof_used')
    const fresh = await at.key.proof({ url: at.at('challenge.verify') })
    expect(await verify(fresh)).toMatchObject({ elevatedToken: { tokenType: 'DPoP' } })
  })

  it('that was used burns no passkey challenge', async () => {
    const at = await scene()
    const device = makeDevice()
    await enrollPasskey(at.user, device)
    const proofFor = () => at.key.proof({ url: at.at('challenge.verify') })
    const finish = (challenge: string, response: AuthenticationResponse, proof: string) =>
      sending(at.environment.id, at.user, { [DPOP_HEADER]: proof }).challenge.verify.mutate({
        ...{ method: 'passkey', challenge, response },
      })
    const used = await proofFor()
    const first = await startStepUp(at.user, [EXPORT.scope])
    await finish(first.challenge, await device.authenticate(first.options), used)
    const { challenge, options } = await startStepUp(at.user, [EXPORT.scope])
    const answer = await device.authenticate(options)
    await expectRefused(finish(challenge, answer, used), 'proof_used')
    expect(await finish(challenge, answer, await proofFor())).toMatchObject({ acr: 'phr' })
  })

  it('of another key may have the same id', async () => {
    const at = await scene()
    const other = await makeProofKey()
    for (const key of [at.key, other]) {
      const proof = await key.proof({ url: at.at('token.exchange') }, { jti: 'the same' })
      expect(await at.exchange(await at.vouch(LIST.scope), proof)).toMatchObject({
        tokenType: 'DPoP',
      })
    }
  })

  it('may be shown again with its request, when the answer was lost', async () => {
    const at = await scene()
    const { token } = await at.ask(LIST.scope)
    const shown = await at.shown(token)
    const again = () => at.consume(token, shown, LIST, 'the-same-request')
    expect(await again()).toMatchObject({ accepted: true, replayed: false })
    expect(await again()).toMatchObject({ accepted: true, replayed: true })
    await expectRefused(at.consume(token, shown, LIST, 'another-request-of-it'), 'proof_used')
  })

  it('leaves nothing behind for longer than it could be used again', async () => {
    const at = await scene()
    const { token } = await at.ask(LIST.scope)
    const object = env.SUBJECT.getByName(subjectObjectName(at.environment.id, at.user.subject))
    const kept = async () =>
      (await storedBy(object)).rows.claims?.filter(({ key }) => `${key}`.startsWith('dpop:'))
    for (let turn = 0; turn < 3; turn += 1) await at.consume(token, await at.shown(token), LIST)
    expect(await kept()).toHaveLength(4)
    advance(182)
    await at.consume(token, await at.shown(token), LIST)
    expect(await kept()).toHaveLength(1)
  })

  it.each<[what: string, bend: (at: Awaited<ReturnType<typeof scene>>) => Promise<string>]>([
    ['for another call', ({ key, at }) => key.proof({ url: at('challenge.verify') })],
    ['for another host', ({ key }) => key.proof({ url: 'https://evil.example/token.exchange' })],
    [
      'from a minute ago',
      ({ key, at }) => key.proof({ url: at('token.exchange') }, { iat: now() - 61 }),
    ],
    [
      'with a private key',
      ({ key, at }) =>
        key.proof({ url: at('token.exchange') }, {}, { jwk: { ...key.jwk, d: 'c2VjcmV0' } }),
    ],
    [
      'sent twice',
      async ({ key, at }) => {
        const one = await key.proof({ url: at('token.exchange') })
        return `${one}, ${one}`
      },
    ],
    ['that is no proof', async () => 'nothing'],
  ])('%s earns no token, and burns no assertion', async (_what, bend) => {
    const at = await scene()
    const assertion = await at.vouch(EXPORT.scope)
    await expectRefused(at.exchange(assertion, await bend(at)), 'proof_invalid')
    expect(await at.exchange(assertion, undefined)).toMatchObject({ tokenType: 'Bearer' })
  })

  it('names the configured address of the service, whatever Host its request names', async () => {
    const at = await scene()
    const asked = async (htu: string) => {
      const response = await send(`/${at.environment.id}/trpc/token.exchange`, {
        method: 'POST',
        headers: {
          ...{ authorization: `Bearer ${at.user.bearer()}`, 'content-type': 'application/json' },
          ...{ host: 'evil.example', 'x-forwarded-host': 'evil.example' },
          [DPOP_HEADER]: await at.key.proof({ url: htu }),
        },
        body: JSON.stringify({ assertion: await at.vouch(LIST.scope) }),
      })
      return response.status
    }
    const path = `/${at.environment.id}/trpc/token.exchange`
    expect(await asked(`http://evil.example${path}`)).toBe(403)
    expect(await asked(`${PUBLIC_URL}${path}`)).toBe(200)
  })
})

describe('where proofs are required', () => {
  it.each<[where: string, settings: Partial<EnvironmentSettings>, scope: string]>([
    ['an environment', { senderConstrained: 'dpop' }, EXPORT.scope],
    ['the rule of an action', {}, 'orders:pay'],
  ])('%s issues no token without one, and takes none', async (_where, settings, scope) => {
    const at = await scene(settings)
    const assertion = await at.vouch(scope)
    await expectRefused(at.exchange(assertion, undefined), 'proof_required')
    const proof = await at.key.proof({ url: at.at('token.exchange') })
    expect(await at.exchange(assertion, proof)).toMatchObject({ tokenType: 'DPoP' })
  })

  it('issues no legacy token without one', async () => {
    const at = await scene({ senderConstrained: 'dpop' })
    const { secret } = await enrollTotp(at.user)
    const ask = at.user.client.challenge.verify.mutate({
      ...{ method: 'totp', code: totpCode(secret), mfaToken: { singleUse: true } },
    })
    await expectRefused(ask, 'proof_required')
  })

  it('asks for a step-up when a token from before is not bound', async () => {
    const at = await scene()
    await enrollTotp(at.user)
    const { token } = await at.exchange(await at.vouch(EXPORT.scope), undefined)
    const { version, settings } = await operator.environment.get.query({
      environment: at.environment.id,
    })
    await operator.environment.update.mutate({
      ...{ environment: at.environment.id, version },
      settings: { ...settings, senderConstrained: 'dpop' },
    })
    advance(21)
    await expectRefused(at.consume(token), 'step_up_required')
    await expectRefused(at.authorize(token), 'step_up_required')
  })
})

describe('a nonce', () => {
  const required = { senderConstrained: 'dpopNonce' } as const

  it('is asked for with a fresh one, which is then accepted for five minutes', async () => {
    const at = await scene(required)
    const ask = async (nonce?: unknown) =>
      at.exchange(
        await at.vouch(EXPORT.scope),
        await at.key.proof({ url: at.at('token.exchange') }, { nonce }),
      )
    const { dpopNonce } = await expectRefused(ask(), 'use_dpop_nonce')
    advance(299)
    expect(await ask(dpopNonce)).toMatchObject({ tokenType: 'DPoP' })
  })

  it('comes in the header too', async () => {
    const at = await scene(required)
    const response = await send(`/${at.environment.id}/v1/token/exchange`, {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${at.user.bearer()}`, 'content-type': 'application/json' },
        [DPOP_HEADER]: await at.key.proof({ url: `${at.environment.issuer}/v1/token/exchange` }),
      },
      body: JSON.stringify({ assertion: await at.vouch(EXPORT.scope) }),
    })
    const { reason, dpopNonce } = (await response.json()) as Record<string, string>
    expect([response.status, reason]).toEqual([400, 'use_dpop_nonce'])
    expect(response.headers.get('dpop-nonce')).toBe(dpopNonce)
  })

  it.each<[what: string, of: (nonce: string, foreign: string) => unknown, age?: number]>([
    ['a foreign one', (_nonce, foreign) => foreign],
    ['an invented one', () => 'invented'],
    ['one that is no text', () => 7],
    ['one from ten minutes ago', (nonce) => nonce, 600],
  ])('is not %s, and a refusal burns neither proof nor token', async (_what, of, age = 0) => {
    const [at, other] = await Promise.all([scene(required), scene(required)])
    const nonceOf = async ({ vouch, exchange, key, at: url }: typeof at) => {
      const asked = exchange(
        await vouch(EXPORT.scope),
        await key.proof({ url: url('token.exchange') }),
      )
      return (await refusedBy(asked)).dpopNonce ?? ''
    }
    const [nonce, foreign] = [await nonceOf(at), await nonceOf(other)]
    const token = async (by: string) =>
      at.exchange(
        await at.vouch(EXPORT.scope),
        await at.key.proof({ url: at.at('token.exchange') }, { nonce: by }),
      )
    advance(age)
    const fresh = await nonceOf(at)
    const bound = (await token(fresh)).token
    const wrong = { nonce: of(nonce, foreign), jti: 'the same' }
    await expectRefused(at.consume(bound, await at.shown(bound, wrong)), 'use_dpop_nonce')
    const { dpopNonce, wwwAuthenticate } = await expectRefused(
      at.authorize(bound, await at.shown(bound, wrong)),
      'use_dpop_nonce',
    )
    expect(wwwAuthenticate).toMatch(/^DPoP error="use_dpop_nonce", /)
    const right = await at.shown(bound, { ...wrong, nonce: dpopNonce })
    expect(await at.consume(bound, right)).toMatchObject({ accepted: true })
  })
})

describe('a bound token for Countersign itself', () => {
  const CREDENTIALS = [
    { action: 'credential.update' as const, base: { methods: ['totp' as const] } },
  ]

  it('changes factors only with a proof for that call, and no refusal burns it', async () => {
    const at = await scene({ actions: CREDENTIALS })
    const { secret, factorId } = await enrollTotp(at.user)
    const stepUp = sending(at.environment.id, at.user, {
      [DPOP_HEADER]: await at.key.proof({ url: at.at('challenge.verify') }),
    }).challenge.verify.mutate({
      ...{ method: 'totp', code: totpCode(secret), requestedScopes: ['credential:update'] },
    })
    const token = (await stepUp).elevatedToken?.token ?? ''
    const change = async (use: ProofFor | undefined) => {
      const proof = use && (await at.key.proof({ token, ...use }))
      const headers = { [DPOP_HEADER]: proof, 'countersign-token': token }
      return sending(at.environment.id, at.user, headers).factor.setDefault.mutate({ factorId })
    }
    await expectRefused(change(undefined), 'proof_required')
    await expectRefused(change({ url: at.at('factor.remove') }), 'proof_invalid')
    await expectRefused(change({ url: at.at('factor.setDefault'), token: 'a' }), 'proof_invalid')
    expect(await change({ url: at.at('factor.setDefault') })).toMatchObject({ factors: [{}] })
  })
})

describe('a guard', () => {
  /** A guard that takes bound tokens, and calls of its API. */
  async function guarded(options: Partial<GuardOptions> = {}, settings: Settings = {}) {
    const at = await scene(settings)
    const guard = createGuard({
      ...{ url: PUBLIC_URL, environment: at.environment.id, audience: AUDIENCE },
      ...{
        resourceKey: at.resource.key,
        fetch: viaWorker,
        now,
        dpop: dpop({ publicUrl: API_URL }),
      },
      ...options,
    })
    const handler = guard.requireStepUpFetch(
      {
        action: ({ url }) => (url.includes('list') ? LIST.action : EXPORT.action),
        subject: at.user.subject,
      },
      () => new Response('done'),
    )
    const send = (headers: Record<string, string>, url = `${API}?fast=1`) =>
      handler(new Request(url, { method: 'POST', headers }))
    const proof = (token: string, claims: Record<string, unknown> = {}, url = API, by = at.key) =>
      by.proof({ url, token }, { iat: now(), ...claims })
    const call = async (token: string, by: string | undefined, url?: string) =>
      send({ [TOKEN_HEADER]: token, ...(by !== undefined && { [DPOP_HEADER]: by }) }, url)
    return { ...at, guard, send, proof, call }
  }

  it('lets a call with a proof through once, whatever address its own request names', async () => {
    const at = await guarded()
    const { token } = await at.ask()
    const proof = await at.proof(token)
    expect((await at.call(token, proof, 'http://10.0.0.7:3000/export#top')).status).toBe(200)
    await expectProof(await at.call(token, await at.proof(token)), 'token_used')
  })

  it.each<[what: string, reason: Reason, bend: (at: Guarded, token: string) => Promise<Response>]>([
    ['no proof', 'proof_required', (at, token) => at.call(token, undefined)],
    [
      'the proof in the header of the session',
      'proof_required',
      async (at, token) => at.send({ [TOKEN_HEADER]: token, dpop: await at.proof(token) }),
    ],
    [
      'two proofs',
      'proof_invalid',
      async (at, token) => at.call(token, `${await at.proof(token)}, ${await at.proof(token)}`),
    ],
    [
      'the proof of another key',
      'proof_invalid',
      async (at, token) => at.call(token, await at.proof(token, {}, API, await makeProofKey())),
    ],
    [
      'the proof of another method',
      'proof_invalid',
      async (at, token) => at.call(token, await at.proof(token, { htm: 'GET' })),
    ],
    [
      'the proof of the address in Host',
      'proof_invalid',
      async (at, token) =>
        at.call(
          token,
          await at.proof(token, {}, 'https://evil.example/export'),
          'https://evil.example/export',
        ),
    ],
    [
      'the proof of another token',
      'proof_invalid',
      async (at, token) => at.call(token, await at.proof(`${token}x`)),
    ],
    [
      'a proof from 61 seconds ago',
      'proof_invalid',
      async (at, token) => at.call(token, await at.proof(token, { iat: now() - 61 })),
    ],
  ])('refuses %s, and neither proof nor token is burnt', async (_what, reason, bend) => {
    const at = await guarded()
    const { token } = await at.ask()
    const { headers } = await expectProof(await bend(at, token), reason)
    expect(headers.get('www-authenticate')).toMatch(/^DPoP error="invalid_dpop_proof"/)
    expect((await at.call(token, await at.proof(token))).status).toBe(200)
  })

  it('lets fifty calls with one proof through exactly once', async () => {
    const at = await guarded()
    const { token } = await at.ask(LIST.scope)
    const url = `${API_URL}/list`
    const proof = await at.proof(token, {}, url)
    const answers = await Promise.all(Array.from({ length: 50 }, () => at.call(token, proof, url)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const answer of answers.filter(({ status }) => status !== 200))
      await expectProof(answer, 'proof_used')
    expect((await at.call(token, await at.proof(token, {}, url), url)).status).toBe(200)
  })

  it('asks for a nonce of Countersign, and lets the call with it through', async () => {
    const at = await guarded({}, { senderConstrained: 'dpopNonce' })
    const refused = at.exchange(
      await at.vouch(EXPORT.scope),
      await at.key.proof({ url: at.at('token.exchange') }),
    )
    const { dpopNonce: nonce } = await refusedBy(refused)
    const proof = await at.key.proof({ url: at.at('token.exchange') }, { nonce })
    const { token } = await at.exchange(await at.vouch(EXPORT.scope), proof)
    const { headers, problem } = await expectProof(
      await at.call(token, await at.proof(token)),
      'use_dpop_nonce',
    )
    expect(headers.get('www-authenticate')).toMatch(/^DPoP error="use_dpop_nonce"/)
    expect(headers.get('dpop-nonce')).toBe(nonce)
    expect(problem.dpopNonce).toBe(nonce)
    expect((await at.call(token, await at.proof(token, { nonce }))).status).toBe(200)
  })

  it('takes a token in Authorization as DPoP with the standard header, never as Bearer', async () => {
    const at = await guarded({ tokenHeader: 'authorization' })
    const { token } = await at.ask()
    const send = (scheme: string, headers: Record<string, string>) =>
      at.send({ authorization: `${scheme} ${token}`, ...headers })
    await expectProof(await send('Bearer', { dpop: await at.proof(token) }), 'proof_required')
    await expectProof(
      await send('DPoP', { [DPOP_HEADER]: await at.proof(token) }),
      'proof_required',
    )
    expect((await send('DPoP', { dpop: await at.proof(token) })).status).toBe(200)
  })

  it('asks the policy about a bound token with any proof, where the rule alone does not decide', async () => {
    const observed = { action: EXPORT.action, base: { ...BASE, mode: 'observe' as const } }
    const stricter = [{ when: 'has(request.country)', freshnessSeconds: 60 }]
    const conditional = { ...LIST, base: { ...BASE, singleUse: false }, stricter }
    const at = await guarded({}, { actions: [observed, conditional] })
    const { token } = await at.ask()
    const foreign = await at.proof(token, {}, API, await makeProofKey())
    for (const proof of [undefined, foreign, await at.proof(token)])
      expect((await at.call(token, proof)).status).toBe(200)
    expect(await at.resource.client.token.introspect.query({ token })).toMatchObject({
      active: true,
    })
    const url = `${API_URL}/list`
    const other = await at.ask(LIST.scope)
    await expectProof(await at.call(other.token, undefined, url), 'proof_required')
    await expectProof(await at.call(other.token, foreign, url), 'proof_invalid')
    const right = await at.proof(other.token, {}, url)
    expect((await at.call(other.token, right, url)).status).toBe(200)
    await expectProof(await at.call(other.token, right, url), 'proof_used')
  })

  it.each<[string, Partial<GuardOptions>, scope: string]>([
    ['without `dpop`', { dpop: undefined as never }, EXPORT.scope],
    ['that takes reusable tokens offline', { revocation: 'offline' }, LIST.scope],
  ])('%s takes no bound token', async (_what, options, scope) => {
    const at = await guarded(options)
    const { token } = await at.ask(scope)
    const url = scope === LIST.scope ? `${API_URL}/list` : API
    const answer = await at.call(token, await at.proof(token, {}, url), url)
    await expectProof(answer, 'token_invalid')
    expect(await at.resource.client.token.introspect.query({ token })).toMatchObject({
      active: true,
    })
  })

  it('without a request to compare says so to its developer', async () => {
    const at = await guarded()
    const { token } = await at.ask()
    const headers = new Headers({ [TOKEN_HEADER]: token, [DPOP_HEADER]: await at.proof(token) })
    const verdict = await at.guard.check({ ...EXPORT, subject: at.user.subject, headers })
    expect(verdict).toMatchObject({ allowed: false, reason: 'unavailable' })
  })

  it.each(['', 'api.example', 'ftp://api.example', 'https://api.example/?a=1'])(
    'is not made for %j, which is no address of an API',
    (publicUrl) => {
      expect(() => dpop({ publicUrl })).toThrow(TypeError)
    },
  )

  it('knows a request below a path of its API, as Node and Express show it', async () => {
    const at = await guarded({ dpop: dpop({ publicUrl: `${API_URL}/v2/` }) })
    const { token } = await at.ask(LIST.scope)
    const url = `${API_URL}/v2/list`
    for (const request of [
      { method: 'POST', url: '/list?a=1' },
      { method: 'POST', url: '/', originalUrl: '/list' },
      { method: 'POST', url: 'http://elsewhere.example/list' },
    ]) {
      const proof = await at.proof(token, {}, url)
      const headers = new Headers({ [TOKEN_HEADER]: token, [DPOP_HEADER]: proof })
      const call = { action: LIST.action, subject: at.user.subject, headers, request }
      expect(await at.guard.check(call)).toMatchObject({ allowed: true, by: 'token' })
    }
  })

  type Guarded = Awaited<ReturnType<typeof guarded>>

  /** Asserts that an answer is a refusal of the guard for a reason. */
  async function expectProof(response: Response, reason: Reason) {
    const problem: Record<string, unknown> = await response.clone().json()
    expect({ status: response.status, reason: problem.reason }).toEqual({ status: 401, reason })
    expect(problem).toMatchObject({ type: `urn:countersign:reason:${reason}`, status: 401 })
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.get('cache-control')).toBe('no-store')
    return { headers: response.headers, problem }
  }
})
