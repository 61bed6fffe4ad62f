// Users' objects: separate from each other, single use with any number of callers, and cleaned up in time.
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { parseFacts } from '../../functions/domain/policy/facts.ts'
import { readBindings } from '../../functions/env.ts'
import type { Subject } from '../../functions/state/subject/subject.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { historyAfterTheHour } from '../support/evidence.ts'
import {
  enrollTotp,
  expectRefused,
  makeEnvironment,
  stepUp,
  totpCode,
  unique,
  wrongCode,
} from '../support/service.ts'
import { storedBy } from '../support/stored.ts'

restartClockAfterEach()

const stubOf = (environment: string, subject: string) =>
  env.SUBJECT.getByName(subjectObjectName(environment, subject))
const countRows = (environment: string, subject: string, table: string): Promise<number> =>
  runInDurableObject(stubOf(environment, subject), (_object, { storage }) =>
    Number(storage.sql.exec(`SELECT COUNT(*) AS n FROM ${table}`).one().n),
  )

describe('two users', () => {
  it.each([
    ['case', 'Ada', 'ada'],
    ['unicode form', 'Ade\u0301', 'Ad\u00e9'],
    ['a space', 'ada', 'ada '],
    ['a separator', 'a:b', 'a/b'],
  ])('whose names differ in %s alone are two', async (_what, one, other) => {
    const environment = await makeEnvironment()
    const suffix = unique('')
    const first = await environment.user({ sub: one + suffix })
    await enrollTotp(first)
    const second = await environment.user({ sub: other + suffix })
    expect(await second.client.factor.list.query()).toMatchObject({ enrolled: false, factors: [] })
  })

  it('cannot be made one by moving a piece from the environment into the name', () => {
    expect(subjectObjectName('ab', 'c')).not.toBe(subjectObjectName('a', 'bc'))
  })
})

describe('a user who was only asked about', () => {
  it('leaves no trace in storage', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    await user.client.policy.check.query({ action: 'wallet.waas.export' })
    await user.client.factor.list.query()
    await user.client.audit.list.query()
    await expectRefused(
      user.client.challenge.verify.mutate({ method: 'totp', code: '123456' }),
      'enrollment_required',
    )
    const tables = await runInDurableObject(
      stubOf(environment.id, user.subject),
      (_object, { storage }) =>
        storage.sql
          .exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
          .toArray(),
    )
    expect(tables).toEqual([])
  })
})

describe('what decides a check', () => {
  const ALL = { enrolled: true, totp: true, passkey: false, recovery: true }

  it.each([
    ['a confirmed factor and unused codes', 'SELECT 1', 0, ALL],
    ['no pending enrollment', 'UPDATE factors SET confirmed_at = NULL', 0, { ...ALL, totp: false }],
    [
      'no pending passkey',
      `UPDATE factors SET confirmed_at = NULL, kind = 'passkey', secret = '{"rpId":"localhost"}'`,
      0,
      { ...ALL, totp: false },
    ],
    ['no used code', 'UPDATE recovery_codes SET spent_at = 1', 0, { ...ALL, recovery: false }],
    ['no code of an earlier epoch', 'SELECT 1', 1, { ...ALL, recovery: false }],
  ])('counts %s', async (_what, statement, later, expected) => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    await enrollTotp(user)
    const facts = await runInDurableObject(
      stubOf(environment.id, user.subject),
      (object: Subject, { storage }) => {
        storage.sql.exec(statement)
        return object.storedFacts({ epoch: readBindings(env).epoch + later })
      },
    )
    expect(parseFacts(facts, 'localhost', 0)).toMatchObject(expected)
  })

  it.each(['recovery code', 'assertion'])('knows the last step-up by %s', async (method) => {
    const start = stopClock()
    const base = { methods: ['totp' as const, 'assertion' as const] }
    const environment = await makeEnvironment({ actions: [{ action: 'wallet.waas.sign', base }] })
    const user = await environment.user()
    const { recoveryCodes } = await enrollTotp(user)
    const assertion = await environment.assertion({ sub: user.subject, scope: 'wallet:sign' })
    if (method === 'assertion') await user.client.token.exchange.mutate({ assertion })
    else
      await user.client.challenge.verify.mutate({
        ...{ method: 'recovery', code: recoveryCodes[0] ?? '' },
        requestedScopes: ['credential:link'],
      })
    const { epoch } = readBindings(env)
    const facts = await stubOf(environment.id, user.subject).storedFacts({ epoch })
    expect(parseFacts(facts, 'localhost', start + 5)).toMatchObject({ lastStepUpAgeSeconds: 5 })
  })
})

describe('guessing in parallel', () => {
  it.each([1, 2, 3])(
    'evaluates five of sixty guesses made at once, whatever their kind (%i)',
    async () => {
      const environment = await makeEnvironment()
      const user = await environment.user()
      const { secret } = await enrollTotp(user)
      const code = wrongCode(secret)
      const guesses = Array.from({ length: 60 }, (_, i) =>
        i % 2 === 0
          ? user.client.challenge.verify.mutate({ method: 'totp', code })
          : user.client.challenge.verify.mutate({
              method: 'recovery',
              code: '0000-0000-0000-0000-0000-0000',
              requestedScopes: ['credential:link'],
            }),
      )
      const outcomes = await Promise.allSettled(guesses)
      const reasons = outcomes.map((outcome) =>
        outcome.status === 'rejected' ? outcome.reason.data.reason : 'accepted',
      )
      expect(reasons.filter((reason) => reason === 'invalid_code')).toHaveLength(5)
      expect(reasons.filter((reason) => reason === 'rate_limited')).toHaveLength(55)
      const right = user.client.challenge.verify.mutate({ method: 'totp', code: totpCode(secret) })
      await expectRefused(right, 'rate_limited')
      const events = await historyAfterTheHour(environment.id, user.subject)
      const failed = events.filter(({ type }) => type === 'step_up.failed')
      expect(failed.map(({ data }) => data.reason)).toEqual(Array(5).fill('invalid_code'))
      const barred = events.filter(({ type }) => type === 'attempts.refused')
      expect(barred.map(({ data }) => data.count)).toEqual([56])
    },
  )
})

describe('a rule that is only observed', () => {
  it('permits, and is one event with a count once its hour is over', async () => {
    stopClock()
    const base = { mode: 'observe' as const }
    const environment = await makeEnvironment({ actions: [{ action: 'user.update', base }] })
    const user = await environment.user()
    const { factorId } = await enrollTotp(user)
    for (let i = 0; i < 3; i += 1) {
      const checked = await user.client.policy.check.query({ action: 'user.update' })
      expect(checked).toMatchObject({ decision: 'permit', reason: 'observe', required: false })
    }
    const observedBy = async () =>
      (await user.client.audit.list.query()).events.filter(({ type }) => type === 'policy.observed')
    await user.client.factor.rename.mutate({ factorId, label: 'mine' })
    expect(await observedBy()).toEqual([])
    const events = await historyAfterTheHour(environment.id, user.subject)
    const observed = events.filter(({ type }) => type === 'policy.observed')
    expect(observed).toHaveLength(1)
    expect(observed.reduce((sum, { data }) => sum + Number(data.count), 0)).toBe(3)
    expect(observed[0]?.data).toMatchObject({ action: 'user.update', decision: 'step_up' })
  })
})

describe('clean-up', () => {
  /** A user who spent a token on a further enrollment, and how many rows of a table they have. */
  async function linking() {
    stopClock()
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const { token } = await stepUp(user, secret, ['credential:link'])
    await user.with(token).factor.enroll.mutate({ kind: 'totp' })
    const object = stubOf(environment.id, user.subject)
    return { object, rows: (table: string) => countRows(environment.id, user.subject, table) }
  }

  it('forgets tokens, claims and pending enrollments after they have expired, by one alarm', async () => {
    const { object, rows } = await linking()
    expect([await rows('tokens'), await rows('claims'), await rows('factors')]).toEqual([1, 2, 2])
    advance(4000)
    expect(await runDurableObjectAlarm(object)).toBe(true)
    // The claim that stays is the factor's last TOTP step: forgetting it would let an old code in.
    expect([await rows('tokens'), await rows('claims'), await rows('factors')]).toEqual([0, 1, 1])
  })

  it('keeps what has expired for two minutes, for a clock that is set back, and is woken for it', async () => {
    const { object, rows } = await linking()
    const alarm = () => runInDurableObject(object, (_object, { storage }) => storage.getAlarm())
    advance(300 + 119)
    expect(await runDurableObjectAlarm(object)).toBe(true)
    expect([await rows('tokens'), await rows('claims')]).toEqual([1, 2])
    expect(await alarm()).toBeLessThanOrEqual(Date.now() + 3_600_000)
    advance(1)
    expect(await runDurableObjectAlarm(object)).toBe(true)
    expect([await rows('tokens'), await rows('claims')]).toEqual([0, 1])
  })

  it('forgets the last step of an authenticator app with the app', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { factorId, secret } = await enrollTotp(user)
    stopClock()
    advance(30)
    const { token } = await stepUp(user, secret, ['credential:unlink'])
    const steps = () =>
      runInDurableObject(stubOf(environment.id, user.subject), (_object, { storage }) =>
        Number(storage.sql.exec('SELECT COUNT(*) AS n FROM claims WHERE ordinal > 0').one().n),
      )
    expect(await steps()).toBe(1)
    await user.with(token).factor.remove.mutate({ factorId })
    expect(await steps()).toBe(0)
  })

  it('trims the history by age, and the rest of the chain still verifies', async () => {
    stopClock()
    const environment = await makeEnvironment({ history: { keepDays: 1 } })
    const user = await environment.user()
    const { factorId } = await enrollTotp(user)
    advance(2 * 24 * 3600)
    await user.signIn({})
    await user.client.factor.rename.mutate({ factorId, label: 'later' })
    await runDurableObjectAlarm(stubOf(environment.id, user.subject))
    const { events } = await user.client.audit.list.query()
    expect(events.map(({ type, seq }) => [type, seq])).toEqual([['factor.renamed', 3]])
    expect(await user.client.audit.verify.query()).toMatchObject({ intact: true, count: 1 })
  })
})

it('old events are deleted five hundred at a time, and the next alarm goes on', async () => {
  const time = stopClock()
  const environment = await makeEnvironment({ history: { keepDays: 1 } })
  const user = await environment.user()
  const { factorId } = await enrollTotp(user)
  const object = stubOf(environment.id, user.subject)
  await runInDurableObject(object, (_object, { storage }) => {
    storage.sql.exec(
      `INSERT INTO events WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 1250)
       SELECT i, ?, 'made.up', 'subject', '{}', '', '', 'hash-' || i FROM n`,
      time,
    )
    storage.sql.exec("UPDATE chain SET seq = 1250, head = 'hash-1250'")
  })
  advance(2 * 24 * 3600)
  await user.signIn({})
  await user.client.factor.rename.mutate({ factorId, label: 'later' })
  const left = []
  for (let alarms = 0; alarms < 3; alarms += 1) {
    await runDurableObjectAlarm(object)
    left.push(await countRows(environment.id, user.subject, 'events'))
    advance(1)
  }
  expect(left).toEqual([751, 251, 1])
  expect(await user.client.audit.verify.query()).toMatchObject({ intact: true, count: 1 })
})

/** A user with tokens that have expired, and claims of the tokens with these numbers. */
async function withExpired(tokens: number, isClaimed: (n: number) => boolean) {
  const time = stopClock()
  const environment = await makeEnvironment()
  const user = await environment.user()
  await enrollTotp(user)
  const object = stubOf(environment.id, user.subject)
  await runInDurableObject(object, (_object, { storage: { sql } }) => {
    for (let n = 0; n < tokens; n += 1) {
      sql.exec(
        `INSERT INTO tokens (jti, kind, factor_id, method, scope, single_use, issued_at, expires_at)
         VALUES (?, 'elevated', 'fac', 'totp', 's', 1, ?, ?)`,
        ...[`${n}`, time, time + n],
      )
      if (isClaimed(n))
        sql.exec('INSERT INTO claims VALUES (?, 0, NULL, ?, ?)', `token:${n}`, time, time + n)
    }
  })
  advance(3600)
  const left = async () => [
    await countRows(environment.id, user.subject, 'claims WHERE expires_at > 0'),
    await countRows(environment.id, user.subject, 'tokens'),
  ]
  return { object, left }
}

it('expired claims and tokens are deleted five hundred at a time, and the next alarm goes on', async () => {
  const { object, left } = await withExpired(1250, () => true)
  for (const rows of [750, 250, 0]) {
    expect(await runDurableObjectAlarm(object)).toBe(true)
    expect(await left()).toEqual([rows, rows])
    const alarm = await runInDurableObject(object, (_object, { storage }) => storage.getAlarm())
    if (rows > 0) expect(alarm).toBe(Date.now() + 1000)
    advance(1)
  }
})

it('the claim of an expired token stays as long as the token', async () => {
  const { object, left } = await withExpired(501, (n) => n === 500)
  for (const rows of [1, 0]) {
    await runDurableObjectAlarm(object)
    expect(await left()).toEqual([rows, rows])
    advance(1)
  }
})

it('no event is deleted before its time when the clock went back after it', async () => {
  const time = stopClock()
  const environment = await makeEnvironment({ history: { keepDays: 1 } })
  const user = await environment.user()
  await enrollTotp(user)
  const object = stubOf(environment.id, user.subject)
  await runInDurableObject(object, (_object, { storage }) => {
    const ages = [48, 1, 48, 1].map((hours) => time - hours * 3600)
    storage.sql.exec('DELETE FROM events')
    for (const [index, at] of ages.entries())
      storage.sql.exec(
        "INSERT INTO events VALUES (?, ?, 'made.up', 'subject', '{}', '', '', ?)",
        ...[index + 1, at, `hash-${index + 1}`],
      )
    storage.sql.exec("UPDATE chain SET seq = 4, head = 'hash-4'")
  })
  await runDurableObjectAlarm(object)
  const left = await storedBy(object)
  expect(left.rows.events?.map(({ seq }) => seq)).toEqual([2, 3, 4])
  expect(left.rows.chain).toMatchObject([{ anchor_seq: 1, anchor_hash: 'hash-1' }])
})

describe('a history that somebody changed', () => {
  it.each([
    ['an event', "UPDATE events SET data = '{}' WHERE seq = 2", 2],
    ['its time', 'UPDATE events SET at = at - 60 WHERE seq = 1', 1],
    ['an event that is gone', 'DELETE FROM events WHERE seq = 2', 2],
    ['the newest that is cut off', 'DELETE FROM events WHERE seq = 3', 3],
  ])('is not intact: %s', async (_what, statement, brokenAt) => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { factorId } = await enrollTotp(user)
    await user.client.factor.rename.mutate({ factorId, label: 'mine' })
    await runInDurableObject(stubOf(environment.id, user.subject), (_object, { storage }) => {
      storage.sql.exec(statement)
    })
    expect(await user.client.audit.verify.query()).toMatchObject({ intact: false, brokenAt })
  })
})
