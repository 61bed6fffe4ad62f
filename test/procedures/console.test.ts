// Dashboard sessions, and operators: adding, listing and revoking them. test/attacks/operators.test.ts tests the
// guard of their changes.
import { createExecutionContext, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import worker from '../../functions/worker.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { answerOf, expectRefusal, post } from '../support/http.ts'
import { cookieOf, nameOperator } from '../support/operators.ts'
import {
  expectRefused,
  makeEnvironment,
  OPERATOR_KEY,
  ORIGIN,
  operator,
  PUBLIC_URL,
  send,
  unique,
} from '../support/service.ts'
import { withVariables } from '../support/variables.ts'

restartClockAfterEach()

const PAGE = { origin: PUBLIC_URL, 'countersign-csrf': '1' }

const signIn = (key: string, headers: Record<string, string> = PAGE, through = send) =>
  through('/console/session', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: '{}',
  })

const self = (headers: Record<string, string>) => post('operator', 'operator.self', { headers })

describe('the address of the service', () => {
  it('leads a person to the dashboard', async () => {
    const accept = 'text/html,application/xhtml+xml,*/*;q=0.8'
    const response = await send('/', { headers: { accept }, redirect: 'manual' })
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe('/console')
  })

  it.each(['*/*', 'application/json'])(
    'tells a program that accepts %s what this is',
    async (accept) => {
      const response = await send('/', { headers: { accept } })
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({
        dashboard: `${PUBLIC_URL}/console`,
        health: `${PUBLIC_URL}/health`,
      })
    },
  )

  it('takes nothing else', async () => {
    expect((await send('/', { method: 'POST' })).status).toBe(404)
  })
})

describe('the session of a page', () => {
  it('begins with an operator key and travels in a cookie that no script and no other site has', async () => {
    const { key, id, name } = await nameOperator()
    const response = await signIn(key)
    expect(await response.json()).toEqual({
      operator: { id, name },
      expiresAt: expect.any(Number),
    })
    const set = response.headers.get('set-cookie') ?? ''
    expect(set).toMatch(/^__Host-countersign=[\w-]{43}; /)
    for (const part of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/', 'Max-Age=3600'])
      expect(set).toContain(part)
    expect(set).not.toContain(key)
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('names its operator, and when it ends', async () => {
    const now = stopClock()
    const { key, id, name } = await nameOperator()
    const cookie = await cookieOf(key)
    expect(await answerOf(await self({ ...PAGE, cookie }))).toEqual({
      id,
      name,
      automation: false,
      enrolled: false,
      guarded: false,
      signedInAt: now,
      expiresAt: now + 3600,
    })
  })

  it('does what its operator may do', async () => {
    const { key, name } = await nameOperator()
    const headers = { ...PAGE, cookie: await cookieOf(key) }
    const body = { name: unique('colleague') }
    expect((await post('operator', 'operator.create', { headers, body })).status).toBe(200)
    const { events } = await operator.audit.list.query({})
    expect(events[0]).toMatchObject({ type: 'operator.created', actor: `operator:${name}` })
  })

  it.each([
    ['of another site', { ...PAGE, origin: 'https://evil.example' }, 'origin_not_allowed'],
    ['without an origin', { 'countersign-csrf': '1' }, 'origin_not_allowed'],
    ['of a frame without an origin', { ...PAGE, origin: 'null' }, 'origin_not_allowed'],
    ['of a form, which sends no header of its own', { origin: PUBLIC_URL }, 'forbidden'],
    ['with another value of the header', { ...PAGE, 'countersign-csrf': '0' }, 'forbidden'],
  ] as const)('is not lent to a call %s', async (_whose, headers, reason) => {
    const { key } = await nameOperator()
    const cookie = await cookieOf(key)
    await expectRefusal(await self({ ...headers, cookie }), 403, reason)
  })

  it.each([
    ['no cookie', ''],
    ['an empty one', '__Host-countersign='],
    ['a made-up one', `__Host-countersign=${'A'.repeat(43)}`],
    ['a longer one', `__Host-countersign=${'A'.repeat(4000)}`],
    ['one of another name', `countersign=${'A'.repeat(43)}`],
    ['the operator key itself', `__Host-countersign=${OPERATOR_KEY}`],
  ])('is not made by %s', async (_what, cookie) => {
    await expectRefusal(await self({ ...PAGE, cookie }), 401, 'unauthenticated')
  })

  it('ends after an hour', async () => {
    stopClock()
    const { key } = await nameOperator()
    const cookie = await cookieOf(key)
    advance(3599)
    expect((await self({ ...PAGE, cookie })).status).toBe(200)
    advance(1)
    await expectRefusal(await self({ ...PAGE, cookie }), 401, 'unauthenticated')
  })

  it('ends when its operator signs out, and only by the page itself', async () => {
    const { key } = await nameOperator()
    const cookie = await cookieOf(key)
    const end = (headers: Record<string, string>) =>
      send('/console/session', { method: 'DELETE', headers: { ...headers, cookie } })
    await expectRefusal(await end({ origin: 'https://evil.example' }), 403, 'origin_not_allowed')
    expect((await self({ ...PAGE, cookie })).status).toBe(200)
    const ended = await end(PAGE)
    expect(ended.headers.get('set-cookie')).toContain('Max-Age=0')
    await expectRefusal(await self({ ...PAGE, cookie }), 401, 'unauthenticated')
  })

  it('ends when its operator is revoked', async () => {
    const { key, id } = await nameOperator()
    await nameOperator()
    const cookie = await cookieOf(key)
    await operator.operator.revoke.mutate({ id })
    await expectRefusal(await self({ ...PAGE, cookie }), 401, 'unauthenticated')
    await expectRefusal(await signIn(key), 401, 'unauthenticated')
  })

  it('is one of a thousand at most: a further sign-in ends the oldest', async () => {
    const { key, id } = await nameOperator()
    const oldest = await cookieOf(key)
    const second = await cookieOf(key)
    await runInDurableObject(env.DIRECTORY.getByName('directory'), (_object, { storage }) => {
      storage.sql.exec(
        `INSERT INTO console_sessions WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 998)
         SELECT 'ses_filler' || i, 'hash-' || i, operator, key_hash, created_at, expires_at
         FROM n, (SELECT * FROM console_sessions WHERE operator = ? LIMIT 1)`,
        id,
      )
    })
    expect((await self({ ...PAGE, cookie: oldest })).status).toBe(200)
    await cookieOf(key)
    await expectRefusal(await self({ ...PAGE, cookie: oldest }), 401, 'unauthenticated')
    expect((await self({ ...PAGE, cookie: second })).status).toBe(200)
  })

  it('may begin any number of times without filling the operators’ history', async () => {
    stopClock()
    const { key, id, name } = await nameOperator()
    const signInAndOut = async () => {
      const headers = { ...PAGE, cookie: await cookieOf(key) }
      await send('/console/session', { method: 'DELETE', headers })
    }
    for (let i = 0; i < 25; i += 1) await signInAndOut()
    await nameOperator()
    const told = async () =>
      (await operator.audit.list.query({})).events.filter(
        ({ actor }) => actor === `operator:${name}`,
      )
    expect((await told()).map(({ type }) => type)).toEqual(Array(10).fill('operator.signed_in'))
    advance(3601)
    await signInAndOut()
    const [next, again] = await told()
    expect(next).toMatchObject({ type: 'operator.signed_in' })
    expect(again).toMatchObject({ type: 'operator.signed_in_again', data: { id, count: 15 } })
  })

  it('does not begin for a key for automation, a wrong key, a session of a user or another site', async () => {
    const robot = await nameOperator({ automation: true })
    await expectRefusal(await signIn(robot.key), 403, 'forbidden')
    await expectRefusal(await signIn(`csk_op_${'x'.repeat(43)}`), 401, 'unauthenticated')
    await expectRefusal(await signIn('eyJhbGciOiJub25lIn0.e30.'), 401, 'unauthenticated')
    const evil = { origin: 'https://evil.example' }
    await expectRefusal(await signIn(OPERATOR_KEY, evil), 403, 'origin_not_allowed')
  })

  it('is asked for by POST alone', async () => {
    await expectRefusal(await send('/console/session'), 405, 'method_unsupported')
  })
})

describe('operators', () => {
  it('are listed by name, without their keys', async () => {
    const { id, name, key } = await nameOperator()
    const robot = await nameOperator({ automation: true })
    const { operators } = await operator.operator.list.query()
    expect(operators).toContainEqual({
      id,
      name,
      automation: false,
      createdAt: expect.any(Number),
      enrolled: false,
    })
    expect(operators).toContainEqual(expect.objectContaining({ id: robot.id, automation: true }))
    expect(JSON.stringify(operators)).not.toContain(key)
  })

  it('have a name each, which is not given again', async () => {
    const { id, name } = await nameOperator()
    await expectRefused(operator.operator.create.mutate({ name }), 'conflict')
    await nameOperator()
    await operator.operator.revoke.mutate({ id })
    await expectRefused(operator.operator.create.mutate({ name }), 'conflict')
    await expectRefused(operator.operator.create.mutate({ name: 'first' }), 'conflict')
  })

  it('call no more once they are revoked', async () => {
    const { id, client } = await nameOperator()
    await nameOperator()
    await client.environment.list.query()
    await operator.operator.revoke.mutate({ id })
    await expectRefused(client.environment.list.query(), 'unauthenticated')
    await expectRefused(operator.operator.revoke.mutate({ id }), 'not_found')
  })

  it('are never all revoked: the last person stays, also under simultaneous revocations', async () => {
    const before = (await operator.operator.list.query()).operators
    const persons = before.filter(({ automation }) => !automation)
    await Promise.allSettled(persons.map(({ id }) => operator.operator.revoke.mutate({ id })))
    const after = (await operator.operator.list.query()).operators
    const left = after.filter(({ automation }) => !automation)
    expect(left).toHaveLength(1)
    const [last] = left
    await expectRefused(operator.operator.revoke.mutate({ id: last?.id ?? '' }), 'conflict')
  })

  it('replace the secret OPERATOR_KEY, which goes on on a developer’s machine alone', async () => {
    const { key } = await nameOperator()
    const url = 'https://countersign.example'
    const deployed = withVariables({ PUBLIC_URL: url })
    const client = (bearer: string) =>
      deployed.call({ environment: 'operator', bearer: () => bearer })
    expect(await client(key).operator.self.query()).toMatchObject({ guarded: false })
    await expectRefused(client(OPERATOR_KEY).environment.list.query(), 'unauthenticated')
    await expectRefusal(
      await signIn(OPERATOR_KEY, { origin: url }, deployed.send),
      401,
      'unauthenticated',
    )
    expect(await operator.operator.self.query()).toMatchObject({ id: 'first', name: 'first' })
  })

  it('of the secret lose their page when it changes', async () => {
    const cookie = await cookieOf(OPERATOR_KEY)
    const other = withVariables({ OPERATOR_KEY: `csk_op_${'n'.repeat(43)}` })
    const headers = { ...PAGE, cookie }
    expect((await self(headers)).status).toBe(200)
    const there = await post('operator', 'operator.self', { headers }, other.send)
    await expectRefusal(there, 401, 'unauthenticated')
  })
})

describe('a browser that is made to call with the cookie of an operator', () => {
  const JSON_TYPE = 'application/json'
  const FORM = 'application/x-www-form-urlencoded'
  const EVIL = 'https://evil.example'
  it.each<[string, { method?: string; headers: Record<string, string>; status: number }]>([
    ['a link', { method: 'GET', headers: {}, status: 405 }],
    ['a link on the page itself', { method: 'GET', headers: { origin: PUBLIC_URL }, status: 405 }],
    ['an image', { method: 'GET', headers: { 'sec-fetch-dest': 'image' }, status: 405 }],
    [
      'a link that names another method',
      { method: 'GET', headers: { ...PAGE, 'x-http-method-override': 'POST' }, status: 405 },
    ],
    ['a form', { headers: { origin: EVIL, 'content-type': FORM }, status: 415 }],
    [
      'a form whose text is JSON',
      { headers: { origin: EVIL, 'content-type': 'text/plain' }, status: 415 },
    ],
    [
      'a form that got into the page itself',
      { headers: { origin: PUBLIC_URL, 'content-type': FORM }, status: 415 },
    ],
    [
      'a script that no preflight let through',
      { headers: { ...PAGE, origin: EVIL, 'content-type': JSON_TYPE }, status: 403 },
    ],
    [
      'a script in a frame without an origin',
      { headers: { ...PAGE, origin: 'null', 'content-type': JSON_TYPE }, status: 403 },
    ],
    [
      'the page of an application that is listed',
      { headers: { ...PAGE, origin: ORIGIN, 'content-type': JSON_TYPE }, status: 403 },
    ],
    [
      'a call of the page that lacks its header',
      { headers: { origin: PUBLIC_URL, 'content-type': JSON_TYPE }, status: 403 },
    ],
  ])('changes nothing: %s', async (_what, { method = 'POST', headers, status }) => {
    await makeEnvironment({ origins: [ORIGIN] })
    const cookie = await cookieOf((await nameOperator()).key)
    const name = unique('mallory')
    const input = encodeURIComponent(JSON.stringify({ name }))
    const response = await send(`/operator/trpc/operator.create?input=${input}`, {
      method,
      headers: { ...headers, cookie },
      ...(method === 'POST' && { body: JSON.stringify({ name }) }),
    })
    expect(response.status).toBe(status)
    expect(response.headers.get('access-control-allow-origin')).not.toBe(EVIL)
    await response.text()
    const { operators } = await operator.operator.list.query()
    expect(operators.map((one) => one.name)).not.toContain(name)
  })

  it.each([
    ['a session of a user', async () => (await makeEnvironment()).session({ sub: 'alice' })],
    ['a resource key', async () => (await (await makeEnvironment()).resource()).key],
    ['a wrong operator key', async () => `csk_op_${'x'.repeat(43)}`],
  ])('does not get the rights of the cookie beside %s', async (_what, bearerOf) => {
    const cookie = await cookieOf((await nameOperator()).key)
    const bearer = await bearerOf()
    const response = await post('operator', 'operator.self', {
      bearer,
      headers: { ...PAGE, cookie },
    })
    expect([401, 403]).toContain(response.status)
    await response.text()
  })

  it('is not signed out by another site either, by whatever method', async () => {
    const cookie = await cookieOf((await nameOperator()).key)
    for (const [method, headers] of [
      ['DELETE', { origin: EVIL }],
      ['DELETE', { origin: PUBLIC_URL }],
      ['DELETE', { 'countersign-csrf': '1' }],
      ['POST', { origin: EVIL, 'content-type': FORM }],
      ['GET', {}],
    ] as const) {
      const response = await send('/console/session', { method, headers: { ...headers, cookie } })
      expect(response.status).toBeGreaterThanOrEqual(400)
      await response.text()
    }
    expect((await self({ ...PAGE, cookie })).status).toBe(200)
  })
})

describe('the page', () => {
  it.each([
    '/console',
    '/console/',
    '/console/environments/live',
    '/console/assets/index-0123abcd.js',
    '/reference',
    '/reference.css',
  ])('is shown in no frame and runs no script but its own: %s', async (path) => {
    const built = { fetch: async () => new Response('<!doctype html><title>Countersign</title>') }
    const there = { ...env, ASSETS: built } as unknown as Env
    const request = new Request(PUBLIC_URL + path)
    const { status, headers } = await worker.fetch(request, there, createExecutionContext())
    expect(status).toBe(200)
    const policy = (headers.get('content-security-policy') ?? '').split('; ')
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
    ])
      expect(policy).toContain(part)
    expect(policy.join()).not.toMatch(/unsafe|\*|https?:/)
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  it.each(['/console', '/console/', '/console/environments/live'])(
    'has an address at %s, with a sentence where it was not built',
    async (path) => {
      const response = await send(path)
      if (response.status === 200) {
        expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
        expect(response.headers.get('content-security-policy')).not.toContain('unsafe')
        expect(response.headers.get('x-frame-options')).toBe('DENY')
      } else await expectRefusal(response, 404, 'not_found')
    },
  )
})
