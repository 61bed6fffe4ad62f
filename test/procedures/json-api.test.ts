// The HTTP API: every procedure at a path of its own, with plain JSON, and the same answers and refusals as
// through tRPC.
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { safeParse } from 'zod/v4/core'
import { REASONS, type Reason } from '../../contract/index.ts'
import { appRouter } from '../../functions/router.ts'
import { type Call, requestOf } from '../fuzz/calls.ts'
import { ENDPOINTS } from '../fuzz/endpoints.ts'
import { type Fixture, makeFixtures } from '../fuzz/fixtures.ts'
import { restore } from '../fuzz/objects.ts'
import { faultsOf } from '../support/schemas.ts'
import { makeEnvironment, OPERATOR_KEY, ORIGIN, send } from '../support/service.ts'

const procedures = Object.keys(appRouter._def.procedures)
const CASES = ENDPOINTS.filter(
  ({ procedure, guarded, accepts }) => procedure && !guarded && accepts,
)

/** The same call, at its path of the HTTP API. */
const atV1 = (call: Call): Call => ({
  ...call,
  path: call.path.replace(/\/trpc\/(\w+)\.(\w+)/, '/v1/$1/$2'),
})
async function answered(call: Call) {
  const request = requestOf(call)
  if (!request) throw new Error('this call cannot be sent')
  const response = await send(new URL(request.url).pathname, request)
  const type = response.headers.get('content-type')
  return { status: response.status, type, body: await response.json<Record<string, unknown>>() }
}

describe('a procedure', () => {
  let fixture: Fixture
  beforeAll(async () => {
    fixture = (await makeFixtures()).users
  })
  /** A good call, in the state that the fixture was saved in. */
  const good = async ({ fresh }: (typeof CASES)[number]) => {
    await restore(fixture.saved)
    await fixture.person.signIn({ sid: 's' })
    return fresh({ fixture, pick: (first) => first })
  }

  it('has a case here, whatever its name', () => {
    const covered = new Set(CASES.map(({ procedure }) => procedure))
    expect(procedures.filter((name) => !covered.has(name))).toEqual([])
  })

  it('answers nothing that its schema does not name', async () => {
    const definition = appRouter.policy.list._def as unknown as { resolver: () => Promise<object> }
    const list = { version: 1, epoch: 0, audience: 'https://api.example', actions: [] }
    vi.spyOn(definition, 'resolver').mockResolvedValueOnce({ ...list, secret: 'hidden' })
    const endpoint = CASES.find(({ procedure }) => procedure === 'policy.list')
    if (!endpoint) throw new Error('policy.list has no case')
    const { body } = await answered(atV1(await good(endpoint)))
    expect(body).toMatchObject({ status: 503, reason: 'unavailable' })
    expect(JSON.stringify(body)).not.toContain('hidden')
  })

  it.each(CASES)('answers plain JSON in the form of its schema: $name', async (endpoint) => {
    const { output } = endpoint
    const { status, type, body } = await answered(atV1(await good(endpoint)))
    expect({ status, type, body }).toMatchObject({ status: 200, type: 'application/json' })
    if (output) expect(safeParse(output, body).success).toBe(true)
    expect(body).not.toHaveProperty('result')
  })

  it.each(CASES)('refuses as through tRPC: $name', async (endpoint) => {
    const call = await good(endpoint)
    const { authorization: _, ...headers } = call.headers
    for (const bad of [
      { ...call, headers },
      { ...call, body: '{"unknown":1}' },
      { ...call, body: '[' },
    ]) {
      const [problem, error] = [await answered(atV1(bad)), await answered(bad)]
      const refused = (error.body.error ?? {}) as { message?: string; data?: { reason?: Reason } }
      expect(problem).toMatchObject({ status: error.status, type: 'application/problem+json' })
      expect(problem.body).toEqual({
        type: `urn:countersign:reason:${refused.data?.reason}`,
        title: REASONS[refused.data?.reason ?? 'unavailable'].message,
        status: error.status,
        detail: refused.message,
        ...refused.data,
      })
      expect(faultsOf('Problem', problem.body)).toEqual([])
    }
  })
})

describe('the HTTP API', () => {
  const post = (path: string, init: RequestInit = {}) =>
    send(path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${OPERATOR_KEY}`,
        ...init.headers,
      },
      body: '{}',
    })

  it.each([
    '/operator/v1/nothing/here',
    '/operator/v1/policy.check',
    '/operator/v1/constructor/name',
    '/operator/v1/environment/__proto__',
    '/operator/v1/environment/list/more',
  ])('has nothing at %s', async (path) => {
    expect((await post(path)).status).toBe(404)
  })

  it('takes POST alone', async () => {
    expect((await send('/operator/v1/environment/list')).status).toBe(405)
  })

  it('may be read by pages whose origin is listed, and tells others so', async () => {
    const { id } = await makeEnvironment()
    const at = async (origin: string) => {
      const response = await post(`/${id}/v1/policy/list`, { headers: { origin } })
      return [response.status, response.headers.get('access-control-allow-origin')]
    }
    expect(await at(ORIGIN)).toEqual([403, ORIGIN])
    expect(await at('https://evil.example')).toEqual([403, '*'])
  })
})
