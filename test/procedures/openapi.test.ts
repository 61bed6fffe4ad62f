// The examples of the OpenAPI document, each sent to the service as it is shown. Only what is good for one service
// alone is replaced: ids, tokens and codes. Where the document says that a call takes a token, it is refused without.
import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { EnvironmentSettings } from '../../contract/index.ts'
import worker from '../../functions/worker.ts'
import { type Endpoint, endpoints } from '../../reference/openapi.ts'
import { OPERATIONS } from '../../reference/operations.ts'
import {
  earnWithPasskey,
  enrollPasskey,
  makeDevice,
  stepUpWithPasskey,
} from '../support/ceremonies.ts'
import { makeGuardian, nameOperator } from '../support/operators.ts'
import { faultsOf } from '../support/schemas.ts'
import {
  enrollTotp,
  makeEnvironment,
  PUBLIC_URL,
  send,
  totpCode,
  unique,
} from '../support/service.ts'

const { settings } = OPERATIONS.environment.create.example
const { session, ...rest } = settings as EnvironmentSettings
const DETAILS = { order: '17', amount: 25 }

/** The application of the examples, its user with two factors, its API, and an operator who has to step up. */
async function setScene() {
  const { issuer, audiences = [] } = session
  const { assertions: _, ...others } = rest
  const realm = await makeEnvironment({ ...others, session: { issuer, audiences } })
  const [spare, { key, keyId }] = [await makeEnvironment(), await realm.resource(rest.audiences[0])]
  const login = { iss: issuer, aud: audiences[0] ?? '' }
  const alice = await realm.user({ ...login, sub: 'alice', sid: 'session-1' })
  const device = makeDevice({ origin: rest.origins[0] ?? '', rpId: rest.rpId })
  await enrollPasskey(alice, device)
  const earn = (scope: string) => earnWithPasskey(alice, device, scope)
  const totp = await enrollTotp(alice, await earn('credential:link'))
  const { id: formerOperator } = await nameOperator()
  const guardian = await makeGuardian()
  const bearers = { subject: alice.bearer(), resource: key, operator: guardian.key }
  return { realm, spare, keyId, alice, device, earn, totp, formerOperator, guardian, bearers }
}
type Scene = Awaited<ReturnType<typeof setScene>>

/** A token for the refund of the examples. */
async function refundToken({ alice, device }: Scene) {
  const { elevatedToken } = await stepUpWithPasskey(alice, device, ['orders:refund'], DETAILS)
  return { token: elevatedToken?.token }
}
const appOf = ({ totp: { factorId } }: Scene) => ({ factorId })
async function newApp({ alice, earn }: Scene) {
  const started = await alice
    .with(await earn('credential:link'))
    .factor.enroll.mutate({ kind: 'totp' })
  if (!('secret' in started)) throw new Error('no TOTP secret came back')
  return started
}
const spareId = ({ spare }: Scene) => ({ environment: spare.id })

/** What is good for one service alone, by the operation. */
const LIVE: Readonly<
  Record<string, (scene: Scene, endpoint: Endpoint) => object | Promise<object>>
> = {
  'action.authorize': refundToken,
  'token.consume': refundToken,
  'token.introspect': refundToken,
  'token.revoke': refundToken,
  'receipt.get': async ({ earn, realm, alice: { subject } }, { path }) => ({
    jti: decodeJwt(await earn('wallet:sign')).jti,
    ...(path.startsWith('/operator') && { environment: realm.id, subject }),
  }),
  'token.exchange': async ({ realm }) => ({
    assertion: await realm.assertion({ sub: 'alice', scope: 'user:update' }),
  }),
  'challenge.verify': ({ totp }) => ({ code: totpCode(totp.secret) }),
  'factor.confirm': async (scene) => {
    const { factorId, secret } = await newApp(scene)
    return { factorId, code: totpCode(secret) }
  },
  'factor.rename': appOf,
  'factor.setDefault': appOf,
  'factor.remove': appOf,
  'environment.create': () => ({ environment: unique('shop') }),
  'environment.update': spareId,
  'environment.remove': spareId,
  'environment.trySession': ({ alice }) => ({ token: alice.bearer() }),
  'environment.revokeResourceKey': ({ keyId }) => ({ id: keyId }),
  'operator.revoke': ({ formerOperator }) => ({ id: formerOperator }),
}

let scene: Scene
beforeAll(async () => {
  scene = await setScene()
}, 60_000)

/** The example of an operation, for this scene. */
async function inputOf(endpoint: Endpoint): Promise<object> {
  const { noun, verb, example } = endpoint
  const shown = Object(example)
  const here = 'environment' in shown ? { environment: scene.realm.id } : {}
  return { ...shown, ...here, ...(await LIVE[`${noun}.${verb}`]?.(scene, endpoint)) }
}

async function sendAs(
  { path, callers: [caller = 'subject'] }: Endpoint,
  input: object,
  token?: string,
) {
  const response = await send(path.replace('{environment}', scene.realm.id), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${scene.bearers[caller]}`,
      ...(token !== undefined && { 'countersign-token': token }),
    },
    body: JSON.stringify(input),
  })
  return { status: response.status, body: await response.json<Record<string, unknown>>() }
}

const tokenFor = (scope: string) =>
  scope === 'operator:change' ? scene.guardian.confirm() : scene.earn(scope)

// Those that take away what others need come last.
const LAST = /factor\/remove|environment\/revokeResourceKey|subject\/resetFactors/
const ENDPOINTS = endpoints().toSorted(
  (a, b) => Number(LAST.test(a.path)) - Number(LAST.test(b.path)),
)

describe('the example', () => {
  it.each(ENDPOINTS)('is answered in the form of its schema: $path', async (endpoint) => {
    const { takes, output, answer, refusals } = endpoint
    const input = await inputOf(endpoint)
    if (takes) {
      const { status, body } = await sendAs(endpoint, input)
      expect(status).toBe(401)
      expect(body).toMatchObject({ reason: 'step_up_required' })
      expect(refusals).toContain(body.reason)
      expect(faultsOf('Problem', body)).toEqual([])
    }
    const { status, body } = await sendAs(endpoint, input, takes && (await tokenFor(takes)))
    const faults = faultsOf(output, body)
    expect({ status, body, faults }).toEqual({ status: 200, body, faults: [] })
    // The document shows an answer with the same members.
    expect(Object.keys(Object(answer))).toEqual(expect.arrayContaining(Object.keys(body)))
  })
})

describe('/openapi.json', () => {
  /** The Worker with the document among its files. */
  const get = (init?: RequestInit) => {
    const built = {
      fetch: async (url: URL) =>
        new URL(url).pathname === '/openapi.json'
          ? Response.json({ openapi: '3.1.0' }, { headers: { etag: '"1"' } })
          : new Response(null, { status: 404 }),
    }
    const request = new Request(`${PUBLIC_URL}/openapi.json`, init)
    return worker.fetch(
      request,
      { ...env, ASSETS: built } as unknown as Env,
      createExecutionContext(),
    )
  }

  it('is for every page and every cache, without a credential', async () => {
    const response = await get({ headers: { origin: 'https://editor.example' } })
    expect(await response.json()).toEqual({ openapi: '3.1.0' })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'cache-control': 'public, max-age=300',
      'content-type': expect.stringMatching(/^application\/json/),
      etag: '"1"',
    })
  })

  it.each(['POST', 'PUT', 'DELETE'])('is not there for %s', async (method) => {
    expect((await get({ method })).status).toBe(404)
  })

  it('is named by the address of the service', async () => {
    expect(await (await send('/')).json()).toMatchObject({
      openapi: `${PUBLIC_URL}/openapi.json`,
      reference: `${PUBLIC_URL}/reference`,
    })
  })
})
