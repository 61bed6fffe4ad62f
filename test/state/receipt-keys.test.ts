// Receipt keys: a key set of their own, which never signs a token, and which is published as long as receipts are
// kept.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { forgetEnvironment } from '../../functions/edge/environment.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { sendWith } from '../support/faults.ts'
import { expectRefused, makeEnvironment, operator, send } from '../support/service.ts'

restartClockAfterEach()

const DAY = 24 * 3600
const publishedAt = async (path: string, through = send): Promise<string[]> => {
  forgetEnvironment(path.split('/')[1] ?? '')
  const answer = await through(path)
  const { keys } = await answer.json<{ keys: { kid: string; d?: string }[] }>()
  expect(keys.filter((key) => 'd' in key)).toEqual([])
  return keys.map(({ kid }) => kid)
}
const forReceipts = (id: string) => publishedAt(`/${id}/receipts/jwks.json`)
const forTokens = (id: string) => publishedAt(`/${id}/.well-known/jwks.json`)
const rotate = (environment: string, compromised = false) =>
  operator.environment.rotateKeys.mutate({ environment, compromised, use: 'receipts' })

describe('the receipt key of an environment', () => {
  it('is made with the environment, and shares no key with its tokens', async () => {
    const { id } = await makeEnvironment()
    const [receipts, tokens] = [await forReceipts(id), await forTokens(id)]
    expect(receipts).toHaveLength(1)
    expect(tokens).toHaveLength(1)
    expect(receipts).not.toEqual(tokens)
    const { keys, receiptKeys } = await operator.environment.get.query({ environment: id })
    expect(keys).toMatchObject([{ kid: tokens[0], state: 'current' }])
    expect(receiptKeys).toMatchObject([{ kid: receipts[0], state: 'current' }])
  })

  it('is made on first use where an earlier release made the environment', async () => {
    const { id } = await makeEnvironment()
    await runInDurableObject(env.ENVIRONMENT.getByName(id), (_object, { storage }) => {
      storage.sql.exec('DROP TABLE receipt_keys')
    })
    const made = await forReceipts(id)
    expect(made).toHaveLength(1)
    expect(await forReceipts(id)).toEqual(made)
    const { events } = await operator.audit.list.query({ environment: id })
    expect(events[0]).toMatchObject({
      type: 'environment.receipt_key_created',
      actor: 'service',
      data: { kid: made[0] },
    })
  })

  it('is rotated apart from the key of tokens, and stays published as long as the history', async () => {
    stopClock()
    const { id } = await makeEnvironment({ history: { keepDays: 2 } })
    const [first, tokens] = [await forReceipts(id), await forTokens(id)]
    const { keys } = await rotate(id)
    expect(keys.map(({ state }) => state)).toEqual(['current', 'next'])
    await expectRefused(rotate(id), 'conflict')
    expect(await forTokens(id)).toEqual(tokens)
    advance(600 + 2 * DAY - 1)
    expect(await forReceipts(id)).toEqual([...first, keys[1]?.kid])
    advance(1)
    expect(await forReceipts(id)).toEqual([keys[1]?.kid])
  })

  it('stays published longer when the history is kept longer', async () => {
    stopClock()
    const { id, document } = await makeEnvironment({ history: { keepDays: 2 } })
    const [first] = await forReceipts(id)
    await rotate(id)
    const settings = { ...document, history: { keepDays: 5 } }
    await operator.environment.update.mutate({ environment: id, settings, version: 1 })
    advance(600 + 5 * DAY - 1)
    expect(await forReceipts(id)).toContain(first)
    advance(1)
    expect(await forReceipts(id)).not.toContain(first)
  })

  it('leaves at once after a compromise', async () => {
    const { id } = await makeEnvironment()
    const before = await forReceipts(id)
    const { keys } = await rotate(id, true)
    expect(await forReceipts(id)).toEqual([keys[0]?.kid])
    expect(before).not.toContain(keys[0]?.kid)
  })

  it('is limited to 100 published keys', async () => {
    stopClock()
    const { id } = await makeEnvironment()
    await runInDurableObject(env.ENVIRONMENT.getByName(id), (_object, { storage }) => {
      storage.sql.exec(
        `INSERT INTO receipt_keys WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
         SELECT 'kid-' || i, public_jwk, sealed_private_jwk, created_at, signs_at, 9999999999 FROM n, receipt_keys`,
      )
    })
    const refused = await expectRefused(rotate(id), 'conflict')
    expect(refused.message).toContain('100')
  })

  it('is never read from the copy in KV', async () => {
    const { id } = await makeEnvironment()
    await forReceipts(id)
    const silent = { getByName: () => ({ snapshot: () => Promise.reject(new Error('silent')) }) }
    forgetEnvironment(id)
    const through = sendWith({ ENVIRONMENT: silent as unknown as Env['ENVIRONMENT'] })
    expect((await through(`/${id}/receipts/jwks.json`)).status).toBe(503)
    expect((await through(`/${id}/.well-known/jwks.json`)).status).toBe(200)
    expect(await env.PUBLISHED.get(`published:${id}`)).not.toContain('receipt')
  })
})
