// Small faults that were fixed: a repeated content type, and tokens that are too long to be presented.
import { expect, it } from 'vitest'
import { enrollTotp, makeEnvironment, send, stepUp } from '../support/service.ts'

it('says the content type of a refusal once', async () => {
  const environment = await makeEnvironment()
  const answer = await send(`/${environment.id}/trpc/factor.list`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  expect(answer.status).toBe(401)
  expect(answer.headers.get('content-type')).toBe('application/json')
  await answer.body?.cancel()
})

it('mints no token that is too long to be used, for many long scopes or a long client id', async () => {
  const scopes = Array.from({ length: 16 }, (_, i) => `scope:${'x'.repeat(56)}${i + 10}`)
  const actions = scopes.map((scope, i) => ({ action: `action.number${i}`, scope }))
  const environment = await makeEnvironment({ actions })
  const user = await environment.user({ azp: 'a'.repeat(6000) })
  const { secret } = await enrollTotp(user)
  const { token } = await stepUp(user, secret, scopes)
  const { client } = await environment.resource()
  const consumed = await client.token.consume.mutate({
    token,
    subject: user.subject,
    action: 'action.number0',
  })
  expect(consumed.claims.client_id).toBe(environment.id)
})
