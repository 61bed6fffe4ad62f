// Limits: what a session without a step-up can repeat, how much can be stored, which settings are refused, and
// inputs that grow, are nested deeply or reach a prototype. Each test checks a limit and its answer.

import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ActionEntry } from '../../contract/index.ts'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { ShortCache } from '../../functions/edge/short-cache.ts'
import { Environment } from '../../functions/state/environment/environment.ts'
import { enrollPasskey, makeDevice, startEnrolling, startStepUp } from '../support/ceremonies.ts'
import { answerOf, expectRefusal, post } from '../support/http.ts'
import { part, signRaw } from '../support/jwt.ts'
import {
  AUDIENCE,
  enrollTotp,
  expectRefused,
  makeEnvironment,
  makeSigner,
  now,
  operator,
  send,
  stepUp,
  unique,
} from '../support/service.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** The object of one user. */
const objectOf = (environment: string, subject: string) =>
  env.SUBJECT.getByName(subjectObjectName(environment, subject))

/** All that is stored in an object, as text. */
const storedIn = (object: DurableObjectStub): Promise<string> =>
  runInDurableObject(object, (_object, { storage }) => {
    const tables = storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
      )
      .toArray()
    return JSON.stringify(
      tables.map(({ name }) => [name, storage.sql.exec(`SELECT * FROM ${name}`).toArray()]),
    )
  })

/** Writes into the directory past its verbs. */
const changeDirectory = (statement: string) =>
  runInDurableObject(env.DIRECTORY.getByName('directory'), (_object, { storage }) => {
    storage.sql.exec(statement)
  })

describe('a session alone', () => {
  it('may rename only so often, and records no rename that changes nothing', async () => {
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

  it('may begin thirty enrollments an hour, of which five stay', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    for (let i = 0; i < 30; i += 1) await user.client.factor.enroll.mutate({ kind: 'totp' })
    const refused = await expectRefused(
      user.client.factor.enroll.mutate({ kind: 'totp' }),
      'rate_limited',
    )
    expect(refused.retryAfterSeconds).toBeGreaterThan(3000)
    await expectRefused(startEnrolling(user), 'rate_limited')
    const whom = { environment: environment.id, subject: user.subject }
    expect(await operator.subject.get.query(whom)).toMatchObject({ pendingEnrollments: 5 })
  })

  it('stores nothing by starting challenges, however many', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    await enrollPasskey(user, makeDevice())
    const object = objectOf(environment.id, user.subject)
    const before = await storedIn(object)
    expect(before).toContain('"claims"')
    const started = []
    for (let i = 0; i < 40; i += 1) started.push(await startStepUp(user, ['wallet:export']))
    expect(new Set(started.map(({ challenge }) => challenge)).size).toBe(40)
    expect(await storedIn(object)).toBe(before)
  })

  it('carries a scope once that it asks for sixteen times', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const { scopes } = await stepUp(user, secret, Array(16).fill('wallet:sign'))
    expect(scopes).toEqual(['wallet:sign'])
  })
})

describe('what is kept', () => {
  it('of a history is 200,000 events: the oldest give way, and the chain says where it begins', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { factorId } = await enrollTotp(user)
    const object = objectOf(environment.id, user.subject)
    await runInDurableObject(object, (_object, { storage }) => {
      storage.sql.exec(
        `INSERT INTO events WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 200010)
         SELECT i, ?, 'made.up', 'subject', '{}', '', '', 'hash-' || i FROM n`,
        now(),
      )
      storage.sql.exec("UPDATE chain SET seq = 200010, head = 'hash-200010'")
    })
    await user.client.factor.rename.mutate({ factorId, label: 'the newest' })
    expect(await runDurableObjectAlarm(object)).toBe(true)
    const kept = await runInDurableObject(object, (_object, { storage }) => ({
      ...storage.sql.exec('SELECT COUNT(*) AS n, MIN(seq) AS oldest FROM events').one(),
      ...storage.sql.exec('SELECT anchor_seq, anchor_hash FROM chain').one(),
    }))
    expect(kept).toEqual({ n: 200_000, oldest: 12, anchor_seq: 11, anchor_hash: 'hash-11' })
    const { events } = await user.client.audit.list.query()
    expect(events[0]).toMatchObject({ type: 'factor.renamed', seq: 200_011 })
  })

  it('of environments is a thousand, and those that are there go on', async () => {
    const { id, document } = await makeEnvironment()
    await changeDirectory(
      `INSERT INTO environments WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
       SELECT 'filler-' || i, 0 FROM n`,
    )
    try {
      const create = { environment: unique('env'), settings: document }
      const { message } = await expectRefused(
        operator.environment.create.mutate(create),
        'conflict',
      )
      expect(message).toContain('1000')
      expect((await send(`/${create.environment}/.well-known/jwks.json`)).status).toBe(404)
      const settings = { ...document, name: 'Another name' }
      const update = { environment: id, settings, version: 1 }
      expect(await operator.environment.update.mutate(update)).toMatchObject({ version: 2 })
    } finally {
      await changeDirectory("DELETE FROM environments WHERE environment LIKE 'filler-%'")
    }
  })

  it('of environments’ names is a hundred thousand, with those that were removed', async () => {
    const { document } = await makeEnvironment()
    await changeDirectory(
      `INSERT INTO removed_environments WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
       SELECT 'filler-' || i FROM n`,
    )
    const create = () =>
      operator.environment.create.mutate({ environment: unique('env'), settings: document })
    try {
      const { message } = await expectRefused(create(), 'conflict')
      expect(message).toContain('100000')
    } finally {
      await changeDirectory("DELETE FROM removed_environments WHERE environment LIKE 'filler-%'")
    }
    expect(await create()).toMatchObject({ version: 1 })
  })

  it('of resource keys is fifty an environment', async () => {
    const environment = await makeEnvironment()
    const { keyId } = await environment.resource()
    for (let i = 1; i < 50; i += 1) await environment.resource()
    const create = { environment: environment.id, audience: AUDIENCE }
    await expectRefused(operator.environment.createResourceKey.mutate(create), 'conflict')
    await operator.environment.revokeResourceKey.mutate({ environment: environment.id, id: keyId })
    expect(await operator.environment.createResourceKey.mutate(create)).toHaveProperty('key')
  })

  it('of operators is fifty with a key, and a thousand names for ever', async () => {
    const directory = env.DIRECTORY.getByName('directory')
    const fill = (count: number, revoked: string) =>
      runInDurableObject(directory, (_object, { storage }) => {
        storage.sql.exec("DELETE FROM operators WHERE name LIKE 'filler-%'")
        storage.sql.exec(
          `INSERT INTO operators (id, name, hash, automation, created_at, revoked_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
           SELECT 'op_filler' || printf('%06d', i), 'filler-' || i, 'hash-' || i, 1, 0, ${revoked} FROM n`,
        )
      })
    const create = () => operator.operator.create.mutate({ name: unique('name'), automation: true })
    try {
      await fill(50, 'NULL')
      await expectRefused(create(), 'conflict')
      await fill(1000, '1')
      await expectRefused(create(), 'conflict')
      await fill(900, '1')
      expect(await create()).toHaveProperty('key')
    } finally {
      await fill(1, '1')
    }
  })

  it('of names that nobody gave to an environment is nothing, and each is asked about once in a while', async () => {
    const asked = vi.spyOn(Environment.prototype, 'snapshot')
    const name = unique('nobody')
    for (let i = 0; i < 20; i += 1) {
      const response = await post(name, 'factor.list', { bearer: 'a.b.c' })
      await expectRefusal(response, 404, 'unknown_environment')
    }
    expect(asked).toHaveBeenCalledTimes(1)
    expect(await storedIn(env.ENVIRONMENT.getByName(name))).toBe('[]')
  })

  it('in memory is bounded in number and time: the oldest goes first', () => {
    const cache = new ShortCache<number>(3, 10)
    for (let i = 0; i < 1000; i += 1) cache.set(`key-${i}`, i, 0)
    expect([996, 997, 998, 999].map((i) => cache.get(`key-${i}`, 9))).toEqual([
      undefined,
      997,
      998,
      999,
    ])
    expect(cache.get('key-999', 10)).toBeUndefined()
  })
})

describe('settings', () => {
  it('permit an action that is switched off, whatever methods it names', async () => {
    const base = { require: 'never' as const, methods: [] }
    const environment = await makeEnvironment({ actions: [{ action: 'user.update', base }] })
    const user = await environment.user()
    await enrollTotp(user)
    const checked = await user.client.policy.check.query({ action: 'user.update' })
    expect(checked).toMatchObject({ decision: 'permit', reason: 'never' })
  })

  it('are refused where nobody could ever enroll under them', async () => {
    const { id, document } = await makeEnvironment()
    const { assertions: _gone, ...rest } = document
    const settings = { ...rest, firstFactor: 'assertion' as const }
    const update = operator.environment.update.mutate({ environment: id, settings, version: 1 })
    const { message } = await expectRefused(update, 'input_invalid')
    expect(message).toContain('assertions')
  })

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
    'that name %s as a claim read nothing from a prototype',
    async (claim) => {
      for (const name of ['sessionIdClaim', 'authTimeClaim'] as const) {
        const { document, ...environment } = await makeEnvironment()
        const session = { ...document.session, [name]: claim }
        await operator.environment.update.mutate({
          environment: environment.id,
          settings: { ...document, session },
          version: 1,
        })
        const bearer = await environment.session({ sub: unique('user') })
        const response = await post(environment.id, 'factor.enroll', {
          bearer,
          body: { kind: 'totp' },
        })
        if (name === 'authTimeClaim') await expectRefusal(response, 401, 'session_not_fresh')
        else await expectRefusal(response, 401, 'unauthenticated')
      }
    },
  )
})

describe('a session of an issuer that lets its users write in it', () => {
  const DENIED: ActionEntry = {
    action: 'order.refund',
    scope: 'orders:refund',
    stricter: [{ when: 'session.claims.newPayee', require: 'deny' }],
  }
  const HEADER = { alg: 'ES256', kid: 'k1' }

  /** Asks for an action that a claim decides, with a session whose payload is written by hand. */
  async function ask(members: string) {
    const environment = await makeEnvironment({ actions: [DENIED] })
    const whole = JSON.stringify({
      iss: 'https://login.example',
      aud: 'app',
      sub: unique('user'),
      exp: now() + 600,
      auth_time: now(),
    })
    const payload = whole.replace('{', `{${members},`)
    const bearer = await signRaw(environment.login.privateKey, HEADER, payload)
    return post(environment.id, 'policy.check', { bearer, body: { action: 'order.refund' } })
  }
  const decisionOf = async (response: Response) =>
    (await response.json<{ result: { data: { decision: string } } }>()).result.data.decision

  it('is decided by its claim, so that what follows means something', async () => {
    expect(await decisionOf(await ask('"newPayee":false'))).toBe('permit')
    expect(await decisionOf(await ask('"newPayee":true'))).toBe('deny')
  })

  it.each([
    ['__proto__', '"__proto__":{"newPayee":false}'],
    ['__proto__, escaped', '"\\u005f_proto__":{"newPayee":false}'],
    ['constructor', '"constructor":{"prototype":{"newPayee":false}}'],
    ['a prototype in a list', '"list":[{"__proto__":{"newPayee":false}}]'],
  ])('says nothing of its other claims by %s', async (_what, members) => {
    expect(await decisionOf(await ask(members))).toBe('deny')
    expect(Object.hasOwn(Object.prototype, 'newPayee')).toBe(false)
  })

  it.each([
    ['objects of 1,000 levels', `${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`],
    ['lists of 5,000 levels', `${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['a list of 5,000 members', JSON.stringify(Array(5000).fill(1))],
  ])('does not break who reads it with %s beside what is read', async (_what, value) => {
    expect(await decisionOf(await ask(`"deep":${value},"newPayee":false`))).toBe('permit')
    expect(await decisionOf(await ask(`"newPayee":${value}`))).toBe('deny')
  })

  it.each([
    ['5,000 levels in its header', (deep: string) => `{"alg":"ES256","kid":"k1","x":${deep}}`],
    ['5,000 levels for an algorithm', (deep: string) => `{"alg":${deep},"kid":"k1"}`],
    ['5,000 levels for the name of its key', (deep: string) => `{"alg":"ES256","kid":${deep}}`],
  ])('is refused where a forger gave it %s', async (_what, headerOf) => {
    const environment = await makeEnvironment()
    const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`
    const { privateKey } = await makeSigner()
    const payload = { iss: 'https://login.example', aud: 'app', sub: 'alice', exp: now() + 600 }
    const bearer = await signRaw(privateKey, headerOf(deep), payload)
    await expectRefusal(
      await post(environment.id, 'factor.list', { bearer }),
      401,
      'unauthenticated',
    )
  })
})

describe('a body', () => {
  it('is not unpacked, so that a small one is never large', async () => {
    const environment = await makeEnvironment()
    const bearer = await environment.session({ sub: 'alice' })
    const packed = new Blob([`{}${' '.repeat(10_000_000)}`])
      .stream()
      .pipeThrough(new CompressionStream('gzip'))
    const body = new Uint8Array(await new Response(packed).arrayBuffer())
    expect(body.length).toBeLessThan(64 * 1024)
    for (const encoding of ['gzip', 'deflate', 'br']) {
      const headers = { 'content-encoding': encoding }
      const response = await post(environment.id, 'factor.list', { bearer, body, headers })
      await expectRefusal(response, 400, 'input_invalid')
    }
  })

  it.each([
    ['a token of 8,193 characters', 'token.introspect', { token: 'a'.repeat(8193) }],
    ['an assertion of 8,193 dots', 'token.exchange', { assertion: '.'.repeat(8193) }],
    ['a cursor of 512 dots', 'audit.list', { cursor: '.'.repeat(512) }],
    [
      'a label of sixty thousand joiners',
      'factor.enroll',
      { kind: 'totp', label: '\u200d'.repeat(19_000) },
    ],
    [
      'a code of sixty thousand digits',
      'challenge.verify',
      { method: 'totp', code: '1 '.repeat(30_000) },
    ],
    [
      'a recovery code of sixty thousand hyphens',
      'challenge.verify',
      { method: 'recovery', code: '-'.repeat(60_000) },
    ],
    ['an action of sixty thousand dots', 'policy.check', { action: `a${'.'.repeat(60_000)}` }],
    [
      'ten thousand scopes',
      'challenge.verify',
      { method: 'totp', code: '123456', requestedScopes: Array(10_000).fill('a:b') },
    ],
    [
      'four thousand members',
      'policy.check',
      Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`k${i}`, i])),
    ],
  ])('is refused at once with %s', async (_what, procedure, body) => {
    const environment = await makeEnvironment()
    const bearer = await environment.session({ sub: unique('user') })
    const startedAt = Date.now()
    const response = await post(environment.id, procedure, { bearer, body })
    // Ample for one walk over the input; what grows with its square takes many times that.
    expect(Date.now() - startedAt).toBeLessThan(2000)
    expect((await response.clone().text()).length).toBeLessThan(1000)
    await expectRefusal(response, 400, 'input_invalid')
  })

  it('is looked into at once where its token is as long as may be', async () => {
    const environment = await makeEnvironment()
    const bearer = await environment.session({ sub: unique('user') })
    const ask = (procedure: string, body: object) =>
      post(environment.id, procedure, { bearer, body })
    const startedAt = Date.now()
    expect(await answerOf(await ask('token.introspect', { token: 'a'.repeat(8192) }))).toEqual({
      active: false,
    })
    const assertion = await ask('token.exchange', { assertion: '.'.repeat(8192) })
    await expectRefusal(assertion, 403, 'assertion_invalid')
    expect(Date.now() - startedAt).toBeLessThan(2000)
  })

  it('is refused in one form with an unsigned token of ten thousand parts', async () => {
    const environment = await makeEnvironment()
    for (const bearer of ['.'.repeat(10_000), `${part({ alg: 'none' })}.${'a.'.repeat(5_000)}`])
      await expectRefusal(
        await post(environment.id, 'factor.list', { bearer }),
        401,
        'unauthenticated',
      )
  })
})
