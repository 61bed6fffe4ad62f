// What a session alone may do again and again, and what settings may not say.
import { expect, it } from 'vitest'
import { enrollTotp, expectRefused, makeEnvironment, operator } from '../support/service.ts'

it('lets a session rename only so often, and tells of no rename that changes nothing', async () => {
  const environment = await makeEnvironment()
  const user = await environment.user()
  const { factorId } = await enrollTotp(user)
  const rename = (label: string) => user.client.factor.rename.mutate({ factorId, label })
  for (let i = 0; i < 40; i += 1) await rename('the same')
  const { events } = await user.client.audit.list.query()
  expect(events.filter(({ type }) => type === 'factor.renamed')).toHaveLength(1)
  // The first enrollment and the first rename were two of thirty.
  for (let i = 0; i < 28; i += 1) await rename(`phone ${i}`)
  const refused = await expectRefused(rename('one more'), 'rate_limited')
  expect(refused.retryAfterSeconds).toBeGreaterThan(3000)
})

it('permits an action that is switched off, whatever methods it names', async () => {
  const base = { require: 'never' as const, methods: [] }
  const environment = await makeEnvironment({ actions: [{ action: 'user.update', base }] })
  const user = await environment.user()
  await enrollTotp(user)
  const checked = await user.client.policy.check.query({ action: 'user.update' })
  expect(checked).toMatchObject({ decision: 'permit', reason: 'never' })
})

it('refuses settings under which nobody could ever enroll', async () => {
  const { id, document } = await makeEnvironment()
  const { assertions: _gone, ...rest } = document
  const settings = { ...rest, firstFactor: 'assertion' as const }
  const update = operator.environment.update.mutate({ environment: id, settings, version: 1 })
  const { message } = await expectRefused(update, 'input_invalid')
  expect(message).toContain('assertions')
})
