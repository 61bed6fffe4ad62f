// Attacks on the guard of an application's API: forged, borrowed, weak, old and reused tokens, and a service that
// is silent, slow or wrong. Also checks the answer to the caller. The clock stands still.
import { Hono } from 'hono'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createGuard, type HonoContext } from '../../client/resource.ts'
import type { RulePart } from '../../contract/index.ts'
import { earnWithPasskey, enrollPasskey, makeDevice } from '../support/ceremonies.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import {
  carrying,
  expectBlocked,
  expectChallenge,
  expectProblem,
  type GuardScene,
  guardScene,
  SIGN,
  UPDATE,
} from '../support/guard.ts'
import {
  part,
  partsOf,
  publicSecretsOf,
  signRaw,
  signShared,
  withOtherSignature,
} from '../support/jwt.ts'
import {
  enrollTotp,
  makeEnvironment,
  makeSigner,
  now,
  operator,
  stepUp,
  totpCode,
} from '../support/service.ts'
import { signingKeyOf } from '../support/signing.ts'

restartClockAfterEach()
beforeEach(() => {
  stopClock()
})

const ruled = (action: string, base: RulePart) => ({ actions: [{ action, base }] })

/** A Hono application with one guarded route, and how often its action ran. */
function application({ guard, user }: GuardScene) {
  const app = new Hono()
  const counted = { runs: 0 }
  app.post('/sign', guard.requireStepUp({ action: SIGN, subject: () => user.subject }), (c) => {
    counted.runs += 1
    return c.json({ signed: true })
  })
  const post = (token?: string, headers: Record<string, string> = {}) =>
    app.request('/sign', {
      method: 'POST',
      headers: { ...headers, ...(token !== undefined && { 'countersign-token': token }) },
    })
  return { app, counted, post }
}

/** A token with the claims of a right one, some of them changed, signed by the right key. */
async function resign(
  { environment }: GuardScene,
  token: string,
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
) {
  const parts = partsOf(token)
  const { key } = await signingKeyOf(environment.id)
  return signRaw(key, { ...parts.header, ...header }, { ...parts.payload, ...claims })
}

describe('a guarded route', () => {
  it('challenges, takes the token of a step-up once, and challenges again', async () => {
    const at = await guardScene()
    const { counted, post } = application(at)
    const { authenticate, problem } = await expectProblem(await post(), 401, 'step_up_required')
    expect(authenticate).toBe(
      'Bearer error="insufficient_user_authentication", error_description="This action needs a step-up: step up, then retry.", acr_values="mfa phr", max_age="300", scope="wallet:sign"',
    )
    expect(problem.requirement).toEqual({
      action: SIGN,
      scope: 'wallet:sign',
      methods: ['totp', 'passkey'],
      acr: 'mfa',
      freshnessSeconds: 300,
      details: 'optional',
    })
    expect(counted.runs).toBe(0)
    const token = await at.earn()
    expect((await post(token)).status).toBe(200)
    await expectProblem(await post(token), 401, 'token_used')
    expect(counted.runs).toBe(1)
  })

  it.each([1, 2, 3])(
    'runs once among twenty simultaneous requests with one token (%i)',
    async () => {
      const at = await guardScene()
      const { counted, post } = application(at)
      const token = await at.earn()
      const answers = await Promise.all(Array.from({ length: 20 }, () => post(token)))
      const statuses = answers.map(({ status }) => status).sort()
      expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 401)])
      expect(counted.runs).toBe(1)
    },
  )

  it('runs once though every request sends the same idempotency key', async () => {
    const at = await guardScene()
    const { counted, post } = application(at)
    const token = await at.earn()
    const key = 'a-key-of-the-callers-own-choice'
    for (let n = 0; n < 3; n += 1)
      await post(token, { 'idempotency-key': key, 'x-idempotency-key': key })
    expect(counted.runs).toBe(1)
    const keys = at.wire.presented().map(({ body }) => String(body.idempotencyKey))
    expect(new Set(keys).size).toBe(3)
    expect(keys).not.toContain(key)
  })

  it('hands the verdict to the handler', async () => {
    const at = await guardScene()
    const verdict = await at.check(await at.earn())
    expect(verdict).toMatchObject({
      allowed: true,
      by: 'token',
      claims: { sub: at.user.subject, scope: 'wallet:sign', acr: 'mfa' },
    })
  })
})

describe('a forged token', () => {
  const forgeries: [string, (at: GuardScene, right: string) => string | Promise<string>][] = [
    ['no algorithm', (_at, right) => `${bent(right, { alg: 'none' })}.`],
    ['no algorithm and a signature', (_at, right) => `${bent(right, { alg: 'none' })}.AAAA`],
    [
      'another algorithm by name',
      (_at, right) => `${bent(right, { alg: 'ES384' })}.${tail(right)}`,
    ],
    [
      'another key under the right name',
      async (_at, right) => {
        const { header, payload } = partsOf(right)
        return signRaw((await makeSigner()).privateKey, header, payload)
      },
    ],
    [
      'a key that it brings along',
      async (_at, right) => {
        const { header, payload } = partsOf(right)
        const mallory = await makeSigner()
        return signRaw(mallory.privateKey, { ...header, jwk: mallory.publicJwk }, payload)
      },
    ],
    ['another algorithm that was signed', (at, right) => resign(at, right, {}, { alg: 'HS256' })],
    ['no algorithm that was signed', (at, right) => resign(at, right, {}, { alg: 'none' })],
    ['no name of a key', (at, right) => resign(at, right, {}, { kid: undefined })],
    ['an extension to understand', (at, right) => resign(at, right, {}, { crit: ['exp'] })],
    ['an unencoded payload', (at, right) => resign(at, right, {}, { b64: false })],
    ['the type of a session', (at, right) => resign(at, right, {}, { typ: 'JWT' })],
    ['no type', (at, right) => resign(at, right, {}, { typ: undefined })],
    ['the type of the legacy token', (at, right) => resign(at, right, {}, { typ: 'mfa+jwt' })],
    ['a changed payload', (_at, right) => changed(right, { exp: 4_000_000_000 })],
    ['another user in it', (_at, right) => changed(right, { sub: 'mallory' })],
    ['padding', (_at, right) => `${right}=`],
    ['padding inside', (_at, right) => right.replace('.', '=.')],
    ['a space at its end', (_at, right) => `${right}\u00a0`],
    ['a fourth part', (_at, right) => `${right}.AAAA`],
    ['itself beside it', (_at, right) => `${right}, ${right}`],
    ['nothing in it', () => ''],
    ['no sense', () => 'garbage'],
    ['nine thousand characters', (_at, right) => right + 'A'.repeat(9000)],
    ['a payload that is no JSON', async (at) => raw(at, 'no json')],
    ['a payload that is a list', async (at) => raw(at, [1])],
    ['a payload that is null', async (at) => raw(at, null)],
    ['a session instead', (at) => at.user.bearer()],
    [
      'an assertion instead',
      (at) => at.environment.assertion({ sub: at.user.subject, scope: 'wallet:sign' }),
    ],
  ]
  const bent = (token: string, header: object) => {
    const parts = partsOf(token)
    return `${part({ ...parts.header, ...header })}.${part(parts.payload)}`
  }
  const tail = (token: string) => token.split('.')[2]
  const changed = (token: string, claims: object) => {
    const { header, payload, signature } = partsOf(token)
    return `${part(header)}.${part({ ...payload, ...claims })}.${signature}`
  }
  const raw = async ({ environment }: GuardScene, payload: unknown) => {
    const { key, kid } = await signingKeyOf(environment.id)
    return signRaw(key, { alg: 'ES256', typ: 'at+jwt', kid }, payload)
  }

  it.each(forgeries)('is invalid with %s, and never asked about', async (_what, forge) => {
    const at = await guardScene()
    const right = await at.earn()
    const forged = await forge(at, right)
    // Header values are trimmed on their way, so a guard may see what no header can carry.
    const headers = { get: (name: string) => (name === 'countersign-token' ? forged : null) }
    const verdict = await at.check(undefined, { headers })
    const { authenticate } = await expectBlocked(verdict, 401, 'token_invalid')
    expect(authenticate).toMatch(/^Bearer error="invalid_token"/)
    expect(at.wire.presented()).toEqual([])
    expect(await at.check(right)).toMatchObject({ allowed: true })
  })

  it('is invalid when it is signed with the public key as an HMAC secret', async () => {
    const at = await guardScene()
    const { header, payload } = partsOf(await at.earn())
    for (const secret of Object.values(
      await publicSecretsOf(await signingKeyOf(at.environment.id)),
    )) {
      const forged = await signShared(secret, { ...header, alg: 'HS256' }, payload)
      await expectBlocked(await at.check(forged), 401, 'token_invalid')
    }
  })

  it.each<[string, Record<string, unknown>]>([
    ['a text as expiry', { exp: '4000000000' }],
    ['an expiry that is no whole number', { exp: 4_000_000_000.5 }],
    ['no expiry', { exp: undefined }],
    ['an expiry beyond the year 2099', { exp: 4_102_444_801 }],
    ['an empty user', { sub: '' }],
    ['a number as user', { sub: 7 }],
    ['no id', { jti: undefined }],
    ['a short id', { jti: 'A' }],
    ['two audiences', { aud: ['https://wallet.example', 'https://orders.example'] }],
    ['no age', { auth_time: undefined }],
    ['an age as text', { auth_time: '1' }],
    ['an unknown level', { acr: 'aal3' }],
    ['a level from the prototype', { acr: 'toString' }],
    ['no methods', { amr: [] }],
    ['uses as text', { singleUse: 'false' }],
    ['an epoch as text', { epoch: '0' }],
    ['a list of scopes', { scope: ['wallet:sign'] }],
    ['no scope', { scope: undefined }],
    ['two sets of details', { authorization_details: [{ type: SIGN }, { type: SIGN }] }],
    ['details outside a list', { authorization_details: { type: SIGN } }],
    ['a number as session', { sid: 7 }],
    ['a key that is no text', { cnf: { jkt: 7 } }],
  ])('is invalid with %s, though the right key signed it', async (_what, claims) => {
    const at = await guardScene({}, { revocation: 'offline' })
    const invented = await resign(at, await at.earn(), { singleUse: false, ...claims })
    await expectBlocked(await at.check(invented), 401, 'token_invalid')
    expect(at.wire.presented()).toEqual([])
  })

  it('of the right key that nobody minted is refused by the service', async () => {
    const at = await guardScene()
    const invented = await resign(at, await at.earn(), { jti: 'A'.repeat(22) })
    await expectChallenge(await at.check(invented), 'token_revoked')
  })

  it('in another spelling of its signature is still the one token', async () => {
    const at = await guardScene()
    const token = await at.earn()
    expect(await at.check(withOtherSignature(token))).toMatchObject({ allowed: true })
    await expectChallenge(await at.check(token), 'token_used')
  })
})

describe('a token of somebody or something else', () => {
  it('is invalid for another environment, also where users, actions and resources are alike', async () => {
    const at = await guardScene()
    const there = await guardScene()
    const { user } = there
    const token = await there.earn()
    await expectBlocked(await at.check(token, { subject: user.subject }), 401, 'token_invalid')
    // Not even where that environment's keys were served here.
    at.wire.line.bend = (sent, pass) =>
      sent.name === 'jwks.json' ? (there.base.fetch?.(jwksOf(there)) ?? pass()) : pass()
    advance(60)
    await expectBlocked(await at.check(token, { subject: user.subject }), 401, 'token_invalid')
    expect(at.wire.presented()).toEqual([])
  })
  const jwksOf = ({ environment }: GuardScene) => `${environment.issuer}/.well-known/jwks.json`

  it('is invalid for another audience', async () => {
    const orders = 'https://orders.example'
    const at = await guardScene({
      audiences: ['https://wallet.example', orders],
      actions: [{ action: 'order.refund', scope: 'orders:refund', audience: orders }],
    })
    const token = await at.earn(['orders:refund'])
    await expectBlocked(await at.check(token), 401, 'token_invalid')
    const { key } = await at.environment.resource(orders)
    const other = createGuard({ ...at.base, audience: orders, resourceKey: key })
    const call = { action: SIGN, subject: at.user.subject, headers: carrying(token) }
    await expectBlocked(await other.check(call), 403, 'unknown_action')
    const sign = await at.earn()
    const refund = { ...call, action: 'order.refund', headers: carrying(sign) }
    await expectBlocked(await other.check(refund), 401, 'token_invalid')
    expect(at.wire.presented()).toEqual([])
    expect(await other.check({ ...refund, headers: carrying(token) })).toMatchObject({
      allowed: true,
    })
  })

  it('is invalid with one’s own name, and with one’s own token the name of its owner', async () => {
    const at = await guardScene()
    const mallory = await at.environment.user()
    const { secret } = await enrollTotp(mallory)
    const token = await at.earn()
    await expectBlocked(await at.check(token, { subject: mallory.subject }), 401, 'token_invalid')
    const { token: own } = await stepUp(mallory, secret, ['wallet:sign'])
    await expectBlocked(await at.check(own), 401, 'token_invalid')
    expect(at.wire.presented()).toEqual([])
    expect(await at.check(token)).toMatchObject({ allowed: true })
    expect(await at.check(own, { subject: mallory.subject })).toMatchObject({ allowed: true })
  })

  it('is invalid in another session, and good in its own or where none is named', async () => {
    const at = await guardScene()
    const token = await at.earn()
    for (const sessionId of ['session-2', '', 'SESSION-1'])
      await expectBlocked(await at.check(token, { sessionId }), 401, 'token_invalid')
    expect(await at.check(token, { sessionId: 'session-1' })).toMatchObject({ allowed: true })
    expect(await at.check(await at.earn())).toMatchObject({ allowed: true })
  })
})

describe('a token that is not good enough', () => {
  it('is challenged from the second on in which it expires', async () => {
    const at = await guardScene()
    const token = await at.earn()
    const { exp } = partsOf(token).payload
    advance(Number(exp) - now())
    await expectChallenge(await at.check(token), 'token_expired')
    expect(at.wire.presented()).toEqual([])
    advance(-1)
    expect(await at.check(token)).toMatchObject({ allowed: true })
  })

  it('is challenged when its proof is older than the rule allows now, and is not burnt by that', async () => {
    const at = await guardScene(ruled(UPDATE, { freshnessSeconds: 60 }), { revocation: 'offline' })
    const token = await at.earn(['user:update'])
    const old = await resign(at, token, { exp: now() + 500 })
    advance(30)
    expect(await at.check(old, { action: UPDATE })).toMatchObject({ allowed: true })
    advance(1)
    await expectChallenge(await at.check(old, { action: UPDATE }), 'step_up_required')
  })

  it('is challenged when it was revoked, or ended by an operator', async () => {
    const at = await guardScene()
    const [first, second] = [await at.earn(), await at.earn()]
    await at.user.client.token.revoke.mutate({ token: first })
    await expectChallenge(await at.check(first), 'token_revoked')
    await operator.subject.endTokens.mutate({
      environment: at.environment.id,
      subject: at.user.subject,
    })
    await expectChallenge(await at.check(second), 'token_revoked')
  })

  it('is challenged when the factor that earned it was removed', async () => {
    const at = await guardScene()
    const [token, unlink] = [await at.earn(), await at.earn(['credential:unlink'])]
    const { factorId } = at.totp
    await at.user.with(unlink).factor.remove.mutate({ factorId })
    await expectChallenge(await at.check(token), 'token_revoked')
  })

  it('permits nothing more after its user was reset: each action is decided as without a token', async () => {
    const at = await guardScene(ruled(UPDATE, { require: 'always' }))
    const [token, update] = [await at.earn(), await at.earn(['user:update'])]
    const { environment, user } = at
    const whom = { environment: environment.id, subject: user.subject }
    await operator.subject.resetFactors.mutate(whom)
    await expectChallenge(await at.check(update, { action: UPDATE }), 'token_revoked')
    const decision = { decision: 'permit', reason: 'not_enrolled' }
    for (const shown of [undefined, token])
      expect(await at.check(shown)).toMatchObject({ allowed: true, by: 'policy', decision })
  })

  it('is challenged when it is of an earlier epoch', async () => {
    const at = await guardScene({}, { revocation: 'offline' })
    const token = await at.earn(['user:update'])
    at.wire.line.bend = async (sent, pass) => {
      if (sent.name !== 'policy.list') return pass()
      const { result } = await (await pass()).json<{ result: { data: object } }>()
      return Response.json({ result: { data: { ...result.data, epoch: 1 } } })
    }
    await expectChallenge(await at.check(token, { action: UPDATE }), 'token_revoked')
    const later = await resign(at, token, { epoch: 1 })
    expect(await at.check(later, { action: UPDATE })).toMatchObject({ allowed: true })
  })

  it('is challenged when it is of a code and the rule wants a passkey', async () => {
    const at = await guardScene()
    const weak = await at.earn()
    await rewrite(at, { acr: 'phr' })
    advance(60)
    const { authenticate, problem } = await expectChallenge(
      await at.check(weak),
      'step_up_required',
    )
    expect(authenticate).toContain('acr_values="phr"')
    expect(problem.requirement).toMatchObject({ acr: 'phr', methods: ['passkey'] })
    expect(at.wire.presented()).toEqual([])
  })

  it('of a passkey is good for a rule that wants one', async () => {
    const at = await guardScene()
    const device = makeDevice()
    const linked = await at.earn(['credential:link'])
    await enrollPasskey(at.user, device, { linkToken: linked })
    await rewrite(at, { acr: 'phr' })
    advance(60)
    const token = await earnWithPasskey(at.user, device, 'wallet:sign')
    expect(await at.check(token)).toMatchObject({ allowed: true, claims: { acr: 'phr' } })
  })

  it('is challenged for another scope, and then still good for its own', async () => {
    const at = await guardScene()
    const token = await at.earn(['user:update'])
    const { authenticate } = await expectChallenge(await at.check(token), 'scope_not_allowed')
    expect(authenticate).toContain('scope="wallet:sign"')
    expect(await at.check(token, { action: UPDATE })).toMatchObject({ allowed: true })
  })

  it('is challenged when it is reusable and the rule wants single use', async () => {
    const at = await guardScene({}, { revocation: 'offline' })
    const token = await resign(at, await at.earn(), { singleUse: false })
    await expectChallenge(await at.check(token), 'step_up_required')
  })

  const rewrite = async ({ environment }: GuardScene, base: RulePart) => {
    const { version } = await operator.environment.get.query({ environment: environment.id })
    const settings = { ...environment.document, ...ruled(SIGN, base) }
    await operator.environment.update.mutate({ environment: environment.id, settings, version })
  }
})

describe('details', () => {
  const details = { to: '0xabc', value: '1', note: { z: 1, a: [true, null, 'é'] } }

  it('bind a token to exactly one thing, in any order of its members', async () => {
    const at = await guardScene()
    const token = await at.earn(['wallet:sign'], details)
    for (const other of [
      undefined,
      {},
      { ...details, value: '2' },
      { ...details, value: 1 },
      { ...details, more: true },
      { to: '0xabc', value: '1' },
      { ...details, note: { z: 1, a: [null, true, 'é'] } },
    ]) {
      await expectChallenge(await at.check(token, { details: other }), 'details_mismatch')
    }
    expect(at.wire.presented()).toEqual([])
    const reordered = { note: { a: [true, null, 'é'], z: 1 }, value: '1', to: '0xabc' }
    expect(await at.check(token, { details: reordered })).toMatchObject({ allowed: true })
    await expectChallenge(await at.check(token, { details }), 'token_used')
  })

  it('are compared as JSON says them', async () => {
    const at = await guardScene()
    const token = await at.earn(['wallet:sign'], { at: '2030-01-01T00:00:00.000Z', n: 1 })
    const said = { at: new Date('2030-01-01'), n: 1.0, nothing: undefined }
    expect(await at.check(token, { details: said })).toMatchObject({ allowed: true })
  })

  it('may come with a token without any, where the rule and the application say so', async () => {
    const optional = await guardScene()
    const call = { details, requireDetails: false }
    expect(await optional.check(await optional.earn(), call)).toMatchObject({ allowed: true })
  })

  it('that the guard is given must be in the token, though the rule leaves that open', async () => {
    const at = await guardScene({}, { revocation: 'offline' })
    const unbound = await at.earn()
    for (const shown of [undefined, unbound]) {
      const { problem } = await expectChallenge(
        await at.check(shown, { details }),
        'step_up_required',
      )
      expect(problem.requirement).toMatchObject({ action: SIGN, details: 'required' })
    }
    const reusable = await at.earn(['user:update'])
    const update = { action: UPDATE, details }
    await expectChallenge(await at.check(reusable, update), 'step_up_required')
    expect(at.wire.presented()).toEqual([])
    const bound = await at.earn(['wallet:sign'], details)
    expect(await at.check(bound, { details })).toMatchObject({ allowed: true })
    const used = await expectChallenge(await at.check(bound, { details }), 'token_used')
    expect(used.problem.requirement).toMatchObject({ details: 'required' })
    expect(await at.check(unbound)).toMatchObject({ allowed: true })
  })

  it('that the guard is given open nothing to the deprecated token, which is bound to none', async () => {
    const at = await guardScene({ mfaTokens: 'single' })
    const { mfaToken } = await at.user.client.challenge.verify.mutate({
      method: 'totp',
      code: totpCode(at.totp.secret),
      mfaToken: { singleUse: true },
    })
    await expectChallenge(await at.check(mfaToken?.token, { details }), 'step_up_required')
    expect(await at.check(mfaToken?.token)).toMatchObject({ allowed: true })
  })

  it('that a route names must be given by every request, unless the route says otherwise', async () => {
    const at = await guardScene()
    const runs: string[] = []
    const route = (requireDetails?: boolean) =>
      at.guard.requireStepUpFetch(
        {
          action: SIGN,
          subject: at.user.subject,
          details: async (request: Request) => {
            const text = await request.text()
            return text === '' ? undefined : JSON.parse(text)
          },
          requireDetails,
        },
        async (request) => {
          runs.push(await request.text())
          return new Response()
        },
      )
    const send = (token: string, body: string) =>
      new Request('https://wallet.example/sign', {
        method: 'POST',
        body,
        headers: carrying(token),
      })
    const unbound = await at.earn()
    await expectProblem(await route()(send(unbound, '')), 503, 'details_required')
    await expectProblem(await route()(send(unbound, '{"to":"mallory"}')), 401, 'step_up_required')
    expect(runs).toEqual([])
    expect((await route(false)(send(unbound, ''))).status).toBe(200)
    const bound = await at.earn(['wallet:sign'], { to: 'bob' })
    expect((await route()(send(bound, '{"to":"bob"}'))).status).toBe(200)
    expect(runs).toEqual(['', '{"to":"bob"}'])
  })

  it('must be in the token where the rule requires them', async () => {
    const at = await guardScene(ruled(UPDATE, { details: 'required' }), { revocation: 'offline' })
    const bound = await at.earn(['user:update'], details)
    const unbound = await resign(at, bound, { authorization_details: undefined })
    const call = { action: UPDATE, details }
    await expectChallenge(await at.check(unbound, call), 'step_up_required')
    expect(await at.check(bound, call)).toMatchObject({ allowed: true })
  })

  it('that a rule requires and the resource does not give are for the developer to fix', async () => {
    const at = await guardScene(ruled(SIGN, { details: 'required' }))
    const token = await at.earn(['wallet:sign'], details)
    for (const shown of [undefined, token]) {
      const { problem } = await expectBlocked(await at.check(shown), 503, 'details_required')
      expect(problem.detail).toContain('`details`')
    }
    expect(await at.check(token, { details })).toMatchObject({ allowed: true })
  })

  const circular: Record<string, unknown> = {}
  circular.self = circular
  it.each<[string, Record<string, unknown>]>([
    ['a type of their own', { type: SIGN }],
    ['a number beyond 2^53', { value: 2 ** 53 }],
    ['no number', { value: Number.NaN }],
    ['half a character', { value: '\ud800' }],
    ['half a character in a key', { '\udc00': 1 }],
    ['a big integer', { value: 1n }],
    ['a function', { value: () => 1 }],
    ['a map', { to: new Map([['x', '1']]) }],
    ['a set', { to: new Set(['x']) }],
    ['an instance that keeps its state to itself', { to: new URLSearchParams('x=1') }],
    ['themselves', circular],
    ['more than 2,048 bytes', { value: 'é'.repeat(1024) }],
    ['a key that reaches a prototype', JSON.parse('{"a":{"__proto__":{"b":1}}}')],
  ])('are refused with %s, with and without a token', async (_what, odd) => {
    const at = await guardScene()
    const token = await at.earn()
    await expectBlocked(await at.check(undefined, { details: odd }), 400, 'input_invalid')
    await expectBlocked(await at.check(token, { details: odd }), 400, 'input_invalid')
    expect(at.wire.sent.map(({ name }) => name)).toEqual(['policy.list'])
    expect(await at.check(token)).toMatchObject({ allowed: true })
  })
})

describe('the deprecated token', () => {
  const earnLegacy = async ({ user, totp }: GuardScene, singleUse = true) => {
    const { mfaToken } = await user.client.challenge.verify.mutate({
      method: 'totp',
      code: totpCode(totp.secret),
      mfaToken: { singleUse },
    })
    advance(30)
    if (!mfaToken) throw new Error('no legacy token came back')
    return mfaToken.token
  }

  it('is taken once where the rule takes it, never offline', async () => {
    const at = await guardScene({}, { revocation: 'offline' })
    const token = await earnLegacy(at)
    const verdict = await at.check(token, { sessionId: 'session-1' })
    expect(verdict).toMatchObject({ allowed: true, by: 'token' })
    await expectChallenge(await at.check(token), 'token_used')
  })

  it('is asked about though it is reusable and the guard works offline', async () => {
    const at = await guardScene({ mfaTokens: 'session' }, { revocation: 'offline' })
    const token = await earnLegacy(at, false)
    for (const uses of [1, 2]) {
      expect(await at.check(token)).toMatchObject({ allowed: true })
      expect(at.wire.presented()).toHaveLength(uses)
    }
    await at.user.client.token.revoke.mutate({ token })
    await expectChallenge(await at.check(token), 'token_revoked')
  })

  it.each<[string, RulePart]>([
    ['does not take it', { acceptsMfaToken: false }],
    ['requires details', { details: 'required' }],
    ['wants a passkey', { acr: 'phr' }],
  ])('is challenged where the rule %s, and is not asked about', async (_what, base) => {
    const at = await guardScene(ruled(SIGN, base))
    const token = await earnLegacy(at)
    await expectChallenge(await at.check(token, { details: { to: 'me' } }), 'step_up_required')
    expect(at.wire.presented()).toEqual([])
    expect(await at.check(token, { action: UPDATE })).toMatchObject({ allowed: true })
  })

  it('is invalid for another user or session, and when it carries a scope', async () => {
    const at = await guardScene()
    const token = await earnLegacy(at)
    await expectBlocked(await at.check(token, { subject: 'mallory' }), 401, 'token_invalid')
    await expectBlocked(await at.check(token, { sessionId: 'session-2' }), 401, 'token_invalid')
    const scoped = await resign(at, token, { scope: 'wallet:sign' })
    await expectBlocked(await at.check(scoped), 401, 'token_invalid')
    const elevated = await resign(at, token, { scope: 'wallet:sign' }, { typ: 'at+jwt' })
    await expectBlocked(await at.check(elevated), 401, 'token_invalid')
    for (const typ of ['JWT', 'session+jwt', undefined]) {
      const other = await resign(at, token, {}, { typ })
      await expectBlocked(await at.check(other), 401, 'token_invalid')
    }
    const aimed = await resign(at, token, { aud: 'https://wallet.example' })
    await expectBlocked(await at.check(aimed), 401, 'token_invalid')
    expect(at.wire.presented()).toEqual([])
    expect(await at.check(token)).toMatchObject({ allowed: true })
  })
})

describe('a call without a token', () => {
  const stranger = { subject: 'never-came' }

  it('runs where the rule asks for nothing', async () => {
    const at = await guardScene(ruled(SIGN, { require: 'never' }))
    const decision = { decision: 'permit', reason: 'never' }
    expect(await at.check()).toMatchObject({ allowed: true, by: 'policy', decision })
  })

  it('runs for a user who never enrolled, and not for one who did', async () => {
    const at = await guardScene()
    expect(await at.check(undefined, stranger)).toMatchObject({
      allowed: true,
      by: 'policy',
      decision: { reason: 'not_enrolled' },
    })
    const { authenticate } = await expectChallenge(await at.check(), 'step_up_required')
    expect(authenticate).toContain('max_age="300"')
  })

  it('asks for a factor where one is always needed', async () => {
    const at = await guardScene(ruled(SIGN, { require: 'always' }))
    const { problem } = await expectChallenge(
      await at.check(undefined, stranger),
      'enrollment_required',
    )
    expect(problem.requirement).toMatchObject({ methods: ['totp', 'passkey'] })
    await expectChallenge(await at.check(), 'step_up_required')
  })

  it('asks a user who removed their last factor for another, and never runs', async () => {
    const at = await guardScene()
    const unlink = await at.earn(['credential:unlink'])
    const { factorId } = at.totp
    await at.user.with(unlink).factor.remove.mutate({ factorId })
    const { counted, post } = application(at)
    const { problem } = await expectProblem(await post(), 401, 'enrollment_required')
    expect(problem.requirement).toMatchObject({ methods: ['totp', 'passkey'] })
    expect(counted.runs).toBe(0)
  })

  it.each([
    ['the one method that the user has', { totp: { enabled: false } }, ['passkey']],
    [
      'every method',
      { totp: { enabled: false }, passkey: { enabled: false }, recovery: { enabled: false } },
      [],
    ],
  ])('never runs where an operator switched off %s', async (_what, methods, left) => {
    const at = await guardScene()
    const token = await at.earn()
    const { id, document } = at.environment
    const settings = { ...document, methods }
    await operator.environment.update.mutate({ environment: id, settings, version: 1 })
    advance(60)
    const { counted, post } = application(at)
    for (const shown of [undefined, token]) expect((await post(shown)).status).toBe(401)
    const { problem } = await expectChallenge(await at.check(), 'enrollment_required')
    expect(problem.requirement).toMatchObject({ methods: left })
    expect(counted.runs).toBe(0)
  })

  it('is denied where the rule denies, and so is one with a token', async () => {
    const at = await guardScene({}, { revocation: 'offline' })
    const token = await at.earn(['user:update'])
    const { version } = await operator.environment.get.query({ environment: at.environment.id })
    await operator.environment.update.mutate({
      environment: at.environment.id,
      settings: { ...at.environment.document, ...ruled(UPDATE, { require: 'deny' }) },
      version,
    })
    advance(60)
    for (const shown of [undefined, token])
      await expectBlocked(await at.check(shown, { action: UPDATE }), 403, 'denied')
  })

  it('runs where the rule only observes, whatever token comes with it', async () => {
    const at = await guardScene(ruled(SIGN, { mode: 'observe', require: 'always' }))
    const token = await at.earn()
    advance(300)
    for (const shown of [undefined, token, 'garbage'])
      expect(await at.check(shown)).toMatchObject({ allowed: true, by: 'policy' })
    expect(at.wire.presented()).toEqual([])
    const good = await at.earn()
    for (const _use of [1, 2])
      expect(await at.check(good)).toMatchObject({ allowed: true, by: 'policy' })
    const { active } = await at.resource.client.token.introspect.query({ token: good })
    expect(active).toBe(true)
  })

  it('is refused for an action that this resource does not have', async () => {
    const at = await guardScene()
    const token = await at.earn()
    for (const action of ['wallet.waas.burn', 'credential.link', 'toString', '__proto__', '']) {
      await expectBlocked(await at.check(undefined, { action }), 403, 'unknown_action')
      await expectBlocked(await at.check(token, { action }), 403, 'unknown_action')
    }
    expect(at.wire.named('action.authorize')).toEqual([])
  })

  it('sends the country, where it is one, and the session, where a condition can read it', async () => {
    const plain = await guardScene()
    await plain.check(undefined, { sessionToken: plain.user.bearer() })
    expect(plain.wire.named('action.authorize')[0]?.body.context).toEqual({})
    const stricter = [{ when: 'session.ageSeconds > 86400', acr: 'phr' as const }]
    const at = await guardScene({ actions: [{ action: SIGN, stricter }] })
    const sessionToken = at.user.bearer()
    await at.check(undefined, { sessionToken, country: 'NL' })
    await at.check(undefined, { country: 'T1' })
    const contexts = at.wire.named('action.authorize').map(({ body }) => body.context)
    expect(contexts).toEqual([{ sessionToken, country: 'NL' }, {}])
    const other = await at.environment.user()
    const foreign = { sessionToken: other.bearer() }
    await expectBlocked(await at.check(undefined, foreign), 400, 'input_invalid')
  })
})

describe('an action with conditions', () => {
  /** A rule that is stricter for calls from NL. */
  const conditional = (part: RulePart, base: RulePart = {}) => {
    const stricter = [{ when: 'has(request.country) && request.country == "NL"', ...part }]
    return guardScene({ actions: [{ action: SIGN, base, stricter }] })
  }
  const country = 'NL'

  it('asks for what a token must meet, with the details that will be executed', async () => {
    const at = await conditional({ freshnessSeconds: 60 })
    const details = { value: '1000000' }
    const token = await at.earn(['wallet:sign'], details)
    advance(31)
    const { problem } = await expectChallenge(
      await at.check(token, { details, country }),
      'step_up_required',
    )
    expect(problem.requirement).toMatchObject({ freshnessSeconds: 60, details: 'required' })
    expect(at.wire.presented()).toMatchObject([{ body: { details, action: SIGN, token } }])
    expect(await at.check(token, { details })).toMatchObject({ allowed: true })
  })

  it('takes a token that meets the decision, by spending it', async () => {
    const at = await conditional({ freshnessSeconds: 60 })
    const token = await at.earn()
    expect(await at.check(token, { country })).toMatchObject({ allowed: true, by: 'token' })
    await expectChallenge(await at.check(token, { country }), 'token_used')
  })

  it('is decided and its token is spent in one call, with rules and keys kept', async () => {
    const at = await conditional({ freshnessSeconds: 60 })
    const token = await at.earn()
    await at.check('a.b.c')
    await at.check(await at.earn())
    at.wire.sent.length = 0
    expect(await at.check(token, { country })).toMatchObject({ allowed: true, by: 'token' })
    expect(at.wire.sent.map(({ name }) => name)).toEqual(['action.authorize'])
    await expectChallenge(await at.check(token), 'token_used')
  })

  it('says that a factor is missing where that is why no token can meet the decision', async () => {
    const at = await conditional({ acr: 'phr' })
    const shown = await at.check(await at.earn(), { country })
    const { problem } = await expectChallenge(shown, 'enrollment_required')
    expect(problem.requirement).toMatchObject({ acr: 'phr', methods: ['passkey'] })
  })

  it('takes no legacy token where the decision requires details, though the list takes one', async () => {
    const at = await conditional({ details: 'required' })
    const { user, totp } = at
    const { mfaToken } = await user.client.challenge.verify.mutate({
      method: 'totp',
      code: totpCode(totp.secret),
      mfaToken: { singleUse: true },
    })
    const call = { details: { to: 'me' }, country, requireDetails: false }
    await expectChallenge(await at.check(mfaToken?.token, call), 'step_up_required')
    expect(at.wire.presented()).toHaveLength(1)
    const shown = await at.check(mfaToken?.token, { ...call, requireDetails: true })
    await expectChallenge(shown, 'step_up_required')
    expect(at.wire.presented()).toHaveLength(1)
    expect(await at.check(mfaToken?.token)).toMatchObject({ allowed: true })
  })

  it('tells the developer that the rule in effect requires details, which the call does not give', async () => {
    const at = await conditional({ details: 'required' })
    for (const shown of [undefined, await at.earn()]) {
      const { problem } = await expectBlocked(
        await at.check(shown, { country }),
        503,
        'details_required',
      )
      expect(problem.detail).toContain('details')
    }
  })

  it('spends nothing where the policy permits, and denies whatever is shown where it denies', async () => {
    const at = await conditional({ require: 'deny' }, { require: 'never' })
    const token = await at.earn()
    for (const shown of [undefined, token, 'garbage']) {
      expect(await at.check(shown)).toMatchObject({ allowed: true, by: 'policy' })
      await expectBlocked(await at.check(shown, { country }), 403, 'denied')
    }
    const { active } = await at.resource.client.token.introspect.query({ token })
    expect(active).toBe(true)
  })
})

describe('a service that does not answer as it should', () => {
  const faults: [string, () => Response | Promise<Response>][] = [
    ['no connection', () => Promise.reject(new TypeError('connection refused'))],
    ['status 500 and no body', () => new Response(null, { status: 500 })],
    ['a page in place of JSON', () => new Response('<h1>Welcome</h1>')],
    ['a page said to be JSON', () => Response.json('<h1>Welcome</h1>')],
    ['no JSON', () => new Response('{', { headers: { 'content-type': 'application/json' } })],
    ['null', () => Response.json(null)],
    ['a list', () => Response.json([])],
    ['an empty object', () => Response.json({})],
    ['an empty result', () => Response.json({ result: {} })],
    ['a result of nothing', () => Response.json({ result: { data: null } })],
    ['a result of true', () => Response.json({ result: { data: true } })],
    ['another’s result', () => Response.json({ result: { data: { decision: 'permit' } } })],
    ['acceptance alone', () => Response.json({ result: { data: { accepted: true } } })],
    ['authorization alone', () => Response.json({ result: { data: { authorized: true } } })],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: '/elsewhere' } })],
    ['a refusal without a reason', () => Response.json({ error: {} }, { status: 401 })],
    ['a refusal with an unknown one', () => refusal(403, 'because')],
    ['a refusal from the prototype', () => refusal(403, 'constructor')],
    ['that it is unavailable', () => refusal(503, 'unavailable')],
    ['a megabyte', () => Response.json({ result: { data: 'A'.repeat(1024 * 1024) } })],
    [
      'no UTF-8',
      () =>
        new Response(new Uint8Array([255]), { headers: { 'content-type': 'application/json' } }),
    ],
  ]
  const refusal = (status: number, reason: string) =>
    Response.json({ error: { message: 'No.', data: { reason } } }, { status })

  it.each(faults)('lets nothing run with %s', async (_what, fault) => {
    const at = await guardScene()
    const token = await at.earn()
    for (const name of ['policy.list', 'jwks.json', 'action.authorize']) {
      at.wire.line.bend = (sent, pass) => (sent.name === name ? fault() : pass())
      const { counted, post } = application({ ...at, guard: createGuard(at.base) })
      await expectProblem(await post(token), 503, 'unavailable')
      if (name === 'action.authorize') await expectProblem(await post(), 503, 'unavailable')
      expect(counted.runs).toBe(0)
    }
  })

  it('lets nothing run while it is silent', async () => {
    const at = await guardScene()
    at.wire.line.bend = () => new Promise(() => {})
    await expectBlocked(await at.check(), 503, 'unavailable')
    at.wire.line.bend = (_sent, pass) => pass()
    await expectChallenge(await at.check(), 'step_up_required')
  })

  it('is not believed about another token, nor at any length', async () => {
    const at = await guardScene()
    const claims = { jti: 'A'.repeat(22), sub: at.user.subject }
    at.wire.line.bend = (sent, pass) =>
      sent.name === 'action.authorize'
        ? Response.json({ result: { data: { authorized: true, by: 'token', claims } } })
        : pass()
    await expectBlocked(await at.check(await at.earn()), 503, 'unavailable')
    const padding = 'A'.repeat(256 * 1024)
    at.wire.line.bend = async (sent, pass) => {
      if (sent.name !== 'action.authorize') return pass()
      const { result } = await (await pass()).json<{ result: object }>()
      return Response.json({ result, padding })
    }
    await expectBlocked(await at.check(undefined, { subject: 'never-came' }), 503, 'unavailable')
  })

  it('differs from a guard that is not set up, without showing the key', async () => {
    const at = await guardScene()
    const call = { action: SIGN, subject: at.user.subject, headers: carrying() }
    const wrongKey = createGuard({ ...at.base, resourceKey: 'csk_res_not-known' })
    const told = await expectBlocked(await wrongKey.check(call), 503, 'unavailable')
    expect(told.problem.detail).toContain('resource key')
    const nowhere = createGuard({ ...at.base, environment: 'no-such-environment' })
    const there = await expectBlocked(await nowhere.check(call), 503, 'unavailable')
    expect(there.problem.detail).toContain('environment')
    expect(() => createGuard({ ...at.base, resourceKey: '' })).toThrow('`resourceKey` is missing')
  })

  it('names both audiences where the resource key is for another than the guard’s', async () => {
    const at = await guardScene(ruled(UPDATE, { require: 'never' }))
    const token = await at.earn()
    const guard = createGuard({ ...at.base, audience: 'http://localhost:9999' })
    const call = { action: SIGN, subject: at.user.subject, headers: carrying(token) }
    for (const one of [call, { ...call, headers: carrying() }, { ...call, action: UPDATE }]) {
      const { problem, verdict } = await expectBlocked(await guard.check(one), 503, 'unavailable')
      for (const audience of ['http://localhost:9999', 'https://wallet.example'])
        expect(problem.detail).toContain(audience)
      expect(verdict.cause).toMatchObject({ message: problem.detail })
    }
    expect(at.wire.presented()).toEqual([])
    expect(await at.check(token)).toMatchObject({ allowed: true })
  })

  it('is to be updated before the guard, where it is of a version without this call', async () => {
    const at = await guardScene()
    const call = { action: SIGN, subject: at.user.subject, headers: carrying(await at.earn()) }
    const through = at.base.fetch ?? fetch
    const older: typeof fetch = (input, init) =>
      through(String(input).replace('action.authorize', 'action.unknown'), init)
    for (const one of [call, { ...call, headers: carrying() }]) {
      const verdict = await createGuard({ ...at.base, fetch: older }).check(one)
      const { problem } = await expectBlocked(verdict, 503, 'unavailable')
      expect(problem.detail).toBe('This guard needs a newer service.')
    }
  })

  it('may leave out the audience, as version 0.1.0 does', async () => {
    const at = await guardScene()
    at.wire.line.bend = async (sent, pass) => {
      if (sent.name !== 'policy.list') return pass()
      const { result } = await (await pass()).json<{ result: { data: object } }>()
      return Response.json({ result: { data: { ...result.data, audience: undefined } } })
    }
    expect(await at.check(await at.earn())).toMatchObject({ allowed: true })
  })

  it('passes on how long to wait', async () => {
    const at = await guardScene()
    at.wire.line.bend = () => {
      const data = { reason: 'unavailable', retryAfterSeconds: 17 }
      return Response.json({ error: { message: 'No.', data } }, { status: 503 })
    }
    const { verdict, problem } = await expectBlocked(await at.check(), 503, 'unavailable')
    expect(verdict.response.headers.get('retry-after')).toBe('17')
    expect(problem.retryAfterSeconds).toBe(17)
  })
})

describe('a reply that was lost', () => {
  const losses: [string, () => Response | Promise<Response>][] = [
    ['the connection broke', () => Promise.reject(new TypeError('connection lost'))],
    ['a proxy answered', () => new Response('bad gateway', { status: 502 })],
  ]

  it.each(losses)(
    'is asked for again with the same key, and the token is spent once: %s',
    async (_what, loss) => {
      const at = await guardScene()
      const token = await at.earn()
      let lost = 0
      at.wire.line.bend = async (sent, pass) => {
        const answer = await pass()
        if (sent.name !== 'action.authorize' || lost > 0) return answer
        lost += 1
        return loss()
      }
      expect(await at.check(token)).toMatchObject({ allowed: true })
      const [first, second, ...rest] = at.wire.presented()
      expect(first?.body.idempotencyKey).toMatch(/^[0-9a-f-]{36}$/)
      expect(second?.body).toEqual(first?.body)
      expect(rest).toEqual([])
      await expectChallenge(await at.check(token), 'token_used')
    },
  )

  it('is not asked for again where no token was sent', async () => {
    const at = await guardScene()
    at.wire.line.bend = (sent, pass) =>
      sent.name === 'action.authorize' ? Promise.reject(new TypeError('lost')) : pass()
    await expectBlocked(await at.check(), 503, 'unavailable')
    const bodies = at.wire.named('action.authorize').map(({ body }) => body)
    expect(bodies).toHaveLength(1)
    expect(bodies[0]).not.toHaveProperty('idempotencyKey')
  })

  it('is given up after a second time, and no other request is served in its place', async () => {
    const at = await guardScene()
    const token = await at.earn()
    at.wire.line.bend = async (sent, pass) => {
      const answer = await pass()
      return sent.name === 'action.authorize' ? Promise.reject(new TypeError('lost')) : answer
    }
    await expectBlocked(await at.check(token), 503, 'unavailable')
    expect(at.wire.presented()).toHaveLength(2)
    at.wire.line.bend = (_sent, pass) => pass()
    await expectChallenge(await at.check(token), 'token_used')
  })

  it('is not asked for where the service said no', async () => {
    const at = await guardScene()
    const token = await at.earn()
    await at.check(token)
    await at.check(token)
    expect(at.wire.presented()).toHaveLength(2)
  })
})

describe('revocation offline', () => {
  it('spares the call for reusable tokens, and never for single-use ones', async () => {
    const at = await guardScene({}, { revocation: 'offline' })
    const [once, often] = [await at.earn(), await at.earn(['user:update'])]
    for (let n = 0; n < 3; n += 1)
      expect(await at.check(often, { action: UPDATE })).toMatchObject({ allowed: true })
    expect(at.wire.presented()).toEqual([])
    expect(await at.check(once)).toMatchObject({ allowed: true })
    await expectChallenge(await at.check(once), 'token_used')
    const online = createGuard(at.base)
    const call = { action: UPDATE, subject: at.user.subject, headers: carrying(often) }
    expect(await online.check(call)).toMatchObject({ allowed: true })
    await at.user.client.token.revoke.mutate({ token: often })
    await expectChallenge(await online.check(call), 'token_revoked')
    expect(await at.check(often, { action: UPDATE })).toMatchObject({ allowed: true })
  })
})

describe('what a guard keeps', () => {
  it('is fetched once a minute, and once by any number of simultaneous calls', async () => {
    const at = await guardScene({}, { revocation: 'offline' })
    const token = await at.earn(['user:update'])
    const counts = () => ['policy.list', 'jwks.json'].map((name) => at.wire.named(name).length)
    const checkAll = () =>
      Promise.all(Array.from({ length: 10 }, () => at.check(token, { action: UPDATE })))
    await checkAll()
    expect(counts()).toEqual([1, 1])
    advance(59)
    await checkAll()
    expect(counts()).toEqual([1, 1])
    advance(1)
    await checkAll()
    expect(counts()).toEqual([2, 2])
  })

  it('is good for a minute without the service, and for no second longer', async () => {
    const at = await guardScene({}, { revocation: 'offline' })
    const token = await at.earn(['user:update'])
    const call = { action: UPDATE }
    expect(await at.check(token, call)).toMatchObject({ allowed: true })
    at.wire.line.bend = () => Promise.reject(new TypeError('down'))
    advance(59)
    expect(await at.check(token, call)).toMatchObject({ allowed: true })
    advance(1)
    await expectBlocked(await at.check(token, call), 503, 'unavailable')
    at.wire.line.bend = (_sent, pass) => pass()
    expect(await at.check(token, call)).toMatchObject({ allowed: true })
  })

  it('is fetched again for a key that is not known, and not at a forger’s pace', async () => {
    const at = await guardScene()
    const token = await at.earn()
    await at.check(await at.earn())
    const forge = async () => {
      const { header, payload } = partsOf(token)
      const kid = crypto.randomUUID()
      return signRaw((await makeSigner()).privateKey, { ...header, kid }, payload)
    }
    advance(29)
    await expectBlocked(await at.check(await forge()), 401, 'token_invalid')
    expect(at.wire.named('jwks.json')).toHaveLength(1)
    advance(1)
    for (let n = 0; n < 5; n += 1)
      await expectBlocked(await at.check(await forge()), 401, 'token_invalid')
    expect(at.wire.named('jwks.json')).toHaveLength(2)
    await operator.environment.rotateKeys.mutate({
      environment: at.environment.id,
      compromised: true,
    })
    advance(25)
    const fresh = await at.earn()
    expect(await at.check(fresh)).toMatchObject({ allowed: true })
    await expectBlocked(await at.check(token), 401, 'token_invalid')
  })

  it('is fetched again, once for all callers, where a known key does not verify a signature', async () => {
    const at = await guardScene()
    const tokens = [await at.earn(), await at.earn(), await at.earn()]
    // What the guard keeps first is another key by the same name, as of a service that was set up again.
    at.wire.line.bend = async (sent, pass) => {
      if (sent.name !== 'jwks.json') return pass()
      const { keys } = await (await pass()).json<{ keys: object[] }>()
      const { x, y } = (await makeSigner()).publicJwk
      return Response.json({ keys: keys.map((key) => ({ ...key, x, y })) })
    }
    await expectBlocked(await at.check(tokens[0]), 401, 'token_invalid')
    let letThrough = () => {}
    const gate = new Promise<void>((resolve) => {
      letThrough = resolve
    })
    at.wire.line.bend = async (sent, pass) => {
      if (sent.name === 'jwks.json') await gate
      return pass()
    }
    advance(30)
    const checks = tokens.map((token) => at.check(token))
    await vi.waitFor(() => expect(at.wire.named('jwks.json')).toHaveLength(2))
    letThrough()
    for (const verdict of await Promise.all(checks))
      expect(verdict).toMatchObject({ allowed: true })
    expect(at.wire.named('jwks.json')).toHaveLength(2)
  })

  it('is fetched once in thirty seconds by any number of forgeries under a known key, and kept', async () => {
    const at = await guardScene()
    const [token, other, last] = [await at.earn(), await at.earn(), await at.earn()]
    const { header, payload } = partsOf(token)
    const mallory = await makeSigner()
    const flood = () =>
      Promise.all(
        Array.from({ length: 20 }, async (_, n) => {
          const forged = await signRaw(mallory.privateKey, header, { ...payload, n })
          return at.check(forged)
        }),
      )
    await at.check(token)
    expect(at.wire.named('jwks.json')).toHaveLength(1)
    for (const fetches of [1, 1, 2]) {
      for (const verdict of [...(await flood()), ...(await flood())])
        await expectBlocked(verdict, 401, 'token_invalid')
      expect(at.wire.named('jwks.json')).toHaveLength(fetches)
      advance(fetches === 2 ? 0 : 15)
    }
    at.wire.line.bend = (sent, pass) =>
      sent.name === 'jwks.json' ? Promise.reject(new TypeError('down')) : pass()
    advance(30)
    await flood()
    expect(at.wire.named('jwks.json')).toHaveLength(3)
    expect(await at.check(other)).toMatchObject({ allowed: true })
    expect(await at.check(last)).toMatchObject({ allowed: true })
    expect(at.wire.named('jwks.json')).toHaveLength(3)
  })

  it('is not fetched at a forger’s pace either while the service is away', async () => {
    const at = await guardScene()
    const [token, other] = [await at.earn(), await at.earn()]
    const unknown = await resign(at, other, {}, { kid: 'unknown' })
    await at.check(token)
    at.wire.line.bend = (sent, pass) =>
      sent.name === 'jwks.json' ? Promise.reject(new TypeError('down')) : pass()
    advance(30)
    await expectBlocked(await at.check(unknown), 503, 'unavailable')
    for (let n = 0; n < 5; n += 1)
      await expectBlocked(await at.check(unknown), 401, 'token_invalid')
    expect(at.wire.named('jwks.json')).toHaveLength(2)
    expect(await at.check(other)).toMatchObject({ allowed: true })
  })

  it('is asked for with nothing but the resource key, and wherever else it is sent, not there', async () => {
    const at = await guardScene()
    await at.check(await at.earn())
    for (const { name, headers, redirect } of at.wire.sent) {
      expect(redirect).toBe('manual')
      const bearer = headers.get('authorization')
      expect(bearer).toBe(name === 'jwks.json' ? null : `Bearer ${at.resource.key}`)
    }
  })
})

describe('what an application or its caller gets wrong', () => {
  it.each([undefined, null, '', 0, 7, {}, ['alice'], true])(
    'never runs for the subject %j',
    async (subject) => {
      const at = await guardScene(ruled(SIGN, { require: 'never' }))
      const named = { subject: subject as string }
      const { authenticate } = await expectBlocked(
        await at.check(undefined, named),
        401,
        'unauthenticated',
      )
      expect(authenticate).toBe('Bearer')
      await expectBlocked(await at.check(await at.earn(), named), 401, 'unauthenticated')
      expect(at.wire.sent).toEqual([])
    },
  )

  it.each<[string, object]>([
    ['a number as session', { sessionId: 7 }],
    ['null as session', { sessionId: null }],
    ['null as details', { details: null }],
    ['a list as details', { details: [] }],
    ['a text as details', { details: 'all' }],
  ])('never runs with %s', async (_what, odd) => {
    const at = await guardScene(ruled(SIGN, { require: 'never' }))
    await expectBlocked(await at.check(undefined, odd), 503, 'unavailable')
  })

  it('never runs when the rule throws, and tells its author why but not the caller', async () => {
    const at = await guardScene(ruled(SIGN, { require: 'never' }))
    const thrown = new Error('the database is at 10.0.0.7')
    const seen: unknown[] = []
    let runs = 0
    for (const member of ['subject', 'action', 'details', 'sessionId'] as const) {
      const app = new Hono<{ Variables: { stepUp: unknown } }>()
      app.use(async (c, next) => {
        await next()
        seen.push(c.get('stepUp'))
      })
      const fail = () => {
        throw thrown
      }
      const rule = { action: SIGN, subject: at.user.subject, [member]: fail }
      app.post('/', at.guard.requireStepUp(rule), (c) => {
        runs += 1
        return c.text('ran')
      })
      const response = await app.request('/', { method: 'POST' })
      const { problem } = await expectProblem(response, 503, 'unavailable')
      expect(JSON.stringify(problem)).not.toContain('10.0.0.7')
    }
    expect(runs).toBe(0)
    expect(seen).toHaveLength(4)
    for (const verdict of seen) expect(verdict).toMatchObject({ allowed: false, cause: thrown })
  })

  it('answers a body that is no JSON with 400', async () => {
    const at = await guardScene()
    const app = new Hono()
    const details = (c: HonoContext) => c.req.json()
    const rule = { action: SIGN, subject: at.user.subject, details }
    app.post('/', at.guard.requireStepUp(rule), (c) => c.text('ran'))
    const response = await app.request('/', { method: 'POST', body: '{' })
    await expectProblem(response, 400, 'input_invalid')
  })

  it('writes nothing into a header that a header cannot hold', async () => {
    const at = await guardScene()
    const scope = 'x"\r\nset-cookie: a=b\\é\u0000'
    at.wire.line.bend = async (_sent, pass) => {
      const answer = await pass()
      const text = (await answer.text()).replaceAll('"wallet:sign"', JSON.stringify(scope))
      return new Response(text, answer)
    }
    const { authenticate, verdict } = await expectChallenge(await at.check(), 'step_up_required')
    expect(authenticate).toContain('scope="xset-cookie: a=b"')
    expect(verdict.response.headers.get('set-cookie')).toBeNull()
  })
})

describe('where the token travels', () => {
  it('is its own header; in Authorization only where the application says so', async () => {
    const at = await guardScene()
    const call = (token: string, scheme: string) => ({
      action: SIGN,
      subject: at.user.subject,
      headers: new Headers({ authorization: `${scheme} ${token}` }),
    })
    const taking = createGuard({ ...at.base, tokenHeader: 'authorization' })
    for (const scheme of ['Bearer', 'bearer', 'DPoP']) {
      const token = await at.earn()
      await expectChallenge(await at.guard.check(call(token, scheme)), 'step_up_required')
      await expectChallenge(await taking.check(call(token, 'Basic')), 'step_up_required')
      expect(await taking.check(call(token, scheme))).toMatchObject({ allowed: true, by: 'token' })
    }
  })
})

describe('a fetch handler', () => {
  it('reads the body again after the rule has read it, and runs only after a yes', async () => {
    const at = await guardScene()
    const details = { to: '0xabc' }
    const body = JSON.stringify(details)
    const handler = at.guard.requireStepUpFetch(
      {
        action: SIGN,
        subject: async (request: Request) => {
          await request.text()
          return at.user.subject
        },
        details: (request) => request.json(),
      },
      async (request, word: string) => new Response(`${word} ${await request.text()}`),
    )
    const post = (token?: string) =>
      handler(
        new Request('https://wallet.example/', { method: 'POST', body, headers: carrying(token) }),
        'signed',
      )
    await expectProblem(await post(), 401, 'step_up_required')
    const token = await at.earn(['wallet:sign'], details)
    expect(await (await post(token)).text()).toBe(`signed ${body}`)
    await expectProblem(await post(token), 401, 'token_used')
  })
})

describe('two environments', () => {
  it('keep nothing in common', async () => {
    const [here, there] = [
      await guardScene(),
      await makeEnvironment(ruled(SIGN, { require: 'deny' })),
    ]
    const { key } = await there.resource()
    const other = createGuard({ ...here.base, environment: there.id, resourceKey: key })
    const call = { action: SIGN, subject: 'never-came', headers: carrying() }
    expect(await here.guard.check(call)).toMatchObject({ allowed: true })
    await expectBlocked(await other.check(call), 403, 'denied')
  })
})
