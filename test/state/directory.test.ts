// The Directory object, a new one for each test: its entries, and its history beyond one page. Also the counts of an
// environment, which have their own objects.
import { runDurableObjectAlarm } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import type { StatsRow } from '../../contract/index.ts'
import { hashKey } from '../../functions/domain/names.ts'
import type { DirectoryObject, Remote } from '../../functions/edge/objects.ts'
import type { Counts } from '../../functions/state/counts.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { operator, PUBLIC_URL, unique } from '../support/service.ts'
import { fillHistory, storedBy } from '../support/stored.ts'

restartClockAfterEach()

const directoryOf = () => env.DIRECTORY.getByName(unique('directory')) as unknown as DirectoryObject

describe('the holder of OPERATOR_KEY', () => {
  it('is an operator until a person has called with their own key; automation keys do not count', async () => {
    const directory = directoryOf()
    const first = { hash: 'the-hash', always: false }
    const created = await directory.createOperator('robot', true, 'first')
    expect(created).toHaveProperty('key')
    expect(await directory.operatorByKey('the-hash', first)).toMatchObject({ id: 'first' })
    const ada = await directory.createOperator('ada', false, 'first')
    expect(await directory.operatorByKey('the-hash', first)).toMatchObject({ id: 'first' })
    const key = 'key' in ada ? ada.key : ''
    expect(await directory.operatorByKey(hashKey(key), first)).toMatchObject({ name: 'ada' })
    expect(await directory.operatorByKey('the-hash', first)).toBeUndefined()
    const always = { ...first, always: true }
    expect(await directory.operatorByKey('the-hash', always)).toMatchObject({ id: 'first' })
  })
})

describe('the history of the operators', () => {
  it('tells who was named and whose key was revoked', async () => {
    const directory = directoryOf()
    const created = await directory.createOperator('robot', true, 'first')
    const id = 'operator' in created ? created.operator.id : ''
    await directory.revokeOperator(id, 'first')
    const { events } = await directory.events(undefined)
    expect(events.map(({ type, actor, data }) => [type, actor, data.name])).toEqual([
      ['operator.revoked', 'operator:first', 'robot'],
      ['operator.created', 'operator:first', 'robot'],
    ])
  })

  it('has a checkpoint at every hundredth event, signed by the environment of the operators', async () => {
    await operator.audit.checkpoint.query({})
    const directory = directoryOf()
    await directory.enter('first', 'first')
    const stub = directory as unknown as DurableObjectStub
    await fillHistory(stub, 98)
    await directory.enter('hundredth', 'first')
    await runDurableObjectAlarm(stub)
    const { rows } = await storedBy(stub)
    expect(rows.checkpoints).toMatchObject([{ position: 100 }])
    const signed = decodeJwt(String(rows.checkpoints?.[0]?.checkpoint))
    expect(signed).toMatchObject({
      ...{ iss: `${PUBLIC_URL}/operator`, position: 100, head: rows.chain?.[0]?.head },
    })
  })

  it('has a next page where there is more, and not where it ends', async () => {
    const directory = directoryOf()
    for (let i = 0; i < 50; i += 1) await directory.enter(`env-${i}`, 'first')
    const whole = await directory.events(undefined)
    expect(whole.events).toHaveLength(50)
    expect(whole).not.toHaveProperty('next')
    await directory.enter('env-50', 'first')
    const newest = await directory.events(undefined)
    expect(newest).toMatchObject({ next: 2 })
    const oldest = await directory.events(newest.next)
    expect(oldest.events.map(({ seq, data }) => [seq, data.environment])).toEqual([[1, 'env-0']])
    expect(oldest).not.toHaveProperty('next')
  })

  it('is verified a thousand events at a time, each time from where the last one ended', async () => {
    const directory = directoryOf()
    for (let i = 0; i < 501; i += 1) {
      await directory.enter(`env-${i}`, 'first')
      await directory.leave(`env-${i}`, { events: 1, head: 'none' }, 'first')
    }
    const begun = await directory.verifyEvents(undefined)
    expect(begun).toMatchObject({ intact: true, count: 1000, next: 1000 })
    const ended = await directory.verifyEvents(begun.next)
    expect(ended).toMatchObject({ intact: true, count: 1002 })
    expect(ended).not.toHaveProperty('next')
    // Only the last part compares with an earlier end: a part before it says nothing of the parts to come.
    const end = { events: 500, head: (await directory.events(501)).events[0]?.hash ?? '' }
    expect(await directory.verifyEvents(undefined, end)).not.toHaveProperty('since')
    expect(await directory.verifyEvents(begun.next, end)).toMatchObject({ since: 'intact' })
  })
})

describe('what an operator was refused', () => {
  it('is written when its hour has ended, also where refusals go on without a pause', async () => {
    const directory = directoryOf()
    const start = stopClock()
    advance(3600 - (start % 3600))
    const refuse = () =>
      directory.noteRefusal({ id: 'op_1', name: 'ada' }, 'operator.create', 'step_up_required')
    const counts = async () => {
      const { events } = await directory.events(undefined)
      return events.map(({ type, data }) => [type, data.count])
    }
    for (let i = 0; i < 3; i += 1) await refuse()
    expect(await counts()).toEqual([])
    advance(3600)
    // Each of these puts off the alarm.
    for (let i = 0; i < 2; i += 1) await refuse()
    expect(await counts()).toEqual([['operator.refused', 3]])
    advance(3600)
    await refuse()
    expect(await counts()).toEqual([
      ['operator.refused', 2],
      ['operator.refused', 3],
    ])
  })
})

describe('the counts of an environment', () => {
  const row = (at: number, count: number): StatsRow => ({
    ...{ at, count, event: 'check', action: 'wallet.waas.sign', method: null },
  })

  it('add up by the hour for a day, and by the day for a month', async () => {
    const now = Math.floor(stopClock() / 86_400) * 86_400 + 7_200
    const counts = env.COUNTS.getByName(unique('counts')) as unknown as Remote<Counts>
    await counts.add([row(now, 2), row(now + 60, 3), row(now - 3_600, 7)])
    await counts.add([row(now + 120, 5)])
    const counted = async (range: 'day' | 'month') =>
      (await counts.rows(range, now - 7_200)).map(({ at, count }) => [at - now, count])
    expect((await counted('day')).sort()).toEqual([
      [-3_600, 7],
      [0, 10],
    ])
    expect(await counted('month')).toEqual([[-7_200, 17]])
  })
})
