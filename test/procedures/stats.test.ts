// Counts: what is counted, that no call writes them, their limits, and their removal.
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { addUp, rangeOf } from '../../functions/domain/history/stats.ts'
import { FLUSH_SECONDS } from '../../functions/edge/counting.ts'
import { enrollPasskey, makeDevice, stepUpWithPasskey } from '../support/ceremonies.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import {
  enrollTotp,
  expectRefused,
  makeEnvironment,
  operator,
  stepUp,
  wrongCode,
} from '../support/service.ts'

restartClockAfterEach()

/** What was counted, as `event action method → count`. */
async function countsOf(environment: string, range: 'day' | 'month' = 'day') {
  const { rows } = await operator.stats.get.query({ environment, range })
  return Object.fromEntries(
    rows.map(({ event, action, method, count }) => [
      [event, action, method].filter(Boolean).join(' '),
      count,
    ]),
  )
}

const SIGN = { action: 'wallet.waas.sign' } as const

describe('counts', () => {
  it('tell checks by their answer, step-ups by method and outcome, and what was used', async () => {
    const environment = await makeEnvironment({
      actions: [
        { action: 'user.update', base: { require: 'deny' } },
        { action: 'wallet.waas.export', base: { mode: 'observe' } },
      ],
    })
    const user = await environment.user()
    await user.client.policy.check.query(SIGN)
    const { secret } = await enrollTotp(user)
    await user.client.policy.check.query(SIGN)
    await user.client.policy.check.query({ action: 'user.update' })
    await user.client.policy.check.query({ action: 'wallet.waas.export' })
    await stepUp(user, secret, ['wallet:sign', 'wallet:export'])
    const code = wrongCode(secret)
    const guess = { method: 'totp' as const, code, requestedScopes: ['wallet:sign'] }
    await expectRefused(user.client.challenge.verify.mutate(guess), 'invalid_code')
    await expectRefused(
      user.client.challenge.verify.mutate({ method: 'totp', code }),
      'invalid_code',
    )
    const other = await environment.user()
    const device = makeDevice()
    await enrollPasskey(other, device)
    const { elevatedToken } = await stepUpWithPasskey(other, device, ['wallet:sign'])
    const { client } = await environment.resource()
    const use = {
      ...{ token: elevatedToken?.token ?? '', subject: other.subject, ...SIGN },
      idempotencyKey: 'the same request',
    }
    await client.token.consume.mutate(use)
    await client.token.consume.mutate(use)
    expect(await countsOf(environment.id)).toEqual({
      'check wallet.waas.sign': 2,
      'asked wallet.waas.sign': 1,
      'check user.update': 1,
      'denied user.update': 1,
      'check wallet.waas.export': 1,
      'observed wallet.waas.export': 1,
      'passed wallet.waas.sign totp': 1,
      'passed wallet.waas.export totp': 1,
      'failed wallet.waas.sign totp': 1,
      'failed totp': 1,
      'passed wallet.waas.sign passkey': 1,
      'used wallet.waas.sign': 1,
    })
    expect(await countsOf(environment.id, 'month')).toEqual(await countsOf(environment.id))
  })

  it('are of one environment each', async () => {
    const [one, other] = await Promise.all([makeEnvironment(), makeEnvironment()])
    await (await one.user()).client.policy.check.query(SIGN)
    expect(await countsOf(other.id)).toEqual({})
  })

  it('have no room for words of a caller', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    await expectRefused(user.client.policy.check.query({ action: 'made.up' }), 'unknown_action')
    await expectRefused(
      user.client.challenge.verify.mutate({
        method: 'totp',
        code: '000000',
        requestedScopes: ['made:up'],
      }),
      'scope_not_allowed',
    )
    expect(await countsOf(environment.id)).toEqual({})
  })

  it('are handed on at most every ten seconds, whatever happens between', async () => {
    stopClock()
    const environment = await makeEnvironment()
    const user = await environment.user()
    const add = vi.spyOn(env.COUNTS, 'getByName')
    advance(FLUSH_SECONDS)
    for (let i = 0; i < 30; i += 1) await user.client.policy.check.query(SIGN)
    const written = add.mock.calls.filter(([name]) => String(name).startsWith(`${environment.id}/`))
    expect(written).toHaveLength(1)
    advance(FLUSH_SECONDS)
    await user.client.policy.check.query(SIGN)
    expect(
      add.mock.calls.filter(([name]) => String(name).startsWith(`${environment.id}/`)),
    ).toHaveLength(2)
    add.mockRestore()
  })

  it('are lost rather than a call that could not hand them on', async () => {
    stopClock()
    const environment = await makeEnvironment()
    const user = await environment.user()
    advance(FLUSH_SECONDS)
    const broken = vi.spyOn(env.COUNTS, 'getByName').mockImplementation(() => {
      throw new Error('away')
    })
    expect(await user.client.policy.check.query(SIGN)).toMatchObject({ decision: 'permit' })
    broken.mockRestore()
    expect((await user.client.policy.check.query(SIGN)).decision).toBe('permit')
  })

  it('are kept for the hour and the day in which they happened, and go after two days and a month', async () => {
    stopClock()
    const environment = await makeEnvironment()
    const user = await environment.user()
    await user.client.policy.check.query(SIGN)
    expect(await countsOf(environment.id)).toEqual({ 'check wallet.waas.sign': 1 })
    advance(25 * 3600)
    await user.signIn({})
    expect(await countsOf(environment.id)).toEqual({})
    expect(await countsOf(environment.id, 'month')).toEqual({ 'check wallet.waas.sign': 1 })
    advance(34 * 24 * 3600)
    for (let shard = 0; shard < 4; shard += 1) {
      const stub = env.COUNTS.getByName(`${environment.id}/${shard}`)
      await runDurableObjectAlarm(stub)
      const tables = await runInDurableObject(stub, (_, { storage }) =>
        storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'counts'").toArray(),
      )
      expect(tables).toEqual([])
    }
  })

  it('do not exist for an environment that does not exist', async () => {
    await expectRefused(
      operator.stats.get.query({ environment: 'nobody-here', range: 'day' }),
      'unknown_environment',
    )
  })
})

describe('a range', () => {
  it('is 24 whole hours or 31 whole days, with the one that runs', () => {
    const now = Date.UTC(2026, 5, 15, 12, 34) / 1000
    const day = rangeOf('day', now)
    expect((day.until - day.from) / day.bucketSeconds).toBe(24)
    expect(day.until).toBe(Date.UTC(2026, 5, 15, 13) / 1000)
    const month = rangeOf('month', now)
    expect((month.until - month.from) / month.bucketSeconds).toBe(31)
    expect(month.until).toBe(Date.UTC(2026, 5, 16) / 1000)
  })

  it('adds up what several shards counted', () => {
    const row = { at: 3600, event: 'check', action: 'a', method: null, count: 2 } as const
    const later = { ...row, at: 7200 }
    expect(addUp([[later, row], [row]])).toEqual([{ ...row, count: 4 }, later])
  })
})
