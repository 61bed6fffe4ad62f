// While the Environment object does not answer, no token can be signed. A recovery code and an assertion used to
// be consumed anyway.
import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, expect, it, vi } from 'vitest'
import { createClient } from '../../client/index.ts'
import worker from '../../functions/worker.ts'
import { enrollTotp, expectRefused, makeEnvironment, PUBLIC_URL } from '../support/service.ts'

afterEach(() => void vi.useRealTimers())

/** The Worker whose Environment objects do not answer, so that only the published copy is there. */
function whileSilent(environment: string, bearer: string) {
  const silent = { snapshot: () => Promise.reject(new Error('silent')) }
  const bindings = { ...env, ENVIRONMENT: { getByName: () => silent } } as unknown as Env
  const viaWorker = async (input: RequestInfo, init?: RequestInit) =>
    worker.fetch(new Request(input, init), bindings, createExecutionContext())
  return createClient({
    url: PUBLIC_URL,
    environment,
    bearer: () => bearer,
    fetch: viaWorker as typeof fetch,
  })
}

it('spends neither a recovery code nor an assertion while no token can be signed', async () => {
  const environment = await makeEnvironment({
    actions: [{ action: 'user.update', base: { methods: ['totp', 'assertion'] } }],
  })
  const user = await environment.user()
  const { recoveryCodes } = await enrollTotp(user)
  const [code = ''] = recoveryCodes
  const assertion = await environment.assertion({ sub: user.subject, scope: 'user:update' })
  const linking = {
    method: 'recovery' as const,
    code,
    requestedScopes: ['credential:link'],
  }

  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.now() + 25_000)
  const silent = whileSilent(environment.id, user.bearer())
  expect(await silent.policy.check.query({ action: 'user.update' })).toMatchObject({
    required: true,
  })
  await expectRefused(silent.challenge.verify.mutate(linking), 'unavailable')
  await expectRefused(silent.token.exchange.mutate({ assertion }), 'unavailable')

  expect(await user.client.challenge.verify.mutate(linking)).toHaveProperty('elevatedToken')
  expect(await user.client.token.exchange.mutate({ assertion })).toHaveProperty('elevatedToken')
})
