// Malformed requests: every request that is not a call of the contract is refused with a status and a reason, in
// one form, and changes nothing. callers.test.ts tests who may call what.
import { exports } from 'cloudflare:workers'
import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import type { Reason } from '../../contract/index.ts'
import { evidence } from '../support/evidence.ts'
import {
  answerOf,
  errorOf,
  expectRefusal,
  post,
  postAsOperator,
  type RawCall,
} from '../support/http.ts'
import {
  AUDIENCE,
  call,
  enrollTotp,
  expectRefused,
  makeEnvironment,
  OPERATOR_KEY,
  ORIGIN,
  operator,
  PUBLIC_URL,
  send,
  totpCode,
  unique,
  wrongCode,
} from '../support/service.ts'

const FACTOR_ID = `fac_${'A'.repeat(22)}`

/** An environment with everybody who could knock. */
async function everybody() {
  const environment = await makeEnvironment()
  const subject = unique('user')
  const [session, resource] = await Promise.all([
    environment.session({ sub: subject }),
    environment.resource(),
  ])
  const bearers = { subject: session, resource: resource.key, operator: OPERATOR_KEY }
  const knock = (who: keyof typeof bearers, procedure: string, raw: RawCall = {}) =>
    post(who === 'operator' ? 'operator' : environment.id, procedure, {
      bearer: bearers[who],
      ...raw,
    })
  return { environment, subject, session, resource, knock }
}

describe('an input that the contract does not know', () => {
  const consume = { token: 'a.b.c', subject: 'u', action: 'wallet.waas.sign' }
  it.each<[string, 'subject' | 'resource', string, unknown]>([
    ['null for an object', 'subject', 'policy.check', 'null'],
    ['a list for an object', 'subject', 'policy.check', []],
    ['a text for an object', 'subject', 'policy.check', '"wallet.waas.sign"'],
    ['a number for an object', 'subject', 'factor.list', '7'],
    ['true for nothing', 'subject', 'recovery.acknowledge', 'true'],
    ['neither action nor scope', 'subject', 'policy.check', {}],
    [
      'both action and scope',
      'subject',
      'policy.check',
      { action: 'wallet.waas.sign', scope: 'wallet:sign' },
    ],
    ['a number as action', 'subject', 'policy.check', { action: 7 }],
    ['a list as action', 'subject', 'policy.check', { action: ['wallet.waas.sign'] }],
    ['an action in capitals', 'subject', 'policy.check', { action: 'WALLET' }],
    ['an action with a line break', 'subject', 'policy.check', { action: 'wallet.waas.sign\n' }],
    ['an unknown field', 'subject', 'policy.check', { action: 'wallet.waas.sign', acr: 'phr' }],
    ['an unknown field where none is taken', 'subject', 'factor.list', { all: true }],
    ['details as a list', 'subject', 'policy.check', { action: 'wallet.waas.sign', details: [] }],
    ['details as a text', 'subject', 'policy.check', { action: 'wallet.waas.sign', details: '{}' }],
    [
      'a subject named by a user',
      'subject',
      'policy.check',
      { action: 'wallet.waas.sign', subject: 'alice' },
    ],
    ['no subject from a resource', 'resource', 'policy.check', { action: 'wallet.waas.sign' }],
    ['no kind of factor', 'subject', 'factor.enroll', {}],
    ['an unknown kind of factor', 'subject', 'factor.enroll', { kind: 'sms' }],
    ['a label that is a number', 'subject', 'factor.enroll', { kind: 'totp', label: 1 }],
    ['a secret of the caller', 'subject', 'factor.enroll', { kind: 'totp', secret: 'AAAA' }],
    [
      'a factor id of another form',
      'subject',
      'factor.confirm',
      { kind: 'totp', factorId: '1', code: '123456' },
    ],
    [
      'a code as a number',
      'subject',
      'factor.confirm',
      { kind: 'totp', factorId: FACTOR_ID, code: 123456 },
    ],
    [
      'a code with letters',
      'subject',
      'challenge.verify',
      { method: 'totp', code: '12345a', requestedScopes: ['wallet:sign'] },
    ],
    ['a code in other digits', 'subject', 'challenge.verify', { method: 'totp', code: '١٢٣٤٥٦' }],
    ['an unknown method', 'subject', 'challenge.verify', { method: 'sms', code: '123456' }],
    [
      'no scope in the list of scopes',
      'subject',
      'challenge.verify',
      { method: 'totp', code: '123456', requestedScopes: [] },
    ],
    [
      'scopes in one text',
      'subject',
      'challenge.verify',
      { method: 'totp', code: '123456', requestedScopes: 'wallet:sign wallet:export' },
    ],
    [
      'two scopes in one',
      'subject',
      'challenge.verify',
      { method: 'totp', code: '123456', requestedScopes: ['wallet:sign wallet:export'] },
    ],
    [
      'seventeen scopes',
      'subject',
      'challenge.verify',
      { method: 'totp', code: '123456', requestedScopes: Array(17).fill('wallet:sign') },
    ],
    [
      'an unknown field nested in an order',
      'subject',
      'challenge.verify',
      { method: 'totp', code: '123456', mfaToken: { singleUse: true, lifetime: 9999 } },
    ],
    [
      'scopes beside a passkey answer, which earns what it was started for',
      'subject',
      'challenge.verify',
      {
        method: 'passkey',
        challenge: 'x',
        requestedScopes: ['wallet:sign'],
        response: {
          id: 'a',
          rawId: 'a',
          type: 'public-key',
          response: { clientDataJSON: 'a', authenticatorData: 'a', signature: 'a' },
        },
      },
    ],
    [
      'a passkey answer that is not base64url',
      'subject',
      'challenge.verify',
      {
        method: 'passkey',
        challenge: 'x',
        response: {
          id: '+/',
          rawId: 'a',
          type: 'public-key',
          response: { clientDataJSON: 'a', authenticatorData: 'a', signature: 'a' },
        },
      },
    ],
    ['a start for a code', 'subject', 'challenge.start', { method: 'totp' }],
    ['an empty assertion', 'subject', 'token.exchange', { assertion: '' }],
    ['an over-long token', 'subject', 'token.introspect', { token: 'a'.repeat(8193) }],
    ['no token', 'resource', 'token.introspect', {}],
    ['no subject to consume for', 'resource', 'token.consume', { ...consume, subject: undefined }],
    ['an empty subject', 'resource', 'token.consume', { ...consume, subject: '' }],
    ['action and scope', 'resource', 'token.consume', { ...consume, scope: 'wallet:sign' }],
    ['a short idempotency key', 'resource', 'token.consume', { ...consume, idempotencyKey: 'x' }],
    ['a session id as number', 'resource', 'token.consume', { ...consume, sessionId: 1 }],
    ['a proof, which is for later', 'resource', 'token.consume', { ...consume, proof: 'x' }],
    ['an over-long cursor', 'subject', 'audit.list', { cursor: 'c'.repeat(513) }],
    ['a cursor that nobody gave', 'subject', 'audit.list', { cursor: 'c.c' }],
  ])('refuses %s (%s: %s) and changes nothing', async (_what, who, procedure, body) => {
    const { environment, subject, knock } = await everybody()
    const before = await evidence(environment.id, subject)
    await expectRefusal(await knock(who, procedure, { body }), 400, 'input_invalid')
    expect(await evidence(environment.id, subject)).toEqual(before)
  })

  it.each<[string, string, (environment: string) => unknown]>([
    ['an unknown field', 'environment.get', (environment) => ({ environment, secret: true })],
    ['an id in capitals', 'environment.get', () => ({ environment: 'DEMO' })],
    ['an update without version', 'environment.update', (environment) => ({ environment })],
    [
      'a version as text',
      'environment.update',
      (environment) => ({ environment, settings: {}, version: '1' }),
    ],
    [
      'a rotation of another form',
      'environment.rotateKeys',
      (environment) => ({ environment, compromised: 'yes' }),
    ],
    [
      'a key for nobody',
      'environment.createResourceKey',
      (environment) => ({ environment, audience: '' }),
    ],
    [
      'a key for an audience that is not of the environment',
      'environment.createResourceKey',
      (environment) => ({ environment, audience: 'https://other.example' }),
    ],
    [
      'a key of the caller',
      'environment.createResourceKey',
      (environment) => ({ environment, audience: AUDIENCE, key: 'csk_res_mine' }),
    ],
    ['a user without environment', 'audit.list', () => ({ subject: 'alice' })],
    [
      'a reason that turns the text around',
      'subject.resetFactors',
      (environment) => ({ environment, subject: 'alice', reason: 'a\u202eb' }),
    ],
  ])('refuses %s (operator: %s) and changes nothing', async (_what, procedure, input) => {
    const { id } = await makeEnvironment()
    const before = await evidence(id, 'alice')
    const response = await postAsOperator(procedure, { body: input(id) })
    await expectRefusal(response, 400, 'input_invalid')
    expect(await evidence(id, 'alice')).toEqual(before)
  })

  it('refuses an unknown field nested in the settings and keeps the old ones', async () => {
    const { id, document } = await makeEnvironment()
    const before = await evidence(id)
    const response = await postAsOperator('environment.update', {
      body: {
        environment: id,
        version: 1,
        settings: { ...document, session: { ...document.session, skipSignature: true } },
      },
    })
    const { message } = await expectRefusal(response, 400, 'input_invalid')
    expect(message).toContain('settings.session')
    expect(message).toContain('skipSignature')
    expect(await evidence(id)).toEqual(before)
  })

  it('names the place of a fault and never the value, which may be a secret', async () => {
    const { knock } = await everybody()
    const response = await knock('subject', 'challenge.verify', {
      body: { method: 'totp', code: 'my secret code' },
    })
    const { message } = await expectRefusal(response, 400, 'input_invalid')
    expect(message).toContain('`code`')
    expect(message).not.toContain('secret')
  })
})

describe('keys that could reach a prototype', () => {
  it.each([
    ['at the top', '{"action":"wallet.waas.sign","__proto__":{"admin":true}}'],
    ['in details', '{"action":"wallet.waas.sign","details":{"__proto__":{"admin":true}}}'],
    ['escaped', '{"action":"wallet.waas.sign","details":{"\\u005f_proto__":{"admin":true}}}'],
    ['in a list', '{"action":"wallet.waas.sign","details":{"list":[{"__proto__":1}]}}'],
    ['alone', '{"__proto__":{"action":"wallet.waas.sign"}}'],
    ['as constructor', '{"action":"wallet.waas.sign","constructor":{"prototype":{"admin":true}}}'],
    ['as prototype', '{"action":"wallet.waas.sign","prototype":{"admin":true}}'],
  ])('refuses __proto__ and its kin %s', async (_where, body) => {
    const { knock } = await everybody()
    await expectRefusal(await knock('subject', 'policy.check', { body }), 400, 'input_invalid')
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false)
  })

  it('takes a member of details called constructor as what it is: data', async () => {
    const { knock } = await everybody()
    const details = { constructor: { prototype: { admin: true } }, toString: 'x' }
    const response = await knock('subject', 'policy.check', {
      body: { action: 'wallet.waas.sign', details },
    })
    expect(await answerOf(response)).toMatchObject({ decision: 'permit' })
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false)
  })
})

describe('a value that has no canonical form (RFC 8785)', () => {
  it.each<[what: string, written: string]>([
    ['half of a surrogate pair', '"title":"\\ud800"'],
    ['half of a pair as a name', '"properties":{"\\ud800":{}}'],
    ['a number that is infinite', '"maximum":1e999'],
    ['one that is infinite the other way, deep inside', '"const":{"a":[-1e999]}'],
  ])('is in no settings: %s', async (_what, written) => {
    const { environment } = await everybody()
    const { settings } = await operator.environment.get.query({ environment: environment.id })
    const actions = [{ action: 'a.b', scope: 'a:b', detailsSchema: { type: 'object', title: '' } }]
    for (const version of [undefined, 1]) {
      const input = { environment: environment.id, version, settings: { ...settings, actions } }
      const body = JSON.stringify(input).replace('"title":""', written)
      const name = version ? 'environment.update' : 'environment.preview'
      await expectRefusal(await postAsOperator(name, { body }), 400, 'input_invalid')
    }
  })

  it('makes no environment, which could never be changed again', async () => {
    const { document } = await makeEnvironment()
    const session = { ...document.session, issuer: 'https://login.example/\udfff' }
    const body = { environment: unique('env'), settings: { ...document, session } }
    await expectRefusal(await postAsOperator('environment.create', { body }), 400, 'input_invalid')
  })
})

describe('a body that is not one', () => {
  const padded = (bytes: number) => `{}${' '.repeat(bytes - 2)}`
  const chunked = (bytes: number) =>
    new ReadableStream({
      start(controller) {
        const chunk = new TextEncoder().encode(' '.repeat(1024))
        for (let sent = 0; sent < bytes; sent += chunk.length) controller.enqueue(chunk)
        controller.enqueue(new TextEncoder().encode('{}'))
        controller.close()
      },
    })

  it.each<[string, () => BodyInit, Record<string, string>]>([
    ['65 KB', () => padded(65 * 1024), {}],
    ['one byte more than 64 KB', () => padded(64 * 1024 + 1), {}],
    ['65 KB in chunks, of a length that nobody named', () => chunked(65 * 1024), {}],
    ['a megabyte in chunks', () => chunked(1024 * 1024), {}],
    ['a length that is only claimed', () => '{}', { 'content-length': '70000' }],
  ])('refuses %s as too large', async (_what, body, headers) => {
    const { knock } = await everybody()
    const response = await knock('subject', 'factor.list', { body: body(), headers })
    await expectRefusal(response, 413, 'too_large')
  })

  it.each<[string, () => BodyInit]>([
    ['64 KB', () => padded(64 * 1024)],
    ['60 KB in chunks', () => chunked(60 * 1024)],
    ['nothing', () => ''],
  ])('answers to a body of %s', async (_what, body) => {
    const { knock } = await everybody()
    expect((await knock('subject', 'factor.list', { body: body() })).status).toBe(200)
  })

  it('measures bytes, not characters', async () => {
    const { knock } = await everybody()
    const body = `{"cursor":"${'é'.repeat(33 * 1024)}"}`
    await expectRefusal(await knock('subject', 'audit.list', { body }), 413, 'too_large')
  })

  const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) })
  it.each<[string, string]>([
    ['objects of 17 levels', JSON.stringify({ action: 'wallet.waas.sign', details: nested(16) })],
    ['lists of 30,000 levels', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['objects of 10,000 levels', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ])('refuses %s', async (_what, body) => {
    const { knock } = await everybody()
    const response = await knock('subject', 'policy.check', { body })
    const { message } = await expectRefusal(response, 400, 'input_invalid')
    expect(message).toContain('16 levels')
  })

  it('takes details of 15 levels, which make 16 with the input itself', async () => {
    const { knock } = await everybody()
    const body = { action: 'wallet.waas.sign', details: nested(15) }
    expect((await knock('subject', 'policy.check', { body })).status).toBe(200)
  })

  it.each<[string, string | Uint8Array]>([
    ['half of an object', '{"action":'],
    ['single quotes', "{'action':'wallet.waas.sign'}"],
    ['a comma too many', '{"action":"wallet.waas.sign",}'],
    ['two values', '{}{}'],
    ['a comment', '{}//'],
    ['a form', 'action=wallet.waas.sign'],
    ['NaN', '{"details":{"a":NaN}}'],
    ['a byte order mark', '\ufeff{}'],
    ['a byte that begins no character', Uint8Array.of(0x22, 0xff, 0x22)],
    ['an overlong slash', Uint8Array.of(0x22, 0xc0, 0xaf, 0x22)],
    ['a surrogate in UTF-8', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
    ['UTF-16', Uint8Array.of(0x7b, 0, 0x7d, 0)],
  ])('refuses %s', async (_what, body) => {
    const { knock } = await everybody()
    await expectRefusal(await knock('subject', 'policy.check', { body }), 400, 'input_invalid')
  })
})

describe('a call that is not one', () => {
  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'QUERY'])(
    'refuses the method %s',
    async (method) => {
      const { environment, subject, knock } = await everybody()
      const before = await evidence(environment.id, subject)
      for (const [procedure, body] of [
        ['factor.list', {}],
        ['factor.enroll', { kind: 'totp' }],
      ] as const) {
        const response = await knock('subject', procedure, { method, body })
        if (method === 'HEAD') expect(response.status).toBe(405)
        else await expectRefusal(response, 405, 'method_unsupported')
      }
      expect(await evidence(environment.id, subject)).toEqual(before)
    },
  )

  it('refuses a query by GET with its input in the address', async () => {
    const { knock } = await everybody()
    const input = encodeURIComponent(JSON.stringify({ action: 'wallet.waas.sign' }))
    const response = await knock('subject', `policy.check?input=${input}`, { method: 'GET' })
    await expectRefusal(response, 405, 'method_unsupported')
  })

  it.each([
    ['?batch=1', 'factor.list?batch=1', { 0: {} }],
    ['?batch=1 and several names', 'factor.list,factor.list?batch=1', { 0: {}, 1: {} }],
    ['?batch=0', 'factor.list?batch=0', {}],
    ['?batch twice', 'factor.list?batch=0&batch=1', { 0: {} }],
    ['?%62atch=1', 'factor.list?%62atch=1', { 0: {} }],
  ])('refuses a batch: %s', async (_what, address, body) => {
    const { knock } = await everybody()
    await expectRefusal(await knock('subject', address, { body }), 400, 'input_invalid')
  })

  it('knows no procedure of two names', async () => {
    const { knock } = await everybody()
    await expectRefusal(await knock('subject', 'factor.list,factor.list'), 404, 'not_found')
  })

  it.each([
    ['none', ''],
    ['a form', 'application/x-www-form-urlencoded'],
    ['plain text, which needs no preflight', 'text/plain'],
    ['plain text that mentions JSON', 'text/plain; application/json'],
    ['multipart', 'multipart/form-data; boundary=x'],
    ['bytes', 'application/octet-stream'],
    ['a longer name', 'application/json-seq'],
    ['another JSON', 'application/vnd.api+json'],
    ['two types', 'text/plain, application/json'],
  ])('refuses a content type: %s', async (_what, type) => {
    const { environment, subject, knock } = await everybody()
    const before = await evidence(environment.id, subject)
    const response = await knock('subject', 'factor.enroll', {
      body: { kind: 'totp' },
      headers: { 'content-type': type },
    })
    await expectRefusal(response, 415, 'input_invalid')
    expect(await evidence(environment.id, subject)).toEqual(before)
  })

  it('refuses a real form with files', async () => {
    const { environment, session } = await everybody()
    const body = new FormData()
    body.set('kind', 'totp')
    body.set('file', new File(['x'], 'x.txt'))
    const response = await send(`/${environment.id}/trpc/factor.enroll`, {
      method: 'POST',
      headers: { authorization: `Bearer ${session}` },
      body,
    })
    await expectRefusal(response, 415, 'input_invalid')
  })

  it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/json ;a=b'])(
    'takes the content type %s',
    async (type) => {
      const { knock } = await everybody()
      const response = await knock('subject', 'factor.list', { headers: { 'content-type': type } })
      expect(response.status).toBe(200)
    },
  )

  it.each([
    ['connection parameters', 'factor.list?connectionParams=x', {}],
    ['a stream for an answer', 'factor.list', { 'trpc-accept': 'application/jsonl' }],
  ])('gets one JSON answer, whatever it says about %s', async (_what, address, headers) => {
    const { knock } = await everybody()
    const response = await knock('subject', address, { headers })
    expect(await response.json()).toMatchObject({ result: { data: { enrolled: false } } })
  })
})

describe('an address that leads nowhere', () => {
  it.each([
    '%ff',
    '%E0%A4%A',
    'policy',
    'policy.',
    'policy.checks',
    'policy.check.query',
    'Policy.check',
    'constructor',
    '__proto__',
    'policy.__proto__',
    'policy.constructor',
    'policy.toString.call',
    '_def.procedures',
    'factor.list%00',
    'operator.remove',
    'subject.remove',
    '',
  ])('knows no procedure %j', async (procedure) => {
    const { knock } = await everybody()
    await expectRefusal(await knock('subject', procedure), 404, 'not_found')
    await expectRefusal(await knock('operator', procedure), 404, 'not_found')
  })

  it.each([
    ...['/nothing', '/.env', '/operator', '/demo/trp/policy.check', '/trpc/policy.check'],
    ...['/health/', '/demo/.well-known/jwks.json/', '/console/session/'],
  ])('finds nothing at %s', async (path) => {
    await expectRefusal(await send(path), 404, 'not_found')
    await expectRefusal(await send(path, { method: 'POST', body: '{}' }), 404, 'not_found')
  })

  it('knows no environment that nobody made, at any address', async () => {
    const { session } = await everybody()
    const id = unique('nobody')
    const asked = await post(id, 'factor.list', { bearer: session })
    await expectRefusal(asked, 404, 'unknown_environment')
    for (const path of [
      `/${id}/.well-known/jwks.json`,
      `/${id}/.well-known/oauth-authorization-server`,
      `/.well-known/oauth-authorization-server/${id}`,
    ]) {
      await expectRefusal(await send(path), 404, 'unknown_environment')
    }
    for (const [procedure, more] of [
      ['environment.get', {}],
      ['environment.rotateKeys', {}],
      ['environment.createResourceKey', { audience: AUDIENCE }],
      ['environment.revokeResourceKey', { id: 'rk_1' }],
      ['subject.get', { subject: 'alice' }],
      ['subject.resetFactors', { subject: 'alice' }],
      ['audit.list', { subject: 'alice' }],
    ] as const) {
      const response = await postAsOperator(procedure, { body: { environment: id, ...more } })
      await expectRefusal(response, 404, 'unknown_environment')
    }
  })

  it.each([
    'console',
    'health',
    'openapi',
    'access',
    'a',
    'Demo',
    '1demo',
    'de_mo',
    'de.mo',
    '-demo',
    'd%C3%A9mo',
    'demo%00',
    'demo%0A',
    `d${'e'.repeat(32)}`,
  ])('takes %s for no environment, before anything is read', async (id) => {
    const { session } = await everybody()
    const asked = await post(id, 'factor.list', { bearer: session })
    await expectRefusal(asked, 404, 'unknown_environment')
    await expectRefusal(await send(`/${id}/.well-known/jwks.json`), 404, 'unknown_environment')
  })

  it.each([
    'operator',
    'console',
    'health',
    'openapi',
    'access',
    'a',
    'Demo',
    '1demo',
    'de_mo',
    'demo\n',
    '__proto__',
    `d${'e'.repeat(32)}`,
  ])('makes no environment named %j', async (environment) => {
    const { document } = await makeEnvironment()
    const { environments: before } = await operator.environment.list.query()
    const response = await postAsOperator('environment.create', {
      body: { environment, settings: document },
    })
    await expectRefusal(response, 400, 'input_invalid')
    const { environments } = await operator.environment.list.query()
    expect(environments).toEqual(before)
  })

  it('publishes neither keys nor metadata for the operators’ route', async () => {
    const keys = await send('/operator/.well-known/jwks.json')
    await expectRefusal(keys, 404, 'unknown_environment')
  })
})

describe('a page of another origin', () => {
  const CALLS = [
    ['subject', 'factor.list'],
    ['resource', 'policy.list'],
    ['operator', 'environment.list'],
  ] as const
  const FOREIGN = [
    'null',
    'https://evil.example',
    `${ORIGIN}.evil.example`,
    'https://sub.app.example',
    'http://app.example',
    `${ORIGIN}:8443`,
    `${ORIGIN}/`,
    'https://APP.example',
    'file://',
    '*',
  ]
  it.each(
    CALLS.flatMap(([who, procedure]) => FOREIGN.map((origin) => [who, procedure, origin] as const)),
  )('refuses a %s calling %s from %j', async (who, procedure, origin) => {
    const { knock } = await everybody()
    const response = await knock(who, procedure, { headers: { origin } })
    // A page may read why, and nothing of the operators' route.
    const readable = who === 'operator' ? null : '*'
    expect(response.headers.get('access-control-allow-origin')).toBe(readable)
    expect(response.headers.get('access-control-allow-credentials')).toBeNull()
    await expectRefusal(response, 403, 'origin_not_allowed')
  })

  it('may read that its origin is not listed, which is the same for everybody', async () => {
    const { environment, knock } = await everybody()
    const headers = { origin: 'http://localhost:5173' }
    const read = async (response: Response) => {
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      expect(response.headers.get('access-control-allow-credentials')).toBeNull()
      return response.text()
    }
    const body = { action: 'wallet.waas.sign', subject: 'alice', details: { to: 'mallory' } }
    const told = await Promise.all(
      [
        knock('subject', 'factor.list', { headers }),
        knock('subject', 'policy.check', { headers, body }),
        knock('resource', 'policy.list', { headers }),
        knock('subject', 'factor.list', { headers, bearer: 'x.y.z' }),
        post(environment.id, 'factor.list', { headers }),
      ].map(async (response) => read(await response)),
    )
    expect(new Set(told).size).toBe(1)
    expect(JSON.parse(told[0] ?? '').error).toMatchObject({
      message:
        "This page's origin http://localhost:5173 is not in the environment's origins. Add it in the dashboard under Settings.",
      data: { reason: 'origin_not_allowed' },
    })
  })

  it.each<[string, number, Reason, string, RawCall & { route?: string }]>([
    ['that there is no such call', 404, 'not_found', 'factor.steal', {}],
    ['that its body is no JSON', 400, 'input_invalid', 'factor.list', { body: '{' }],
    ['that its body is too long', 413, 'too_large', 'factor.list', { body: 'x'.repeat(70_000) }],
    ['that its method is another', 405, 'method_unsupported', 'factor.list', { method: 'PUT' }],
    ['of no environment', 404, 'unknown_environment', 'factor.list', { route: 'nobody-made-it' }],
    ['of an operator', 403, 'origin_not_allowed', 'environment.list', { route: 'operator' }],
    [
      'of an operator who shows a key',
      403,
      'origin_not_allowed',
      'environment.list',
      { route: 'operator', bearer: OPERATOR_KEY },
    ],
  ])('may read nothing else: %s', async (_what, status, reason, procedure, { route, ...raw }) => {
    const { environment, session } = await everybody()
    const response = await post(route ?? environment.id, procedure, {
      bearer: session,
      ...raw,
      headers: { origin: 'https://evil.example' },
    })
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    await expectRefusal(response, status, reason)
  })

  it.each<[(typeof CALLS)[number][0], string, string]>([
    ['subject', 'factor.list', ORIGIN],
    ['resource', 'policy.list', ORIGIN],
    ['operator', 'environment.list', PUBLIC_URL],
  ])('answers a %s calling %s from the listed %s', async (who, procedure, origin) => {
    const { knock } = await everybody()
    const response = await knock(who, procedure, { headers: { origin } })
    expect(response.status).toBe(200)
    expect(response.headers.get('access-control-allow-origin')).toBe(origin)
    expect(response.headers.get('access-control-allow-credentials')).toBeNull()
    expect(response.headers.get('vary')).toMatch(/\bOrigin\b/)
  })

  it('lets neither an application’s page use an operator key, nor ours a session', async () => {
    const { knock } = await everybody()
    const asOperator = await knock('operator', 'environment.list', { headers: { origin: ORIGIN } })
    await expectRefusal(asOperator, 403, 'origin_not_allowed')
    const asUser = await knock('subject', 'factor.list', { headers: { origin: PUBLIC_URL } })
    await expectRefusal(asUser, 403, 'origin_not_allowed')
  })

  it('refuses the origin of another environment, and one that was taken off the list', async () => {
    await makeEnvironment({ rpId: 'other.example', origins: ['https://other.example'] })
    const { environment, knock } = await everybody()
    const headers = { origin: 'https://other.example' }
    await expectRefusal(
      await knock('subject', 'factor.list', { headers }),
      403,
      'origin_not_allowed',
    )
    const settings = { ...environment.document, origins: ['https://new.app.example'] }
    await operator.environment.update.mutate({ environment: environment.id, settings, version: 1 })
    const old = await knock('subject', 'factor.list', { headers: { origin: ORIGIN } })
    await expectRefusal(old, 403, 'origin_not_allowed')
  })
})

describe('preflight', () => {
  const preflight = (path: string, origin: string) =>
    send(path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,x-anything',
      },
    })
  const list = (header: string | null) => (header ?? '').split(',').map((name) => name.trim())

  it('allows a listed origin exactly what a client sends', async () => {
    const { id } = await makeEnvironment()
    const response = await preflight(`/${id}/trpc/policy.check`, ORIGIN)
    expect(response.status).toBe(204)
    const { headers } = response
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(list(headers.get('access-control-allow-headers')).sort()).toEqual([
      'authorization',
      'content-type',
      'countersign-dpop',
      'countersign-token',
    ])
    expect(list(headers.get('access-control-allow-methods'))).toEqual(['POST'])
    expect(headers.get('access-control-allow-credentials')).toBeNull()
    expect(headers.get('vary')).toMatch(/\bOrigin\b/)
  })

  it.each([
    ['a foreign origin', 'https://evil.example'],
    ['no origin at all', 'null'],
    ['the origin of the service', PUBLIC_URL],
  ])('lets %s read why it is refused, without credentials', async (_who, origin) => {
    const { id } = await makeEnvironment()
    const { headers } = await preflight(`/${id}/trpc/policy.check`, origin)
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('access-control-allow-credentials')).toBeNull()
    expect(list(headers.get('access-control-allow-methods'))).toEqual(['POST'])
  })

  it('allows the operators’ calls to the service’s own pages alone', async () => {
    const path = '/operator/trpc/environment.list'
    const own = await preflight(path, PUBLIC_URL)
    expect(own.headers.get('access-control-allow-origin')).toBe(PUBLIC_URL)
    const foreign = await preflight(path, ORIGIN)
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull()
  })

  it.each(['nobody-made-this', 'Not-An-Id', 'console'])(
    'allows nothing for %s, which is no environment',
    async (id) => {
      const { headers } = await preflight(`/${id}/trpc/policy.check`, ORIGIN)
      expect(headers.get('access-control-allow-origin')).toBeNull()
    },
  )

  it('exposes what a client reads of answers and refusals', async () => {
    const { knock } = await everybody()
    for (const response of [
      await knock('subject', 'factor.list', { headers: { origin: ORIGIN } }),
      await knock('subject', 'factor.list', { headers: { origin: ORIGIN }, bearer: 'x.y.z' }),
    ]) {
      expect(list(response.headers.get('access-control-expose-headers')).sort()).toEqual([
        'date',
        'dpop-nonce',
        'retry-after',
        'www-authenticate',
      ])
      expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    }
  })
})

describe('a forged host', () => {
  const FORGED = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
    'x-original-url': '/operator/trpc/environment.list',
    forwarded: 'host=evil.example;proto=http',
  }
  const sendForged = (path: string, init: RequestInit = {}) =>
    exports.default.fetch(
      new Request(`https://evil.example${path}`, {
        ...init,
        headers: { ...Object.fromEntries(new Headers(init.headers)), ...FORGED },
      }),
    )

  it('does not get into the metadata', async () => {
    const { id, issuer } = await makeEnvironment()
    const response = await sendForged(`/${id}/.well-known/oauth-authorization-server`)
    const text = await response.text()
    expect(text).not.toContain('evil')
    expect(JSON.parse(text)).toMatchObject({ issuer })
  })

  it('does not get into a token', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const raw = { method: 'totp', code: totpCode(secret), requestedScopes: ['wallet:sign'] }
    const response = await post(
      environment.id,
      'challenge.verify',
      { bearer: user.bearer(), body: raw },
      sendForged,
    )
    const { elevatedToken } = await answerOf<{ elevatedToken: { token: string } }>(response)
    expect(decodeJwt(elevatedToken.token)).toMatchObject({
      iss: environment.issuer,
      aud: AUDIENCE,
    })
    expect(environment.issuer).toBe(`${PUBLIC_URL}/${environment.id}`)
  })

  it('does not get into a refusal', async () => {
    const response = await sendForged('/nothing')
    expect(JSON.stringify(await errorOf(response))).not.toContain('evil')
  })
})

describe('what is public', () => {
  it.each([
    '/{id}/.well-known/oauth-authorization-server',
    '/.well-known/oauth-authorization-server/{id}',
  ])('describes the issuer at %s', async (form) => {
    const { id, issuer } = await makeEnvironment()
    const response = await send(form.replace('{id}', id))
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('public, max-age=300')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(await response.json()).toEqual({
      issuer,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      response_types_supported: [],
      grant_types_supported: [],
      acr_values_supported: ['recovery', 'mfa', 'phr'],
      dpop_signing_alg_values_supported: ['ES256', 'ES384', 'Ed25519', 'EdDSA'],
      access_token_signing_alg_values_supported: ['ES256'],
      countersign_receipts_jwks_uri: `${issuer}/receipts/jwks.json`,
      countersign_endpoint: `${issuer}/trpc`,
    })
  })

  it('publishes public keys alone, to everybody, for five minutes', async () => {
    const { id } = await makeEnvironment()
    const response = await send(`/${id}/.well-known/jwks.json`)
    expect(response.headers.get('cache-control')).toBe('public, max-age=300')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    const { keys }: { keys: Record<string, unknown>[] } = await response.json()
    expect(keys).toHaveLength(1)
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    }
  })

  it.each(['POST', 'PUT', 'DELETE'])('answers %s to it with nothing', async (method) => {
    const { id } = await makeEnvironment()
    const response = await send(`/${id}/.well-known/jwks.json`, { method })
    await expectRefusal(response, 404, 'not_found')
  })

  it('lets nobody keep the answer of a call, nor health', async () => {
    const { knock } = await everybody()
    for (const response of [
      await knock('subject', 'factor.list'),
      await knock('resource', 'policy.list'),
      await knock('operator', 'environment.list'),
      await send('/health'),
    ]) {
      expect(response.status).toBe(200)
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    }
  })
})

describe('what a refusal tells', () => {
  it('says in Retry-After when codes may be tried again', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const body = { method: 'totp', code: wrongCode(secret) }
    const attempt = () => post(environment.id, 'challenge.verify', { bearer: user.bearer(), body })
    for (let tried = 0; tried < 5; tried += 1) {
      await expectRefusal(await attempt(), 403, 'invalid_code')
    }
    const barred = await attempt()
    const retryAfter = Number(barred.headers.get('retry-after'))
    const error = await expectRefusal(barred, 429, 'rate_limited')
    expect(error.retryAfterSeconds).toBe(retryAfter)
    expect(retryAfter).toBeGreaterThan(25)
    expect(retryAfter).toBeLessThanOrEqual(30)
  })

  it('challenges with Bearer on every 401, and names a missing step-up (RFC 9470)', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { factorId } = await enrollTotp(user)
    const nobody = await post(environment.id, 'factor.list')
    expect(nobody.headers.get('www-authenticate')).toMatch(/^Bearer\b/)
    await expectRefusal(nobody, 401, 'unauthenticated')
    const garbage = await post(environment.id, 'factor.list', { bearer: 'x.y.z' })
    expect(garbage.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
    await expectRefusal(garbage, 401, 'unauthenticated')
    const unproved = await post(environment.id, 'factor.remove', {
      bearer: user.bearer(),
      body: { factorId },
    })
    expect(unproved.headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_user_authentication"',
    )
    const { requirement } = await expectRefusal(unproved, 401, 'step_up_required')
    expect(requirement).toMatchObject({ action: 'credential.unlink', scope: 'credential:unlink' })
    const stale = await post(environment.id, 'factor.enroll', {
      bearer: await environment.session({ sub: 'never-enrolled', auth_time: 1 }),
      body: { kind: 'totp' },
    })
    expect(stale.headers.get('www-authenticate')).toMatch(/^Bearer\b/)
    await expectRefusal(stale, 401, 'session_not_fresh')
  })

  it('has no challenge and no wait where neither helps', async () => {
    const { knock } = await everybody()
    const response = await knock('subject', 'policy.check', { body: { action: 'no.such' } })
    expect(response.headers.get('www-authenticate')).toBeNull()
    expect(response.headers.get('retry-after')).toBeNull()
    await expectRefusal(response, 404, 'unknown_action')
  })

  it('reaches the typed client with its reason, also from before the procedures', async () => {
    const { environment, session } = await everybody()
    const lost = call({ environment: 'console', bearer: () => session })
    await expectRefused(lost.factor.list.query(), 'unknown_environment')
    const client = call({ environment: environment.id, bearer: () => session })
    await expectRefused(
      client.token.exchange.mutate({ assertion: 'a'.repeat(66_000) }),
      'too_large',
    )
    const details = { a: { b: { c: { d: { e: { f: { g: { h: {} } } } } } } } }
    const deep = { ...details, i: { j: { k: { l: { m: { n: { o: details } } } } } } }
    await expectRefused(
      client.policy.check.query({ action: 'wallet.waas.sign', details: deep }),
      'input_invalid',
    )
  })
})

describe('details', () => {
  const longest = (bytes: number) => ({ a: 'x'.repeat(bytes - '{"a":""}'.length) })
  const check = async (details: unknown) => {
    const { knock } = await everybody()
    const body =
      typeof details === 'string'
        ? `{"action":"wallet.waas.sign","details":${details}}`
        : { action: 'wallet.waas.sign', details }
    return knock('subject', 'policy.check', { body })
  }

  it.each<[string, unknown]>([
    ['a type of the caller’s', { type: 'order.refund' }],
    ['an empty type', { type: null }],
    ['2,049 bytes', longest(2049)],
    ['2,049 bytes in characters of two', { a: `${'é'.repeat(1020)}x` }],
    ['a whole number beyond 2^53', '{"a":9007199254740992}'],
    ['one far below', '{"a":-9007199254740993}'],
    ['one that only looks like a fraction', '{"a":9007199254740993.0}'],
    ['one in the form of a power', '{"a":1e21}'],
    ['a number that is infinite', '{"a":1e999}'],
    ['one deep inside', '{"a":{"b":[1,{"c":12345678901234567890}]}}'],
    ['half of a surrogate pair', '{"a":"\\ud800"}'],
    ['the other half', '{"a":"\\udc00"}'],
    ['the halves in the wrong order', '{"a":"\\udc00\\ud800"}'],
    ['half of a pair in a key', '{"\\ud800":1}'],
    ['half of a pair deep inside', '{"a":[{"b":"\\udfff"}]}'],
  ])('refuses %s', async (_what, details) => {
    await expectRefusal(await check(details), 400, 'input_invalid')
  })

  it.each<[string, unknown]>([
    ['exactly 2,048 bytes', longest(2048)],
    ['2,048 bytes that were sent with spaces', `{ ${' '.repeat(4096)}"a" : 1 }`],
    ['a type further inside', { payload: { type: 'transfer' } }],
    ['the largest safe number', { a: Number.MAX_SAFE_INTEGER }],
    ['a fraction', { a: 0.1 }],
    ['emoji', { a: '👨‍👩‍👧‍👦' }],
    ['nothing', {}],
  ])('takes %s', async (_what, details) => {
    expect((await check(details)).status).toBe(200)
  })

  it('are looked at before a code is counted', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const before = await evidence(environment.id, user.subject)
    const response = await post(environment.id, 'challenge.verify', {
      bearer: user.bearer(),
      body: {
        method: 'totp',
        code: totpCode(secret),
        requestedScopes: ['wallet:sign'],
        details: { type: 'mine' },
      },
    })
    await expectRefusal(response, 400, 'input_invalid')
    expect(await evidence(environment.id, user.subject)).toEqual(before)
  })
})

describe('labels', () => {
  it.each([
    ['nothing', ''],
    ['65 characters', 'a'.repeat(65)],
    ['65 emoji', '😀'.repeat(65)],
    ['a NUL', 'a\u0000b'],
    ['a line break', 'a\nb'],
    ['a tab', 'a\tb'],
    ['DEL', 'a\u007f'],
    ['a control character of the upper half', 'a\u0085'],
    ['a line separator', 'a\u2028b'],
    ['a paragraph separator', 'a\u2029b'],
    ['a right-to-left override', 'a\u202egpj.exe'],
    ['an embedding', 'a\u202ab'],
    ['an isolate', 'a\u2066b\u2069'],
    ['a left-to-right mark', 'a\u200e'],
    ['a right-to-left mark', 'a\u200f'],
    ['an Arabic letter mark', 'a\u061c'],
    ['half of a surrogate pair', 'a\ud83d'],
  ])('refuse %s', async (_what, label) => {
    const { environment, subject, knock } = await everybody()
    const before = await evidence(environment.id, subject)
    const body = { kind: 'totp', label }
    await expectRefusal(await knock('subject', 'factor.enroll', { body }), 400, 'input_invalid')
    const key = { environment: environment.id, audience: AUDIENCE, label }
    const made = await knock('operator', 'environment.createResourceKey', { body: key })
    await expectRefusal(made, 400, 'input_invalid')
    expect(await evidence(environment.id, subject)).toEqual(before)
  })

  it.each([
    ['64 characters', 'a'.repeat(64)],
    ['64 emoji of two units each', '😀'.repeat(64)],
    ['families joined from seven characters each', `${'👨‍👩‍👧‍👦'.repeat(9)}!`],
    ['a flag and a heart with a variation selector', '🏳️‍🌈 ❤️'],
    ['Hebrew and Arabic without marks', 'הטלפון שלי هاتفي'],
    ['accents, composed and not', 'Zoë’s te\u0301le\u0301phone'],
  ])('take %s', async (_what, label) => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { factorId } = await enrollTotp(user)
    const { factors } = await user.client.factor.rename.mutate({ factorId, label })
    expect(factors.map((factor) => factor.label)).toEqual([label])
  })
})

describe('a subject that a resource names', () => {
  it.each([
    ['nothing', ''],
    ['256 characters', 'u'.repeat(256)],
    ['a NUL', 'alice\u0000'],
    ['a line break', 'alice\nbob'],
    ['DEL', 'alice\u007f'],
    ['a control character of the upper half', 'alice\u009f'],
    ['half of a surrogate pair', 'alice\ud800'],
    ['a number', 7],
    ['a list', ['alice']],
  ])('is refused: %s', async (_what, subject) => {
    const { knock } = await everybody()
    const body = { action: 'wallet.waas.sign', subject }
    await expectRefusal(await knock('resource', 'policy.check', { body }), 400, 'input_invalid')
  })

  it.each([
    ['255 characters', 'u'.repeat(255)],
    ['a separator and a path', 'auth0|../../alice'],
    ['another script', 'アリス 😀'],
    ['a space at the end', 'alice '],
  ])('is taken: %s', async (_what, subject) => {
    const { knock } = await everybody()
    const body = { action: 'wallet.waas.sign', subject }
    const decided = await answerOf(await knock('resource', 'policy.check', { body }))
    expect(decided).toMatchObject({ decision: 'permit', reason: 'not_enrolled' })
  })

  it('is not confused with one that differs in case, form or a space', async () => {
    const environment = await makeEnvironment()
    const { client } = await environment.resource()
    await enrollTotp(await environment.user({ sub: 'Zo\u00eb' }))
    const decisions = await Promise.all(
      ['Zo\u00eb', 'Zoe\u0308', 'zo\u00eb', 'Zo\u00eb '].map((subject) =>
        client.policy.check.query({ action: 'wallet.waas.sign', subject }),
      ),
    )
    expect(decisions.map(({ decision }) => decision)).toEqual([
      'step_up',
      'permit',
      'permit',
      'permit',
    ])
  })
})
