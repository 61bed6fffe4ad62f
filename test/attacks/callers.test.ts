// Callers: every procedure of the contract with every kind of bearer, and every call while a variable of the
// service is missing or too short. sessions.test.ts tests session tokens.
import { describe, expect, it } from 'vitest'
import { appRouter } from '../../functions/router.ts'
import { evidence } from '../support/evidence.ts'
import { answerOf, errorOf, expectRefusal, post } from '../support/http.ts'
import {
  AUDIENCE,
  enrollTotp,
  makeEnvironment,
  OPERATOR_KEY,
  operator,
  send,
  stepUp,
  unique,
} from '../support/service.ts'
import { withVariables } from '../support/variables.ts'

type Kind = 'subject' | 'resource' | 'operator'

/** The contract's own table: who may call each procedure. */
const CALLERS: Record<string, Kind[]> = {
  'action.authorize': ['resource'],
  'policy.check': ['subject', 'resource'],
  'policy.list': ['resource'],
  'policy.simulate': ['operator'],
  'factor.list': ['subject'],
  'factor.enroll': ['subject'],
  'factor.confirm': ['subject'],
  'factor.rename': ['subject'],
  'factor.setDefault': ['subject'],
  'factor.remove': ['subject'],
  'recovery.regenerate': ['subject'],
  'recovery.acknowledge': ['subject'],
  'challenge.start': ['subject'],
  'challenge.verify': ['subject'],
  'token.exchange': ['subject'],
  'token.consume': ['resource'],
  'token.introspect': ['resource', 'subject'],
  'token.revoke': ['resource', 'subject'],
  'environment.create': ['operator'],
  'environment.list': ['operator'],
  'environment.get': ['operator'],
  'environment.preview': ['operator'],
  'environment.update': ['operator'],
  'environment.remove': ['operator'],
  'environment.trySession': ['operator'],
  'environment.rotateKeys': ['operator'],
  'environment.createResourceKey': ['operator'],
  'environment.revokeResourceKey': ['operator'],
  'subject.get': ['operator'],
  'subject.unlock': ['operator'],
  'subject.resetFactors': ['operator'],
  'subject.endTokens': ['operator'],
  'operator.self': ['operator'],
  'operator.create': ['operator'],
  'operator.list': ['operator'],
  'operator.revoke': ['operator'],
  'stats.get': ['operator'],
  'audit.list': ['operator', 'subject'],
  'audit.verify': ['operator', 'subject'],
  'audit.checkpoint': ['operator', 'subject'],
  'receipt.get': ['operator', 'subject', 'resource'],
}
const PROCEDURES = Object.keys(CALLERS)
/** At their own route operators are users, too: there they enroll factors and step up. */
const mayCall = (procedure: string, looks: Kind): boolean =>
  CALLERS[procedure]?.includes(looks) === true ||
  (looks === 'operator' && CALLERS[procedure]?.includes('subject') === true)
const OPERATOR_PROCEDURES = PROCEDURES.filter((name) => CALLERS[name]?.includes('operator'))

/** Every kind of bearer: what it looks like, where it is shown, and whether it is good there. */
async function everyBearer() {
  const [here, there] = await Promise.all([makeEnvironment(), makeEnvironment()])
  const [resource, foreign, revoked] = await Promise.all([
    here.resource(),
    there.resource(),
    here.resource(),
  ])
  await operator.environment.revokeResourceKey.mutate({ environment: here.id, id: revoked.keyId })
  const [session, foreignSession] = await Promise.all([
    here.session({ sub: 'alice' }),
    there.session({ sub: 'alice' }),
  ])
  const at =
    (route: string) =>
    (bearer: string | undefined, looks?: Kind, good = false) => ({
      route,
      bearer,
      looks,
      good,
    })
  const [atHere, atOperator] = [at(here.id), at('operator')]
  return {
    'nothing, at an environment': atHere(undefined),
    'nothing, at /operator': atOperator(undefined),
    garbage: atHere('garbage', 'subject'),
    'garbage at /operator': atOperator('garbage', 'subject'),
    'a session of this environment': atHere(session, 'subject', true),
    'a session of another environment': atHere(foreignSession, 'subject'),
    'a session at /operator': atOperator(session, 'subject'),
    'a resource key of this environment': atHere(resource.key, 'resource', true),
    'a resource key of another environment': atHere(foreign.key, 'resource'),
    'a resource key that was revoked': atHere(revoked.key, 'resource'),
    'a resource key one character short': atHere(resource.key.slice(0, -1), 'resource'),
    'a resource key at /operator': atOperator(resource.key, 'resource'),
    'the operator key': atOperator(OPERATOR_KEY, 'operator', true),
    'the operator key at an environment': atHere(OPERATOR_KEY, 'operator'),
    'an operator key that nobody has': atOperator(`csk_op_${'x'.repeat(43)}`, 'operator'),
    'the operator key and one character more': atOperator(`${OPERATOR_KEY}x`, 'operator'),
    'the bare prefix of an operator key': atOperator('csk_op_', 'operator'),
  }
}

/** What must become of a bearer that is no good: of the wrong kind, or in the wrong place, it is forbidden. */
function refusalFor(procedure: string, { route, bearer, looks }: Shown): string {
  if (bearer === undefined || looks === undefined) return 'unauthenticated'
  const rightPlace = (looks === 'operator') === (route === 'operator')
  return mayCall(procedure, looks) && rightPlace ? 'unauthenticated' : 'forbidden'
}
type Shown = Awaited<ReturnType<typeof everyBearer>>[keyof Awaited<ReturnType<typeof everyBearer>>]

describe('the matrix of callers', () => {
  it('has every procedure of the contract, with the callers that the HTTP API describes', () => {
    const described = Object.entries<unknown>(appRouter._def.procedures).map(
      ([name, procedure]) => {
        const { meta } = (procedure as { _def: { meta: { callers: Kind[] } } })._def
        return [name, meta.callers.toSorted()]
      },
    )
    const rows = Object.entries(CALLERS).map(([name, kinds]) => [name, kinds.toSorted()])
    expect(Object.fromEntries(described)).toEqual(Object.fromEntries(rows))
  })

  it.each(PROCEDURES)('lets %s be called by its callers alone', async (procedure) => {
    const bearers = Object.entries(await everyBearer())
    const expected = bearers.map(([name, shown]) => {
      const allowed = shown.looks && shown.good && mayCall(procedure, shown.looks)
      return [name, allowed ? 'accepted as a caller' : refusalFor(procedure, shown)]
    })
    const outcomes = await Promise.all(
      bearers.map(async ([name, { route, bearer }]) => {
        const response = await post(route, procedure, { bearer })
        if (response.status === 200) return [name, 'accepted as a caller']
        const { reason } = await errorOf(response)
        const refusedAsCaller = reason === 'unauthenticated' || reason === 'forbidden'
        return [name, refusedAsCaller ? reason : 'accepted as a caller']
      }),
    )
    expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(expected))
  })

  it('tells an operator without a key nothing of which environments there are', async () => {
    const { id } = await makeEnvironment()
    for (const environment of [id, unique('nobody')]) {
      const response = await post('operator', 'environment.get', { body: { environment } })
      await expectRefusal(response, 401, 'unauthenticated')
    }
  })

  it('does not look at the input of a caller who may not call', async () => {
    const { id } = await makeEnvironment()
    const response = await post(id, 'policy.check', { bearer: 'garbage', body: { bad: 1 } })
    await expectRefusal(response, 401, 'unauthenticated')
  })
})

describe('how a bearer is shown', () => {
  it.each([
    ['in another case', (key: string) => `bearer ${key}`],
    ['after several spaces', (key: string) => `Bearer   ${key}`],
  ])('takes a resource key %s', async (_how, authorization) => {
    const environment = await makeEnvironment()
    const { key } = await environment.resource()
    const headers = { authorization: authorization(key) }
    expect((await post(environment.id, 'policy.list', { headers })).status).toBe(200)
  })

  it.each([
    ['without a scheme', (key: string) => key],
    ['as Basic', (key: string) => `Basic ${btoa(`${key}:`)}`],
    ['as Token', (key: string) => `Token ${key}`],
    ['as DPoP', (key: string) => `DPoP ${key}`],
    ['with another behind it', (key: string) => `Bearer ${key} ${key}`],
    ['twice', (key: string) => `Bearer ${key}, Bearer ${key}`],
    ['behind another', (key: string) => `Bearer x, Bearer ${key}`],
    ['as nothing', () => 'Bearer '],
  ])('does not take a resource key %s', async (_how, authorization) => {
    const environment = await makeEnvironment()
    const { key } = await environment.resource()
    const headers = { authorization: authorization(key) }
    const response = await post(environment.id, 'policy.list', { headers })
    await expectRefusal(response, 401, 'unauthenticated')
  })

  it('reads none from the address, a cookie or the header of elevated tokens', async () => {
    const environment = await makeEnvironment()
    const { key } = await environment.resource()
    const inAddress = await post(environment.id, `policy.list?access_token=${key}`)
    await expectRefusal(inAddress, 401, 'unauthenticated')
    const headers = { cookie: `__Host-countersign=${OPERATOR_KEY}`, 'countersign-token': key }
    await expectRefusal(
      await post(environment.id, 'policy.list', { headers }),
      401,
      'unauthenticated',
    )
    const asOperator = await post('operator', 'environment.list', { headers })
    await expectRefusal(asOperator, 401, 'unauthenticated')
  })

  it('takes neither an elevated token nor the id of a key for a credential', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const { token } = await stepUp(user, secret, ['wallet:sign'])
    const asSession = await post(environment.id, 'factor.list', { bearer: token })
    await expectRefusal(asSession, 401, 'unauthenticated')
    const { keyId } = await environment.resource()
    const byId = await post(environment.id, 'policy.list', { bearer: `csk_res_${keyId}` })
    await expectRefusal(byId, 401, 'unauthenticated')
  })
})

describe('a resource', () => {
  it('asks for its own audience’s actions alone', async () => {
    const other = 'https://orders.example'
    const environment = await makeEnvironment({
      audiences: [AUDIENCE, other],
      actions: [{ action: 'order.refund', scope: 'orders:refund', audience: other }],
    })
    const [wallet, orders] = await Promise.all([
      environment.resource(),
      environment.resource(other),
    ])
    const check = (key: string, action: string) =>
      post(environment.id, 'policy.check', { bearer: key, body: { action, subject: 'alice' } })
    expect((await check(wallet.key, 'wallet.waas.sign')).status).toBe(200)
    expect((await check(orders.key, 'order.refund')).status).toBe(200)
    await expectRefusal(await check(wallet.key, 'order.refund'), 403, 'forbidden')
    await expectRefusal(await check(orders.key, 'wallet.waas.sign'), 403, 'forbidden')
    await expectRefusal(await check(orders.key, 'credential.link'), 403, 'forbidden')
    const listed = await answerOf<{ actions: { action: string }[] }>(
      await post(environment.id, 'policy.list', { bearer: orders.key }),
    )
    expect(listed.actions.map(({ action }) => action)).toEqual(['order.refund'])
  })

  it('is refused from the moment its key is revoked, while another key of it lives on', async () => {
    const environment = await makeEnvironment()
    const [gone, kept] = [await environment.resource(), await environment.resource()]
    const list = (bearer: string) => post(environment.id, 'policy.list', { bearer })
    expect((await list(gone.key)).status).toBe(200)
    await operator.environment.revokeResourceKey.mutate({
      environment: environment.id,
      id: gone.keyId,
    })
    await expectRefusal(await list(gone.key), 401, 'unauthenticated')
    expect((await list(kept.key)).status).toBe(200)
  })
})

describe('a user', () => {
  it.each(['audit.list', 'audit.verify', 'audit.checkpoint'])(
    'reads no history but their own by %s',
    async (procedure) => {
      const environment = await makeEnvironment()
      const bearer = await environment.session({ sub: 'mallory' })
      for (const body of [
        { subject: 'alice' },
        { environment: environment.id },
        { environment: environment.id, subject: 'mallory' },
      ]) {
        const response = await post(environment.id, procedure, { bearer, body })
        await expectRefusal(response, 403, 'forbidden')
      }
    },
  )
})

describe('an operator key that is missing or too short', () => {
  const KEYS = [
    ['missing', ''],
    ['the bare prefix', 'csk_op_'],
    ['31 random characters', `csk_op_${'r'.repeat(31)}`],
    ['without its prefix', 'r'.repeat(64)],
    ['with the prefix of a resource key', `csk_res_${'r'.repeat(43)}`],
  ] as const

  it.each(KEYS)('opens nothing: %s', async (_what, key) => {
    const there = withVariables({ OPERATOR_KEY: key })
    for (const procedure of OPERATOR_PROCEDURES) {
      for (const bearer of [key, OPERATOR_KEY, 'csk_op_', '']) {
        const response = await post('operator', procedure, { bearer }, there.send)
        const { reason } = await errorOf(response)
        expect(['unauthenticated', 'forbidden']).toContain(reason)
      }
    }
    const { message } = await expectRefusal(
      await post('operator', 'environment.list', { bearer: OPERATOR_KEY }, there.send),
      401,
      'unauthenticated',
    )
    expect(message).toContain('OPERATOR_KEY')
  })

  it('opens with exactly 32 random characters', async () => {
    const key = `csk_op_${'r'.repeat(32)}`
    const there = withVariables({ OPERATOR_KEY: key })
    const response = await post('operator', 'environment.list', { bearer: key }, there.send)
    expect(response.status).toBe(200)
    const before = await post('operator', 'environment.list', { bearer: OPERATOR_KEY }, there.send)
    await expectRefusal(before, 401, 'unauthenticated')
  })

  it('stops nobody else, and shows in health', async () => {
    const environment = await makeEnvironment()
    const bearer = await environment.session({ sub: 'alice' })
    const there = withVariables({ OPERATOR_KEY: '' })
    expect((await post(environment.id, 'factor.list', { bearer }, there.send)).status).toBe(200)
    const health = await there.send('/health')
    expect(health.status).toBe(200)
    expect(await health.json()).toMatchObject({
      dependsOn: { operatorKey: 'missing or too short' },
    })
  })
})

describe('a service without its variables', () => {
  it.each([
    ['ROOT_SECRET', { ROOT_SECRET: '' }],
    ['ROOT_SECRET', { ROOT_SECRET: 'r'.repeat(31) }],
    ['PUBLIC_URL', { PUBLIC_URL: '' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'countersign.example' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'http://countersign.example' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'http://localhost.countersign.example' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'https://countersign.example/path' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'https://countersign.example?a=b' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'https://countersign.example/#here' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'https://user@countersign.example' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'javascript:alert(1)' }],
    ['RESTORE_EPOCH', { RESTORE_EPOCH: '-1' }],
    ['RESTORE_EPOCH', { RESTORE_EPOCH: '1.5' }],
    ['RESTORE_EPOCH', { RESTORE_EPOCH: 'one' }],
  ])('answers nothing but what to set: %s of %j', async (name, variables) => {
    const environment = await makeEnvironment()
    const bearer = await environment.session({ sub: 'alice' })
    const there = withVariables(variables)
    for (const response of [
      await there.send('/health'),
      await there.send(`/${environment.id}/.well-known/jwks.json`),
      await post(environment.id, 'factor.list', { bearer }, there.send),
      await post('operator', 'environment.list', { bearer: OPERATOR_KEY }, there.send),
    ]) {
      const { message } = await expectRefusal(response, 503, 'unavailable')
      expect(message).toContain(name)
      expect(message).not.toContain('r'.repeat(31))
    }
  })

  it('writes nothing meanwhile', async () => {
    const environment = await makeEnvironment()
    const subject = unique('user')
    const before = await evidence(environment.id, subject)
    const there = withVariables({ ROOT_SECRET: 'short' })
    const bearer = await environment.session({ sub: subject })
    const body = { kind: 'totp' }
    const response = await post(environment.id, 'factor.enroll', { bearer, body }, there.send)
    await expectRefusal(response, 503, 'unavailable')
    expect(await evidence(environment.id, subject)).toEqual(before)
    expect((await send('/health')).status).toBe(200)
  })
})
