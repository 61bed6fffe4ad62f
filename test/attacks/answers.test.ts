// Answers, headers and logs reveal nothing: not whether a user, key or environment exists, neither by the words
// of a refusal nor by the work behind it, and no text of a caller appears where it could be taken for something
// else. Work is measured in calls between objects, because a clock would measure the machine.
import { base64urlnopad } from '@scure/base'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { pathOf } from '../../functions/routes/request.ts'
import { Directory } from '../../functions/state/directory/directory.ts'
import { Environment } from '../../functions/state/environment/environment.ts'
import { Subject } from '../../functions/state/subject/subject.ts'
import type { Tamper } from '../support/authenticator.ts'
import {
  enrollPasskey,
  finishEnrolling,
  finishStepUp,
  makeDevice,
  startEnrolling,
  startStepUp,
  stepUpWithPasskey,
} from '../support/ceremonies.ts'
import { post } from '../support/http.ts'
import { part, partsOf, signRaw } from '../support/jwt.ts'
import { nameOperator } from '../support/operators.ts'
import {
  AUDIENCE,
  enrollTotp,
  makeEnvironment,
  makeSigner,
  operator,
  PUBLIC_URL,
  refusedBy,
  send,
  stepUp,
  totpCode,
  unique,
} from '../support/service.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const ORDERS = 'https://orders.example'
const NOBODYS_FACTOR = `fac_${'A'.repeat(22)}`
const NOBODYS_CODE = 'ABCD-EFGH-JKMN-PQRS-TVWX-YZ01'
const PAGE = { origin: PUBLIC_URL, 'countersign-csrf': '1' }

/** Notes every call that reaches an object, until it is told to stop. */
function watchObjects() {
  const called: string[] = []
  const spies = [Subject, Environment, Directory].flatMap(({ prototype, name }) =>
    Object.getOwnPropertyNames(prototype).flatMap((verb) => {
      const original = Reflect.get(prototype, verb)
      if (verb === 'constructor' || typeof original !== 'function') return []
      const methods = prototype as unknown as Record<string, () => unknown>
      return vi.spyOn(methods, verb).mockImplementation(function (
        this: unknown,
        ...input: unknown[]
      ) {
        called.push(`${name}.${verb}`)
        return original.apply(this, input)
      })
    }),
  )
  const stop = () => {
    for (const spy of spies) spy.mockRestore()
  }
  return { called, stop }
}

/**
 * Asserts that all answers are the same, down to their headers, and took the same work.
 *
 * @returns the one answer, and the work
 */
async function expectAlike(...runs: (() => Promise<Response>)[]) {
  const { called, stop } = watchObjects()
  const told = []
  for (const run of runs) {
    called.length = 0
    const response = await run()
    const { 'x-request-id': _id, date: _date, ...headers } = Object.fromEntries(response.headers)
    told.push({ status: response.status, headers, body: await response.text(), work: [...called] })
  }
  stop()
  for (const one of told) expect(one).toEqual(told[0])
  const [first = { body: '', work: [] }] = told
  return { body: JSON.parse(first.body), work: first.work }
}
const refusal = (reason: string) => ({ error: { data: { reason } } })

/** Two users of an environment, the second of whom would like to know of the first. */
async function scene() {
  const environment = await makeEnvironment({ audiences: [AUDIENCE, ORDERS] })
  const [alice, mallory] = [await environment.user(), await environment.user()]
  const [hers, own] = [await enrollTotp(alice), await enrollTotp(mallory)]
  const as = (procedure: string, body: unknown, headers: Record<string, string> = {}) =>
    post(environment.id, procedure, { bearer: mallory.bearer(), body, headers })
  return { environment, alice, mallory, hers, own, as }
}

describe('a refusal does not tell', () => {
  it.each([
    ['to verify with', 'challenge.verify', { method: 'totp', code: '123456' }],
    ['to confirm', 'factor.confirm', { kind: 'totp', code: '123456' }],
    ['to rename', 'factor.rename', { label: 'mine' }],
  ])('whether a factor is somebody’s: %s', async (_what, procedure, body) => {
    const { hers, as } = await scene()
    const told = await expectAlike(
      () => as(procedure, { ...body, factorId: NOBODYS_FACTOR }),
      () => as(procedure, { ...body, factorId: hers.factorId }),
    )
    expect(told.body).toMatchObject(refusal('factor_not_found'))
    expect(told.work).toHaveLength(1)
  })

  it('whether a factor is somebody’s: to remove, with a token', async () => {
    const { mallory, hers, own, as } = await scene()
    const { token } = await stepUp(mallory, own.secret, ['credential:unlink'])
    const remove = (factorId: string) => () =>
      as('factor.remove', { factorId }, { 'countersign-token': token })
    const told = await expectAlike(remove(NOBODYS_FACTOR), remove(hers.factorId))
    expect(told.body).toMatchObject(refusal('factor_not_found'))
  })

  it('whether a recovery code is somebody’s', async () => {
    const { environment, hers } = await scene()
    const guess = async (code: string) => {
      const user = await environment.user()
      await enrollTotp(user)
      const body = { method: 'recovery', code }
      return () => post(environment.id, 'challenge.verify', { bearer: user.bearer(), body })
    }
    const [code = ''] = hers.recoveryCodes
    const told = await expectAlike(await guess(NOBODYS_CODE), await guess(code))
    expect(told.body).toMatchObject(refusal('invalid_code'))
    expect(told.work).toEqual(['Subject.stepUpRecovery'])
  })

  it('whether a resource key was ever one, here or elsewhere', async () => {
    const { environment } = await scene()
    const [revoked, kept] = [await environment.resource(), await environment.resource()]
    const foreign = await (await makeEnvironment()).resource()
    await operator.environment.revokeResourceKey.mutate({
      environment: environment.id,
      id: revoked.keyId,
    })
    const knock = (bearer: string) => () => post(environment.id, 'policy.list', { bearer })
    expect((await knock(kept.key)()).status).toBe(200)
    const told = await expectAlike(
      knock(`csk_res_${'A'.repeat(43)}`),
      knock(revoked.key),
      knock(foreign.key),
      knock(`${kept.key.slice(0, -1)}${kept.key.endsWith('A') ? 'B' : 'A'}`),
    )
    expect(told).toMatchObject({ body: refusal('unauthenticated'), work: [] })
  })

  it('whether an operator’s key was ever one', async () => {
    const [gone] = [await nameOperator(), await nameOperator()]
    await operator.operator.revoke.mutate({ id: gone.id })
    const knock = (bearer: string) => () => post('operator', 'environment.list', { bearer })
    const told = await expectAlike(knock(`csk_op_${'A'.repeat(43)}`), knock(gone.key))
    expect(told.body).toMatchObject(refusal('unauthenticated'))
    const signIn = (key: string) => () =>
      send('/console/session', {
        method: 'POST',
        headers: { ...PAGE, authorization: `Bearer ${key}` },
      })
    const refused = await expectAlike(signIn(`csk_op_${'A'.repeat(43)}`), signIn(gone.key))
    expect(refused.body).toMatchObject(refusal('unauthenticated'))
  })

  it('whether the session of a page was ever one', async () => {
    const { key } = await nameOperator()
    const headers = { ...PAGE, authorization: `Bearer ${key}` }
    const signedIn = await send('/console/session', { method: 'POST', headers })
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
    await signedIn.text()
    await (
      await send('/console/session', { method: 'DELETE', headers: { ...PAGE, cookie } })
    ).text()
    const self = (shown: string) => () =>
      post('operator', 'operator.self', { headers: { ...PAGE, cookie: shown } })
    const nobodys = `__Host-countersign=${'A'.repeat(43)}`
    const told = await expectAlike(self(nobodys), self(cookie))
    expect(told.body).toMatchObject(refusal('unauthenticated'))
  })

  it('whether there was an environment of a name', async () => {
    const { environment } = await scene()
    await operator.environment.remove.mutate({ environment: environment.id })
    const bearer = await environment.session({ sub: 'alice' })
    for (const ask of [
      (id: string) => () => post(id, 'factor.list', { bearer }),
      (id: string) => () => send(`/${id}/.well-known/jwks.json`),
    ]) {
      const names = [unique('nobody'), environment.id]
      for (const name of names) await (await ask(name)()).text()
      const told = await expectAlike(...names.map(ask))
      expect(told).toMatchObject({ body: refusal('unknown_environment'), work: [] })
    }
  })

  it('whose session it would have been: a forged one is refused before anybody is looked up', async () => {
    const { environment, alice } = await scene()
    const { header, payload } = partsOf(alice.bearer())
    const forger = await makeSigner()
    const forged = async (sub: string) => {
      const bearer = await signRaw(forger.privateKey, header, { ...payload, sub })
      return () => post(environment.id, 'factor.list', { bearer })
    }
    const told = await expectAlike(await forged(alice.subject), await forged('never-came'))
    expect(told).toMatchObject({ body: refusal('unauthenticated'), work: [] })
  })
})

describe('an answer does not tell', () => {
  it('whether a token of somebody else lives, was used, or is not a token', async () => {
    const { environment, alice, hers, as } = await scene()
    const { token: live } = await stepUp(alice, hers.secret, ['wallet:sign'])
    const link = { method: 'recovery', code: hers.recoveryCodes[0] ?? '' } as const
    const { elevatedToken } = await alice.client.challenge.verify.mutate({
      ...link,
      requestedScopes: ['credential:link'],
    })
    const used = elevatedToken?.token ?? ''
    await alice.with(used).factor.enroll.mutate({ kind: 'totp' })
    const { header, payload } = partsOf(live)
    const forged = `${part(header)}.${part(payload)}.${'A'.repeat(86)}`
    const orders = await environment.resource(ORDERS)
    await (await send(`/${environment.id}/.well-known/jwks.json`)).text()
    for (const procedure of ['token.introspect', 'token.revoke'])
      for (const bearer of [undefined, orders.key]) {
        const ask = (token: string) => () =>
          bearer === undefined
            ? as(procedure, { token })
            : post(environment.id, procedure, { bearer, body: { token } })
        const told = await expectAlike(...[live, used, forged, 'a.b.c', 'garbage'].map(ask))
        const data = procedure === 'token.revoke' ? { revoked: true } : { active: false }
        expect(told).toEqual({ body: { result: { data } }, work: [] })
      }
  })

  it('a resource whether a user was ever here, as long as none enrolled', async () => {
    const { environment } = await scene()
    const { key } = await environment.resource()
    const came = await environment.user()
    await came.client.factor.enroll.mutate({ kind: 'totp' })
    const ask = (subject: string) => () => {
      const body = { action: 'wallet.waas.sign', subject }
      return post(environment.id, 'policy.check', { bearer: key, body })
    }
    const told = await expectAlike(ask(came.subject), ask('never-came'))
    expect(told).toMatchObject({
      body: { result: { data: { decision: 'permit', reason: 'not_enrolled' } } },
      work: ['Subject.storedFacts'],
    })
  })

  it('why a passkey was refused, for whichever of twelve reasons', async () => {
    const { environment } = await scene()
    const user = await environment.user()
    const device = makeDevice()
    await enrollPasskey(user, device)
    await stepUpWithPasskey(user, device)
    const other = await environment.user()
    const theirs = makeDevice()
    await enrollPasskey(other, theirs)
    const bends: Tamper[] = [
      { origin: 'https://evil.example' },
      { rpId: 'evil.example' },
      { userVerified: false },
      { crossOrigin: true },
      { backupEligible: true },
      { counter: 0 },
      { signature: new Uint8Array(64) },
      { postedId: base64urlnopad.encode(new Uint8Array(32)) },
      { userHandle: base64urlnopad.encode(new Uint8Array(32)) },
    ]
    const told = []
    for (const bend of bends) {
      const started = await startStepUp(user)
      const bent = await device.authenticate(started.options, bend)
      told.push(await refusedBy(finishStepUp(user, started, bent)))
    }
    const started = await startStepUp(user)
    const { challenge, rpId } = started.options
    const answer = await theirs.authenticate({ challenge, rpId })
    told.push(await refusedBy(finishStepUp(user, started, answer)))
    // Nor, to a user who enrolls, that another user has a passkey of this id.
    const newcomer = await environment.user()
    const enrolling = await startEnrolling(newcomer)
    const id = device.credentials[0]?.id ?? ''
    for (const bend of [{ credentialId: id, postedId: id }, { rpId: 'evil.example' }]) {
      const made = await makeDevice().register(enrolling.options, bend)
      told.push(await refusedBy(finishEnrolling(newcomer, enrolling, made)))
    }
    expect(told).toHaveLength(12)
    for (const one of told) expect(one).toEqual(told[0])
    expect(told[0]?.reason).toBe('passkey_rejected')
  })
})

/** Catches all that is written to any log until the test is over. */
function catchLogs(): string[] {
  const lines: string[] = []
  for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, level).mockImplementation((...all) => void lines.push(all.join(' ')))
  return lines
}

describe('a log', () => {
  it('holds nothing that a caller wrote: no name, label, detail, code, token, header or query', async () => {
    const lines = catchLogs()
    const word = (where: string) => `canary-${where}-${crypto.randomUUID().slice(0, 8)}`
    const words = Object.fromEntries(
      ['sub', 'sid', 'label', 'details', 'query', 'agent', 'cookie', 'idempotency', 'field'].map(
        (where) => [where, word(where)],
      ),
    )
    const environment = await makeEnvironment()
    const user = await environment.user({ sub: words.sub ?? '', sid: words.sid, azp: words.sid })
    const { secret, factorId, recoveryCodes } = await enrollTotp(user)
    await user.client.factor.rename.mutate({ factorId, label: words.label })
    const { token } = await stepUp(user, secret, ['wallet:sign'], { to: words.details })
    const { key } = await environment.resource()
    const headers = { 'user-agent': words.agent ?? '', cookie: `a=${words.cookie}` }
    const raw = { bearer: key, headers }
    const use = { token, subject: user.subject, action: 'wallet.waas.sign' }
    const details = { to: words.details }
    const idempotencyKey = words.idempotency
    for (const body of [
      { ...use, details: { to: 'another' } },
      { ...use, details, idempotencyKey },
      { ...use, details },
      { ...use, [words.field ?? '']: words.field },
      { ...use, token: words.field },
    ])
      await (await post(environment.id, 'token.consume', { ...raw, body })).text()
    for (const [procedure, body] of [
      [`factor.list?input=${words.query}`, {}],
      ['challenge.verify', { method: 'totp', code: totpCode(secret) }],
      ['challenge.verify', { method: 'recovery', code: words.field }],
      ['policy.check', { action: words.field }],
      ['token.exchange', { assertion: words.field }],
      ['audit.list', { cursor: words.field }],
      ['policy.check', `{"${words.field}":`],
    ] as const)
      await (await post(environment.id, procedure, { ...raw, bearer: user.bearer(), body })).text()
    await (await post(environment.id, 'factor.list', { bearer: words.field })).text()
    const all = lines.join('\n')
    expect(all).toContain('token_used')
    for (const secretWord of Object.values(words)) expect(all).not.toContain(secretWord)
    for (const hidden of [user.bearer(), token, key, secret, totpCode(secret), ...recoveryCodes])
      expect(all).not.toContain(hidden)
  })

  it.each([
    ['a line break', '%0d%0a{"level":"info","forged":true}'],
    ['an escape of the terminal', '%1b%5b2J'],
    ['a line separator', '%e2%80%a8forged'],
    ['raw controls of a terminal and of the direction of text', '\u009b31m\u202eforged'],
    ['quotes and a brace', '"}{"forged":true'],
    ['nine thousand characters', 'x'.repeat(9_000)],
  ])('is one line of JSON a request, whatever the address holds: %s', async (_what, odd) => {
    const lines = catchLogs()
    for (const path of [`/${odd}`, `/demo/trpc/${odd}`, `/demo/.well-known/${odd}`])
      await (await send(path, { method: 'POST', body: '{}' })).text()
    expect(lines).toHaveLength(3)
    for (const line of lines) {
      for (const odd of ['\n', '\r', '\u2028', '\u001b', '\u009b', '\u202e'])
        expect(line).not.toContain(odd)
      expect(Object.keys(JSON.parse(line))).not.toContain('forged')
      expect(line.length).toBeLessThan(600)
    }
  })

  // `Request` encodes an address, and the server of workerd does not.
  it.each([
    ['/a\u009b31m\u202e\u2028é', '/a%C2%9B31m%E2%80%AE%E2%80%A8%C3%A9'],
    [`/${'x'.repeat(198)}\u{1f511}`, `/${'x'.repeat(198)}%`],
    ['/a?b#c', '/a'],
    ['#c', ''],
    ['', ''],
  ])('encodes the path of an address that is not encoded: %j', (sent, logged) => {
    expect(pathOf(`http://localhost${sent}`)).toBe(logged)
  })

  it.each([
    ['of nine thousand characters', 'x'.repeat(9_000)],
    ['with quotes in it', '8f0","forged":"1'],
    ['with a space in it', '8f0 forged'],
    ['that is a token', part({ alg: 'none' }).padEnd(80, 'A')],
  ])('takes no id of a request from its sender, nor does an answer: one %s', async (_what, ray) => {
    const lines = catchLogs()
    const response = await send('/health', { headers: { 'cf-ray': ray } })
    await response.text()
    expect(response.headers.get('x-request-id')).not.toBe(ray)
    expect(lines.join()).not.toContain(ray)
  })

  it('keeps the id of a request that the platform gave', async () => {
    const ray = '8f0e5c1d2b3a4f5e-AMS'
    const response = await send('/health', { headers: { 'cf-ray': ray } })
    await response.text()
    expect(response.headers.get('x-request-id')).toBe(ray)
  })
})

describe('a header of an answer', () => {
  it.each([
    '%0d%0aset-cookie:%20a=b',
    '%0aset-cookie:%20a=b',
    '%E5%98%8A%E5%98%8Dset-cookie:%20a=b',
    '..%2f..%2f%0d%0aset-cookie:%20a=b',
  ])('is not made by an address: %s', async (odd) => {
    for (const path of [`/${odd}`, `/${odd}/trpc/policy.check`, `/console/${odd}`]) {
      const response = await send(path, { headers: { origin: `https://x.example/${odd}` } })
      await response.text()
      expect(response.headers.get('set-cookie')).toBeNull()
      expect(JSON.stringify([...response.headers])).not.toContain('a=b')
    }
  })

  it('is not made by what a session says of its user', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user({
      sid: 'x\r\nset-cookie: a=b',
      azp: 'y\r\nset-cookie: a=b',
    })
    const { factorId } = await enrollTotp(user)
    const body = { factorId }
    const response = await post(environment.id, 'factor.remove', { bearer: user.bearer(), body })
    expect(response.status).toBe(401)
    expect([...response.headers].join()).not.toContain('a=b')
    await response.text()
  })
})

describe('the address of an authenticator app', () => {
  it.each([
    'alice?secret=AAAAAAAA&issuer=evil',
    'alice&secret=AAAAAAAA',
    'alice#&secret=AAAAAAAA',
    'alice%3Fsecret%3DAAAAAAAA',
    'Bank:alice?period=1',
    '../../totp/evil:alice',
  ])('takes nothing from the name of a user: %s', async (name) => {
    const session = { nameClaim: 'name' }
    const environment = await makeEnvironment({ rpName: 'Wallet', session })
    const user = await environment.user({ name })
    const shown = await user.client.factor.enroll.mutate({ kind: 'totp' })
    if (!('uri' in shown)) throw new Error('no address came back')
    const uri = new URL(shown.uri)
    expect(uri.hash).toBe('')
    expect(decodeURIComponent(uri.pathname)).toBe(`/Wallet:${name}`)
    expect(uri.searchParams.getAll('secret')).toEqual([shown.secret])
    expect(uri.searchParams.getAll('issuer')).toEqual(['Wallet'])
    expect(uri.searchParams.getAll('period')).toEqual(['30'])
  })
})
