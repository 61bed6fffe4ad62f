// What every request meets: the session, the origin, the body's bounds, and the headers of the answer.
import { decodeJwt, decodeProtectedHeader, importJWK, jwtVerify, SignJWT } from 'jose'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { securityHeaders } from '../../examples/wallet/worker/headers.ts'
import worker from '../../examples/wallet/worker/index.ts'
import { countersign, mint, serveCountersign } from './support/countersign.ts'
import { PUBLIC_URL, postJson, send, signIn, uniqueName, walletEnv } from './support/wallet.ts'

beforeAll(serveCountersign)
beforeEach(() => Object.assign(countersign, { enrolled: true, silent: false, consumed: 0 }))

describe('signing in', () => {
  it('gives a session that the published key set verifies', async () => {
    const { session, subject, name } = await signIn()
    const keySet = await send('/.well-known/jwks.json')
    expect(keySet.headers.get('cache-control')).toBe('public, max-age=300')
    const { keys } = await keySet.json<{ keys: Record<string, string>[] }>()
    expect(keys[0]).not.toHaveProperty('d')
    const { payload, protectedHeader } = await jwtVerify(session, await importJWK(keys[0] ?? {}))
    expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'JWT' })
    expect(payload).toMatchObject({ iss: PUBLIC_URL, aud: 'wallet', sub: subject, name })
    expect(payload.exp).toBe((payload.iat ?? 0) + 3600)
    expect(payload.auth_time).toBe(payload.iat)
  })

  it('makes one wallet for one name, however it is written and however often', async () => {
    const name = uniqueName()
    const users = await Promise.all(
      [name, name.toUpperCase(), ` ${name} `, name].map((spelling) => signIn(spelling)),
    )
    const wallets = await Promise.all(users.map((user) => user.wallet()))
    expect(new Set(wallets.map(({ address }) => address)).size).toBe(1)
    expect(new Set(users.map(({ session }) => decodeJwt(session).sid)).size).toBe(4)
  })

  it.each(['', ' ', 'x'.repeat(41), 'a\u0000b', 'a\u202eb'])(
    'refuses the name %j',
    async (name) => {
      const { status, body } = await postJson('/api/sign-in', { name })
      expect(status).toBe(400)
      expect(body).toMatchObject({ reason: 'input_invalid' })
    },
  )

  it('tells who is signed in, until they sign out', async () => {
    const user = await signIn()
    const headers = { authorization: `Bearer ${user.session}` }
    const me = await send('/api/me', { headers })
    expect(await me.json()).toMatchObject({
      subject: user.subject,
      name: user.name,
      countersign: { url: 'http://localhost:8787', environment: 'wallet' },
    })
    expect((await user.post('/api/sign-out')).status).toBe(200)
    expect((await send('/api/me', { headers })).status).toBe(401)
    expect((await send('/api/me', { headers: {} })).status).toBe(401)
  })

  it('is not done by a session of another audience, issuer or key, or one that is over', async () => {
    const { session } = await signIn()
    const key = await importJWK(JSON.parse(walletEnv.ISSUER_KEY), 'ES256')
    const { publicKey: _, privateKey } = await crypto.subtle
      .generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
      .then((pair) => pair as CryptoKeyPair)
    const sign = (change: object, by: typeof key = key, header = {}) =>
      new SignJWT({ ...decodeJwt(session), ...change })
        .setProtectedHeader({ ...decodeProtectedHeader(session), alg: 'ES256', ...header })
        .sign(by)
    const ask = async (token: string) =>
      (await send('/api/me', { headers: { authorization: `Bearer ${token}` } })).status
    expect(await ask(await sign({}))).toBe(200)
    expect(await ask(await sign({ aud: 'other' }))).toBe(401)
    expect(await ask(await sign({ iss: 'http://localhost:8787' }))).toBe(401)
    expect(await ask(await sign({ exp: 1 }))).toBe(401)
    expect(await ask(await sign({}, key, { typ: 'at+jwt' }))).toBe(401)
    expect(await ask(await sign({}, privateKey))).toBe(401)
  })
})

describe('a wallet made for somebody else', () => {
  it('is made once, and never where there is one', async () => {
    const [maker, name] = [await signIn(), uniqueName()]
    const replies = await Promise.all(
      Array.from({ length: 4 }, () => maker.post('/api/pregenerate', { name })),
    )
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
    expect((await maker.post('/api/pregenerate', { name: maker.name })).status).toBe(409)
  })
})

describe('the wallet', () => {
  it('refuses a foreign origin, and takes its own', async () => {
    const from = (origin: string) => postJson('/api/sign-in', { name: uniqueName() }, { origin })
    expect((await from(PUBLIC_URL)).status).toBe(200)
    const refused = await from('http://localhost:8787')
    expect(refused.status).toBe(403)
    expect(refused.body).toMatchObject({ reason: 'origin_not_allowed' })
    expect((await from('null')).status).toBe(403)
  })

  it.each<[string, string, Record<string, string>, number]>([
    ['what is no JSON', 'name=x', {}, 400],
    ['a list', '[]', {}, 400],
    ['nothing', '', {}, 400],
    ['a field that it does not know', '{"name":"x","more":1}', {}, 400],
    ['a key that reaches a prototype', '{"name":"x","__proto__":{}}', {}, 400],
    ['a form', 'name=x', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['what is nested too deep', `{"name":${'['.repeat(40)}${']'.repeat(40)}}`, {}, 400],
    ['more than 64 KB', JSON.stringify({ name: 'x'.repeat(66_000) }), {}, 413],
  ])('refuses %s, with a reason', async (_, body, headers, status) => {
    const reply = await postJson('/api/sign-in', body, headers)
    expect(reply.status).toBe(status)
    expect(reply.headers.get('content-type')).toBe('application/problem+json')
    expect(reply.body).toMatchObject({ status, type: 'about:blank' })
  })

  it('takes no body for what needs no input, and refuses one of no type', async () => {
    const { session } = await signIn()
    const headers = { authorization: `Bearer ${session}` }
    const post = (body?: Blob) =>
      send('/api/sign-out', { method: 'POST', headers, ...(body && { body }) })
    expect((await post(new Blob(['{}']))).status).toBe(415)
    expect((await post()).status).toBe(200)
  })

  it('lets hashed assets be kept for ever, also where they are unchanged, and nothing else', () => {
    const cached = (path: string, status: number) =>
      securityHeaders(path, status, undefined)['cache-control']
    const forever = 'public, max-age=31536000, immutable'
    expect(cached('/assets/index-QpKfnPRb.js', 200)).toBe(forever)
    expect(cached('/assets/index-QpKfnPRb.js', 304)).toBe(forever)
    expect(cached('/assets/index-QpKfnPRb.js', 404)).toBe('no-store')
    expect(cached('/', 200)).toBe('no-cache')
    expect(cached('/api/wallet', 200)).toBe('no-store')
  })

  it.each(['/api/nothing', '/nothing', '/assets/nothing-12345678.js'])(
    'knows nothing at %s',
    async (path) => {
      const response = await send(path)
      expect(response.status).toBe(404)
      expect(response.headers.get('cache-control')).toBe('no-store')
    },
  )

  it.each(['/', '/config.json', '/api/wallet', '/.well-known/jwks.json', '/api/nothing'])(
    'sends strict headers from %s',
    async (path) => {
      const { headers } = await send(path)
      const policy = headers.get('content-security-policy')
      for (const part of [
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self' http://localhost:8787",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ])
        expect(policy).toContain(part)
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
      expect(headers.get('permissions-policy')).toContain('publickey-credentials-get=(self)')
    },
  )

  it('keeps nothing of the API', async () => {
    const { headers } = await postJson('/api/sign-in', { name: uniqueName() })
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it('says where Countersign is', async () => {
    const config = await send('/config.json')
    expect(await config.json()).toEqual({
      countersign: { url: 'http://localhost:8787', environment: 'wallet' },
    })
  })

  it.each([
    ['PUBLIC_URL', 'http://wallet.example'],
    ['COUNTERSIGN_URL', ''],
    ['COUNTERSIGN_ENVIRONMENT', 'No'],
    ['RESOURCE_KEY', 'csk_op_x'],
    ['ISSUER_KEY', '{}'],
    ['VAULT_SECRET', 'short'],
    ['DELEGATE_SECRET', 'the secret of the vault, for tests alone'],
  ])('is shut where %s is %j, and says why', async (name, value) => {
    const response = await worker.fetch(new Request(`${PUBLIC_URL}/api/me`), {
      ...walletEnv,
      [name]: value,
    })
    expect(response.status).toBe(503)
    const { detail } = await response.json<{ detail: string }>()
    expect(detail).toContain(name)
  })
})

describe('a browser that is made to call', () => {
  const ACTIONS: [path: string, body: unknown][] = [
    ['/api/wallet/export', {}],
    ['/api/wallet/sign', { kind: 'message', message: 'Hello' }],
    ['/api/wallet/delegate', { to: 'mallory' }],
    ['/api/wallet/claim', {}],
    ['/api/wallet/reshare', { decision: 'approve' }],
    ['/api/wallet/delegation', { decision: 'approve' }],
    ['/api/pregenerate', { name: 'mallory' }],
    ['/api/sign-out', {}],
  ]

  it.each(ACTIONS)(
    'brings no session of its own to %s: neither by cookie nor by address',
    async (path, body) => {
      const { session } = await signIn()
      const headers = {
        'content-type': 'application/json',
        origin: PUBLIC_URL,
        cookie: `session=${session}; authorization=Bearer ${session}; __Host-session=${session}`,
      }
      for (const address of [
        path,
        `${path}?session=${session}`,
        `${path}?access_token=${session}`,
      ]) {
        const response = await send(address, {
          method: 'POST',
          headers,
          body: JSON.stringify(body),
        })
        expect(response.status).toBe(401)
        expect(response.headers.get('set-cookie')).toBeNull()
      }
      expect(countersign.consumed).toBe(0)
    },
  )

  it.each(ACTIONS)(
    'does nothing at %s for a page of another origin, whatever it brings',
    async (path, body) => {
      const { session, subject } = await signIn()
      const token = await mint(subject, 'wallet:export')
      const headers = {
        authorization: `Bearer ${session}`,
        'countersign-token': token,
        'content-type': 'application/json',
      }
      for (const origin of ['https://evil.example', 'null', `${PUBLIC_URL}.evil.example`]) {
        const init = { method: 'POST', headers: { ...headers, origin }, body: JSON.stringify(body) }
        const response = await send(path, init)
        expect(response.status).toBe(403)
        expect(response.headers.get('access-control-allow-origin')).toBeNull()
      }
      // A preflight is answered with nothing, so that no browser sends more.
      const asked = { origin: 'https://evil.example', 'access-control-request-method': 'POST' }
      const preflight = await send(path, { method: 'OPTIONS', headers: asked })
      expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
      expect(countersign.consumed).toBe(0)
    },
  )

  it.each(ACTIONS)('does nothing at %s by a link or a form', async (path, body) => {
    const { session, subject } = await signIn()
    const token = await mint(subject, 'wallet:export')
    const headers = { authorization: `Bearer ${session}`, 'countersign-token': token }
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect((await send(path, { method, headers })).status).toBe(404)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const init = { method: 'POST', headers: { ...headers, 'content-type': type } }
      const response = await send(path, { ...init, body: JSON.stringify(body) })
      expect(response.status).toBe(415)
    }
    expect(countersign.consumed).toBe(0)
  })
})
