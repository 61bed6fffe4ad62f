// Faults around the service: objects that are overloaded, reset or unavailable, KV, the key set of the
// application's backend, and clocks. Each has a defined answer, consumes nothing in vain, and leaves no trace
// afterwards. test/attacks/sessions.test.ts tests the key sets of sessions.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { EnvironmentSettings } from '../../contract/index.ts'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { Environment } from '../../functions/state/environment/environment.ts'
import { Subject } from '../../functions/state/subject/subject.ts'
import { makeDevice, startEnrolling } from '../support/ceremonies.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { evidence, historyAfterTheHour, historyOf } from '../support/evidence.ts'
import {
  type Bend,
  bent,
  failing,
  failingOnce,
  sendWith,
  TROUBLES,
  type Trouble,
} from '../support/faults.ts'
import { expectChallenge, guardScene } from '../support/guard.ts'
import { answerOf, errorOf, expectRefusal, post, type Send } from '../support/http.ts'
import {
  AUDIENCE,
  enrollTotp,
  expectRefused,
  makeEnvironment,
  makeSigner,
  OPERATOR_KEY,
  operator,
  send,
  stepUp,
  totpCode,
  unique,
  wrongCode,
} from '../support/service.ts'

restartClockAfterEach()
afterEach(() => {
  vi.restoreAllMocks()
})

const KEY = 'the-key-of-one-request'
const ACTIONS = [
  { action: 'user.update', base: { methods: ['totp' as const, 'assertion' as const] } },
]

/** A user with a factor, tokens and codes, and everybody who calls about them. */
async function scene(actions: EnvironmentSettings['actions'] = ACTIONS) {
  stopClock()
  const environment = await makeEnvironment({ actions })
  const user = await environment.user()
  const totp = await enrollTotp(user)
  const resource = await environment.resource()
  const { token } = await stepUp(user, totp.secret, ['wallet:sign'])
  advance(30)
  const assertion = await environment.assertion({ sub: user.subject, scope: 'user:update' })
  return { environment, user, totp, resource, token, assertion }
}
type Scene = Awaited<ReturnType<typeof scene>>

type Call = [procedure: string, as: 'user' | 'resource' | 'operator', body: (at: Scene) => object]

const consume = ({ token, user }: Scene) => ({
  token,
  subject: user.subject,
  action: 'wallet.waas.sign',
})
const named = ({ environment, user }: Scene) => ({
  environment: environment.id,
  subject: user.subject,
})
const factor = ({ totp }: Scene) => ({ factorId: totp.factorId })

/** Calls that the object of the user answers, the ones that change most last; none is refused. */
const READS: Call[] = [
  ['policy.check', 'user', () => ({ action: 'wallet.waas.sign' })],
  ['policy.check', 'resource', (at) => ({ action: 'wallet.waas.sign', subject: at.user.subject })],
  ['factor.list', 'user', () => ({})],
  ['audit.list', 'user', () => ({})],
  ['audit.verify', 'user', () => ({})],
  ['audit.checkpoint', 'user', () => ({})],
  ['audit.list', 'operator', named],
  ['subject.get', 'operator', named],
  ['token.introspect', 'resource', ({ token }) => ({ token })],
  ['recovery.acknowledge', 'user', () => ({})],
  ['token.consume', 'resource', (at) => ({ ...consume(at), idempotencyKey: KEY })],
  ['token.revoke', 'user', ({ token }) => ({ token })],
]
const CHANGES: Call[] = [
  ['factor.rename', 'user', (at) => ({ ...factor(at), label: 'mine' })],
  [
    'challenge.verify',
    'user',
    ({ totp }) => ({
      method: 'totp',
      code: totpCode(totp.secret),
      requestedScopes: ['wallet:export'],
    }),
  ],
  ['challenge.verify', 'user', ({ totp }) => ({ method: 'recovery', code: totp.recoveryCodes[0] })],
  ['token.exchange', 'user', ({ assertion }) => ({ assertion })],
  ['subject.unlock', 'operator', named],
  ['subject.endTokens', 'operator', named],
  ['subject.resetFactors', 'operator', named],
]
/** These want a token of their own first; that, too, is for the object to say. */
const GATED: Call[] = [
  ['factor.enroll', 'user', () => ({ kind: 'totp' })],
  ['factor.setDefault', 'user', factor],
  ['factor.remove', 'user', factor],
  ['recovery.regenerate', 'user', () => ({})],
]

function make(at: Scene, [procedure, as, body]: Call, through: Send = send): Promise<Response> {
  const { environment, user, resource } = at
  const bearer = { user: user.bearer(), resource: resource.key, operator: OPERATOR_KEY }[as]
  const route = as === 'operator' ? 'operator' : environment.id
  return post(route, procedure, { bearer, body: body(at) }, through)
}

const nameOf = ({ environment, user }: Scene) => subjectObjectName(environment.id, user.subject)
const bentUser = (at: Scene, bend: Bend) => bent(env.SUBJECT, nameOf(at), bend)

/** Asserts that a call could not be answered, and says when to try again. */
async function expectUnavailable(response: Response) {
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  const error = await expectRefusal(response, 503, 'unavailable')
  expect(error.retryAfterSeconds).toBeGreaterThan(0)
}

describe.each<Trouble>(['overloaded', 'reset', 'broken'])(
  'while the user’s object is %s',
  (trouble) => {
    it('every call about the user is answered 503, asks once, changes nothing, and works right after', async () => {
      const at = await scene()
      const { id } = at.environment
      for (const call of [...GATED, ...READS, ...CHANGES]) {
        const before = await evidence(id, at.user.subject)
        const { namespace, asked } = bentUser(at, failing(trouble))
        await expectUnavailable(await make(at, call, sendWith({ SUBJECT: namespace })))
        expect(asked, call[0]).toHaveLength(1)
        expect(await evidence(id, at.user.subject), call[0]).toEqual(before)
        const well = await make(at, call)
        expect(well.status, call[0]).toBe(GATED.includes(call) ? 401 : 200)
        await well.body?.cancel()
      }
    })
  },
)

describe('when the platform says that a user’s object may be back', () => {
  it.each(READS)('%s (%s) is asked once more, of a new stub', async (...call) => {
    const at = await scene()
    const { namespace, asked } = bentUser(at, failingOnce('away', 'before'))
    const response = await make(at, call, sendWith({ SUBJECT: namespace }))
    expect(response.status).toBe(200)
    await response.body?.cancel()
    expect(asked.map(({ stub }) => stub)).toEqual([0, 1])
    expect(new Set(asked.map(({ verb }) => verb)).size).toBe(1)
  })

  it('is not asked a third time', async () => {
    const at = await scene()
    const { namespace, asked } = bentUser(at, failing('away'))
    const check: Call = ['factor.list', 'user', () => ({})]
    await expectUnavailable(await make(at, check, sendWith({ SUBJECT: namespace })))
    expect(asked).toHaveLength(2)
  })

  it('is never asked again for what would happen twice', async () => {
    const at = await scene()
    const unkeyed: Call = ['token.consume', 'resource', consume]
    for (const call of [...GATED, ...CHANGES, unkeyed]) {
      const { namespace, asked } = bentUser(at, failing('away'))
      await expectUnavailable(await make(at, call, sendWith({ SUBJECT: namespace })))
      expect(asked, call[0]).toHaveLength(1)
    }
  })
})

it('counts a call in observe mode once, even if the reply to the count is lost', async () => {
  const observed = { action: 'wallet.waas.sign', base: { mode: 'observe' as const } }
  const at = await scene([...ACTIONS, observed])
  const lost = failingOnce('away', 'after')
  const { namespace, asked } = bentUser(at, (verb, call) =>
    verb === 'noteObserved' ? lost(verb, call) : call(),
  )
  await expectUnavailable(await make(at, READS[0] as Call, sendWith({ SUBJECT: namespace })))
  expect(asked.map(({ verb }) => verb)).toEqual(['storedFacts', 'noteObserved'])
  const history = await historyAfterTheHour(at.environment.id, at.user.subject)
  expect(history.filter(({ type }) => type === 'policy.observed')).toMatchObject([
    { data: { count: 1 } },
  ])
})

describe('when the object did it and the answer was lost', () => {
  it('a consume with a key is asked again and told that it repeats', async () => {
    const at = await scene()
    const { namespace, asked } = bentUser(at, failingOnce('away', 'after'))
    const call: Call = [
      'token.consume',
      'resource',
      (s) => ({ ...consume(s), idempotencyKey: KEY }),
    ]
    const through = sendWith({ SUBJECT: namespace })
    const answer = await answerOf(await make(at, call, through))
    expect(answer).toMatchObject({ accepted: true, replayed: true })
    expect(asked).toHaveLength(2)
    const history = await historyOf(at.environment.id, at.user.subject)
    expect(history.filter(({ type }) => type === 'token.consumed')).toHaveLength(1)
  })

  it('a consume that was reset has its answer for a caller who repeats it with its key, and for nobody else', async () => {
    const at = await scene()
    const keyed: Call = [
      'token.consume',
      'resource',
      (s) => ({ ...consume(s), idempotencyKey: KEY }),
    ]
    const { namespace } = bentUser(at, failingOnce('reset', 'after'))
    await expectUnavailable(await make(at, keyed, sendWith({ SUBJECT: namespace })))
    expect(await answerOf(await make(at, keyed))).toMatchObject({ accepted: true, replayed: true })
    await expectRefusal(await make(at, ['token.consume', 'resource', consume]), 409, 'token_used')
  })

  it.each<[Call, number, string, string]>([
    [CHANGES[1] as Call, 409, 'code_already_used', 'step_up.passed'],
    [CHANGES[2] as Call, 409, 'code_already_used', 'step_up.passed'],
    [CHANGES[3] as Call, 403, 'assertion_invalid', 'step_up.passed'],
  ])('%s is spent, once, and says so', async (call, status, reason, type) => {
    const at = await scene()
    const count = async () =>
      (await historyOf(at.environment.id, at.user.subject)).filter((one) => one.type === type)
        .length
    const before = await count()
    const { namespace } = bentUser(at, failingOnce('away', 'after'))
    await expectUnavailable(await make(at, call, sendWith({ SUBJECT: namespace })))
    const again = await make(at, call)
    expect(again.status).toBe(status)
    expect(await errorOf(again)).toMatchObject({ reason })
    expect(await count()).toBe(before + 1)
  })

  it('a wrong code was counted all the same', async () => {
    const at = await scene()
    const call: Call = [
      'challenge.verify',
      'user',
      ({ totp }) => ({ method: 'totp', code: wrongCode(totp.secret) }),
    ]
    const { namespace } = bentUser(at, failingOnce('away', 'after'))
    await expectUnavailable(await make(at, call, sendWith({ SUBJECT: namespace })))
    expect(await errorOf(await make(at, call))).toMatchObject({ attemptsLeft: 3 })
  })
})

it.each([
  ['before it wrote', false],
  ['after it wrote', true],
])(
  'an object that is really reset in the middle of a consume, %s, answers the same request afterwards',
  async (_when, writes) => {
    const at = await scene()
    const { consume: real } = Subject.prototype
    vi.spyOn(Subject.prototype, 'consume').mockImplementationOnce(function (this: Subject, call) {
      if (writes) real.call(this, call)
      Reflect.get(this, 'ctx').abort('reset by a test')
      throw new Error('not reached')
    })
    const call: Call = [
      'token.consume',
      'resource',
      (s) => ({ ...consume(s), idempotencyKey: KEY }),
    ]
    await expectUnavailable(await make(at, call))
    expect(await answerOf(await make(at, call))).toMatchObject({ accepted: true })
    expect(await answerOf(await make(at, call))).toMatchObject({ replayed: true })
    await expectRefusal(await make(at, ['token.consume', 'resource', consume]), 409, 'token_used')
  },
)

/** A user of an environment that every call of the test reads again. */
async function readAnew() {
  const at = await scene()
  const answer = await send(`/${at.environment.id}/.well-known/jwks.json`)
  await answer.body?.cancel()
  advance(25)
  return at
}
const check: Call = ['policy.check', 'user', () => ({ action: 'wallet.waas.sign' })]
const kvOf = (get: () => Promise<unknown>) => ({ get, put: async () => undefined })
const bentEnvironment = ({ environment }: Scene, bend: Bend) =>
  bent(env.ENVIRONMENT, environment.id, bend)
const silent = (at: Scene) => bentEnvironment(at, failing('reset')).namespace

describe('while the register of credentials does not answer the confirmation of a passkey', () => {
  async function confirming() {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const device = makeDevice()
    const started = await startEnrolling(user)
    const response = await device.register(started.options)
    const { factorId, challenge } = started
    const body = { kind: 'passkey', factorId, challenge, response }
    const confirm = () => post(environment.id, 'factor.confirm', { bearer: user.bearer(), body })
    return { user, confirm }
  }

  it.each([
    ['before it took the credential', false],
    ['after it took the credential', true],
  ])('nothing is enrolled, and the same answer is good afterwards: %s', async (_when, writes) => {
    const { user, confirm } = await confirming()
    const { claimCredential: real } = Environment.prototype
    vi.spyOn(Environment.prototype, 'claimCredential').mockImplementationOnce(function (
      this: Environment,
      ...input
    ) {
      if (writes) real.apply(this, input)
      throw TROUBLES.reset()
    })
    await expectUnavailable(await confirm())
    expect(await user.client.factor.list.query()).toMatchObject({ enrolled: false, factors: [] })
    expect((await confirm()).status).toBe(200)
    expect(await user.client.factor.list.query()).toMatchObject({ factors: [{ kind: 'passkey' }] })
  })

  it('a refusal stays as it is, where the credential cannot be given back', async () => {
    stopClock()
    const { user, confirm } = await confirming()
    const { claimCredential: real } = Environment.prototype
    vi.spyOn(Environment.prototype, 'claimCredential').mockImplementationOnce(function (
      this: Environment,
      ...input
    ) {
      // The enrollment expires while its credential is asked for.
      advance(3600)
      return real.apply(this, input)
    })
    const release = vi.spyOn(Environment.prototype, 'releaseCredentials').mockImplementation(() => {
      throw TROUBLES.reset()
    })
    await expectRefusal(await confirm(), 400, 'challenge_expired')
    expect(release).toHaveBeenCalledTimes(1)
    await user.signIn({})
    expect(await user.client.factor.list.query()).toMatchObject({ enrolled: false, factors: [] })
  })
})

it('an id that names nothing is asked for once in a while, however often it is called', async () => {
  const id = unique('nothing')
  const { namespace, asked } = bent(env.ENVIRONMENT, id, (_verb, call) => call())
  const through = sendWith({ ENVIRONMENT: namespace })
  for (let i = 0; i < 5; i += 1) {
    const answer = await through(`/${id}/.well-known/jwks.json`)
    expect(answer.status).toBe(404)
    await answer.body?.cancel()
  }
  expect(asked).toHaveLength(1)
})

describe('while the environment’s object does not answer', () => {
  it.each<Trouble>(['overloaded', 'reset', 'broken', 'away'])(
    'because it is %s, the copy serves what may be stale, and nothing else',
    async (trouble) => {
      const at = await readAnew()
      const { namespace, asked } = bentEnvironment(at, failing(trouble))
      const through = sendWith({ ENVIRONMENT: namespace })
      expect((await make(at, check, through)).status).toBe(200)
      expect(asked).toHaveLength(trouble === 'away' ? 2 : 1)
      const [rename, ...others] = CHANGES.filter(([, as]) => as === 'user')
      for (const call of [...GATED, ...others]) {
        await expectUnavailable(await make(at, call, through))
      }
      // It needs a session alone, which the copy says how to check.
      expect((await make(at, rename as Call, through)).status).toBe(200)
      expect((await make(at, CHANGES[1] as Call)).status).toBe(200)
    },
  )

  it.each<[procedure: string, scope: string, body: (at: Scene) => object]>([
    ['factor.enroll', 'credential:link', () => ({ kind: 'totp' })],
    ['factor.setDefault', 'credential:update', factor],
    ['recovery.regenerate', 'credential:update', () => ({})],
    ['factor.remove', 'credential:unlink', factor],
  ])(
    '%s is not decided by the copy, with a token that is good for it',
    async (name, scope, body) => {
      const at = await readAnew()
      const { token } = await stepUp(at.user, at.totp.secret, [scope])
      const before = await evidence(at.environment.id, at.user.subject)
      advance(25)
      const change = (through: Send) => {
        const headers = { 'countersign-token': token }
        const raw = { bearer: at.user.bearer(), headers, body: body(at) }
        return post(at.environment.id, name, raw, through)
      }
      const { namespace } = bentEnvironment(at, failing('reset'))
      // What the copy may answer shows that it is there.
      const through = sendWith({ ENVIRONMENT: namespace })
      expect((await make(at, check, through)).status).toBe(200)
      await expectUnavailable(await change(through))
      expect(await evidence(at.environment.id, at.user.subject)).toEqual(before)
      expect((await change(send)).status).toBe(200)
    },
  )

  const good = async (id: string) =>
    JSON.parse((await env.PUBLISHED.get(`published:${id}`)) ?? '') as Record<string, unknown>
  it.each<[string, (copy: Record<string, unknown>) => unknown]>([
    ['is not there', () => null],
    ['cannot be had', () => Promise.reject(new Error('KV GET failed: 500 Internal Server Error'))],
    ['is no JSON', () => Promise.reject(new SyntaxError('Unexpected token <'))],
    ['is a text', () => 'published'],
    ['is a list', () => []],
    ['is empty', () => ({})],
    ['says nothing of when it was confirmed', ({ confirmedAt: _, ...copy }) => copy],
    ['was confirmed at a text', (copy) => ({ ...copy, confirmedAt: `${copy.confirmedAt}` })],
    ['was confirmed 301 s ago', (copy) => ({ ...copy, confirmedAt: Date.now() / 1000 - 301 })],
    ['was confirmed by a clock ahead', (c) => ({ ...c, confirmedAt: Date.now() / 1000 + 300 })],
    ['was confirmed in milliseconds', (copy) => ({ ...copy, confirmedAt: Date.now() })],
    ['has no settings', ({ settings: _, ...copy }) => copy],
    ['has settings of another form', (copy) => ({ ...copy, settings: { rpId: 1 } })],
    ['has no keys', ({ keySet: _, ...copy }) => copy],
    ['has keys of another form', (copy) => ({ ...copy, keySet: { keys: 'k1' } })],
  ])('nothing is answered where the copy %s', async (_what, copyOf) => {
    const at = await readAnew()
    const copy = await good(at.environment.id)
    const through = sendWith({ ENVIRONMENT: silent(at), PUBLISHED: kvOf(async () => copyOf(copy)) })
    await expectUnavailable(await make(at, check, through))
    await expectUnavailable(await through(`/${at.environment.id}/.well-known/jwks.json`))
    // The same copy unbent is good, and so is the object, at the next call.
    const unbent = sendWith({ ENVIRONMENT: silent(at), PUBLISHED: kvOf(async () => copy) })
    expect((await make(at, check, unbent)).status).toBe(200)
    expect((await make(at, check)).status).toBe(200)
  })
})

/** An operator's calls about an environment, in an order in which each can be made once for real. */
const OPERATED: Call[] = [
  ['environment.get', 'operator', ({ environment: { id } }) => ({ environment: id })],
  ['audit.list', 'operator', ({ environment: { id } }) => ({ environment: id })],
  ['audit.verify', 'operator', ({ environment: { id } }) => ({ environment: id })],
  ['environment.preview', 'operator', (at) => ({ ...changed(at) })],
  ['environment.update', 'operator', (at) => ({ ...changed(at), version: 1 })],
  ['environment.rotateKeys', 'operator', ({ environment: { id } }) => ({ environment: id })],
  [
    'environment.createResourceKey',
    'operator',
    ({ environment: { id } }) => ({ environment: id, audience: AUDIENCE }),
  ],
  [
    'environment.revokeResourceKey',
    'operator',
    ({ environment: { id }, resource }) => ({ environment: id, id: resource.keyId }),
  ],
  ['environment.remove', 'operator', ({ environment: { id } }) => ({ environment: id })],
]
const changed = ({ environment: { id, document } }: Scene) => ({
  environment: id,
  settings: { ...document, name: 'Changed' },
})

/** Loses the answer to what changes an environment, and lets reads through. */
const losingChanges: Bend = async (verb, call) => {
  const answer = await call()
  if (['update', 'remove'].includes(verb)) throw TROUBLES.reset()
  return answer
}

describe('an operator’s call', () => {
  it('is answered 503 while the environment’s object is overloaded, changes nothing, and works right after', async () => {
    const at = await scene()
    const { id } = at.environment
    for (const call of OPERATED) {
      const before = await evidence(id)
      const { namespace } = bentEnvironment(at, failing('overloaded'))
      await expectUnavailable(await make(at, call, sendWith({ ENVIRONMENT: namespace })))
      expect(await evidence(id), call[0]).toEqual(before)
      const well = await make(at, call)
      expect(well.status, call[0]).toBe(200)
      await well.body?.cancel()
    }
  })

  it('is answered 503 while the directory is overloaded, whatever it is, and works right after', async () => {
    const at = await scene()
    const name = unique('name')
    const listing: Call[] = [
      ['environment.list', 'operator', () => ({})],
      ['operator.list', 'operator', () => ({})],
      ['operator.create', 'operator', () => ({ name, automation: true })],
    ]
    const named = async () =>
      (await operator.operator.list.query()).operators.filter((one) => one.name === name)
    for (const call of [
      ...listing,
      ...CHANGES.filter(([, as]) => as === 'operator'),
      ...OPERATED,
    ]) {
      const operators = await named()
      const before = await evidence(at.environment.id, at.user.subject)
      const { namespace } = bent(env.DIRECTORY, 'directory', failing('overloaded'))
      await expectUnavailable(await make(at, call, sendWith({ DIRECTORY: namespace })))
      expect(await evidence(at.environment.id, at.user.subject), call[0]).toEqual(before)
      expect(await named()).toEqual(operators)
      const well = await make(at, call)
      expect(well.status, call[0]).toBe(200)
      await well.body?.cancel()
    }
  })

  it('that changes something is not asked again by itself', async () => {
    const at = await scene()
    const awayFor =
      (...verbs: string[]): Bend =>
      (verb, call) =>
        verbs.includes(verb) ? Promise.reject(TROUBLES.away()) : call()
    const changing = ['update', 'rotateKeys', 'createResourceKey', 'revokeResourceKey', 'remove']
    for (const [index, verb] of changing.entries()) {
      const { namespace, asked } = bentEnvironment(at, awayFor(...changing))
      const call = OPERATED[4 + index] as Call
      await expectUnavailable(await make(at, call, sendWith({ ENVIRONMENT: namespace })))
      expect(asked.filter((one) => one.verb === verb)).toHaveLength(1)
    }
    const robot = { name: unique('name'), automation: true }
    const { id } = (await operator.operator.create.mutate(robot)).operator
    const settings = at.environment.document
    const listed: [verb: string, call: Call][] = [
      [
        'enter',
        ['environment.create', 'operator', () => ({ environment: unique('env'), settings })],
      ],
      ['leave', OPERATED.at(-1) as Call],
      ['createOperator', ['operator.create', 'operator', () => ({ name: unique('name') })]],
      ['revokeOperator', ['operator.revoke', 'operator', () => ({ id })]],
    ]
    for (const [verb, call] of listed) {
      const { namespace, asked } = bent(env.DIRECTORY, 'directory', awayFor(verb))
      await expectUnavailable(await make(at, call, sendWith({ DIRECTORY: namespace })))
      expect(asked.filter((one) => one.verb === verb)).toHaveLength(1)
    }
  })

  it('that was carried out and lost its answer can be looked up, or made again', async () => {
    const at = await scene()
    const { id, document } = at.environment
    const lost = () => bentEnvironment(at, losingChanges).namespace
    await expectUnavailable(await make(at, OPERATED[4] as Call, sendWith({ ENVIRONMENT: lost() })))
    await expectRefusal(await make(at, OPERATED[4] as Call), 409, 'conflict')
    expect(await operator.environment.get.query({ environment: id })).toMatchObject({
      version: 2,
      settings: { name: 'Changed' },
    })
    // A removal is three steps: whichever was the last, the next one carries on.
    const failsToDelete = {
      ...kvOf(async () => null),
      delete: () => Promise.reject(new Error('KV')),
    }
    const remove = OPERATED.at(-1) as Call
    await expectUnavailable(await make(at, remove, sendWith({ ENVIRONMENT: lost() })))
    await expectUnavailable(await make(at, remove, sendWith({ PUBLISHED: failsToDelete })))
    expect((await make(at, remove)).status).toBe(200)
    const again = operator.environment.create.mutate({ environment: id, settings: document })
    await expectRefused(again, 'conflict')
  })
})

it('a copy that cannot be written fails no change, and is written as soon as it can be', async () => {
  stopClock()
  const { id, document } = await makeEnvironment()
  const stub = env.ENVIRONMENT.getByName(id)
  const read = async () => {
    advance(21)
    const answer = await send(`/${id}/.well-known/jwks.json`)
    expect(answer.status).toBe(200)
    await answer.body?.cancel()
  }
  const put = vi.fn(() => Promise.reject(new Error('KV PUT failed: 429 Too Many Requests')))
  await runInDurableObject(stub, (instance: Environment) => {
    Reflect.set(instance, 'env', { ...env, PUBLISHED: { put } })
  })
  const settings = { ...document, name: 'Changed' }
  const updated = await operator.environment.update.mutate({
    environment: id,
    settings,
    version: 1,
  })
  expect(updated.version).toBe(2)
  await read()
  expect(put).toHaveBeenCalledTimes(1)
  await read()
  expect(put).toHaveBeenCalledTimes(2)
  await runInDurableObject(stub, (instance: Environment) => {
    Reflect.set(instance, 'env', env)
  })
  await read()
  await expect
    .poll(() => env.PUBLISHED.get(`published:${id}`, 'json'))
    .toMatchObject({ version: 2 })
})

describe('the key set of the application’s backend', () => {
  const jwksUri = 'https://backend.example/keys'
  const serve = (answer: (init?: RequestInit) => Response | Promise<Response>) =>
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (_input, init) => answer(init))

  async function vouched() {
    const environment = await makeEnvironment({
      actions: ACTIONS,
      assertions: { issuer: 'https://backend.example', keys: { jwksUri } },
    })
    const user = await environment.user()
    const assertion = await environment.assertion({ sub: user.subject, scope: 'user:update' })
    const exchange = () =>
      post(environment.id, 'token.exchange', { bearer: user.bearer(), body: { assertion } })
    const keys = [environment.backend.publicJwk]
    return { environment, user, exchange, keys }
  }
  const whenGivenUp = (init?: RequestInit) =>
    new Promise<never>((_resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))
    })

  it.each<[string, (keys: object[], init?: RequestInit) => Response | Promise<Response>]>([
    ['never answers', (_, init) => whenGivenUp(init)],
    ['is longer than 128 KiB', (keys) => Response.json({ pad: 'x'.repeat(131_072), keys })],
    ['is somewhere else', () => new Response('', { status: 302, headers: { location: '/k' } })],
    ['is not there', (keys) => Response.json({ keys }, { status: 404 })],
    ['is a page', () => new Response('<!doctype html><title>Sign in</title>')],
    ['cannot be reached', () => Promise.reject(new TypeError('Network connection lost.'))],
  ])('that %s is answered 503 in time, and spends no assertion', async (_what, answer) => {
    const { environment, user, exchange, keys } = await vouched()
    const before = await evidence(environment.id, user.subject)
    serve((init) => answer(keys, init))
    const startedAt = performance.now()
    await expectUnavailable(await exchange())
    expect(performance.now() - startedAt).toBeLessThan(4500)
    expect(await evidence(environment.id, user.subject)).toEqual(before)
    serve(() => Response.json({ keys }))
    expect((await exchange()).status).toBe(200)
  })

  it.each<[string, () => Promise<object>]>([
    ['RSA', async () => (await makeSigner('RS256')).publicJwk],
    ['another curve', async () => (await makeSigner('ES384')).publicJwk],
    ['a shared secret', async () => ({ kty: 'oct', k: 'c2VjcmV0', kid: 'k1' })],
    ['a key to encrypt with', async () => ({ ...(await makeSigner()).publicJwk, use: 'enc' })],
    ['a kind that nobody knows', async () => ({ kty: 'AKP', kid: 'k1' })],
  ])(
    'that holds %s instead opens nothing, and is asked again in half a minute',
    async (_kind, other) => {
      stopClock()
      const { exchange, keys } = await vouched()
      const wrong = await other()
      serve(() => Response.json({ keys: [wrong] }))
      await expectRefusal(await exchange(), 403, 'assertion_invalid')
      serve(() => Response.json({ keys }))
      advance(31)
      expect((await exchange()).status).toBe(200)
    },
  )
})

describe('a clock that is five minutes off', () => {
  const OFF = 300
  const at = () => Math.floor(Date.now() / 1000)

  it.each<[string, number, number, string | undefined]>([
    ['ahead', OFF, 401, 'unauthenticated'],
    ['behind', -OFF, 200, undefined],
  ])(
    'at the login, %s: its sessions are refused or older than they are, never fresher',
    async (_, off, status, reason) => {
      stopClock()
      const environment = await makeEnvironment({ firstFactorSessionSeconds: 200 })
      const times = { iat: at() + off, exp: at() + off + 3600, auth_time: at() + off }
      const user = await environment.user(times)
      const list = () => post(environment.id, 'factor.list', { bearer: user.bearer(), body: {} })
      const first = await list()
      expect(first.status).toBe(status)
      if (reason) expect(await errorOf(first)).toMatchObject({ reason })
      const enroll = await post(environment.id, 'factor.enroll', {
        bearer: user.bearer(),
        body: { kind: 'totp' },
      })
      await expectRefusal(enroll, 401, reason ? 'unauthenticated' : 'session_not_fresh')
      // Once the clock is right, so is everything.
      await user.signIn({})
      expect((await list()).status).toBe(200)
    },
  )

  it('at the login, ahead, makes a session without `iat` one that nobody knows the age of', async () => {
    stopClock()
    const environment = await makeEnvironment()
    const bearer = await environment.login.sign({
      iss: environment.document.session.issuer,
      aud: 'app',
      sub: 'alice',
      exp: at() + 3600,
      auth_time: at() + OFF,
    })
    const enroll = () => post(environment.id, 'factor.enroll', { bearer, body: { kind: 'totp' } })
    await expectRefusal(await enroll(), 401, 'session_not_fresh')
    advance(OFF)
    expect((await enroll()).status).toBe(200)
  })

  it.each([
    ['ahead', OFF],
    ['behind', -OFF],
  ])('at the backend, %s: its assertions are refused, and spent by none of it', async (_, off) => {
    stopClock()
    const environment = await makeEnvironment({ actions: ACTIONS })
    const user = await environment.user()
    const signed = (by: number) =>
      environment.assertion({
        sub: user.subject,
        scope: 'user:update',
        iat: at() + by,
        exp: at() + by + 60,
        auth_time: at() + by,
      })
    const exchange = (assertion: string) =>
      post(environment.id, 'token.exchange', { bearer: user.bearer(), body: { assertion } })
    const assertion = await signed(off)
    await expectRefusal(await exchange(assertion), 403, 'assertion_invalid')
    expect((await exchange(await signed(0))).status).toBe(200)
    if (off < 0) return
    advance(off)
    expect((await exchange(assertion)).status).toBe(200)
    await expectRefusal(await exchange(assertion), 403, 'assertion_invalid')
  })

  it('at the resource, ahead: tokens seem expired there, are not spent, and are good when it is right', async () => {
    stopClock()
    let off = OFF
    const s = await guardScene({}, { now: () => at() + off })
    const token = await s.earn()
    await expectChallenge(await s.check(token), 'token_expired')
    expect(s.wire.presented()).toHaveLength(0)
    off = 0
    expect((await s.check(token)).allowed).toBe(true)
    expect((await s.check(token)).allowed).toBe(false)
  })

  it('at the resource, behind: the service still says what has expired and what was used', async () => {
    stopClock()
    let off = -OFF
    const s = await guardScene({}, { now: () => at() + off })
    const token = await s.earn()
    expect((await s.check(token)).allowed).toBe(true)
    off = 0
    await expectChallenge(await s.check(token), 'token_used')
    off = -OFF
    const late = await s.earn()
    advance(301)
    await expectChallenge(await s.check(late), 'token_expired')
    off = 0
    expect((await s.check(await s.earn())).allowed).toBe(true)
  })

  it('at the service, set back: a key that was revoked is forgotten within 25 s all the same', async () => {
    stopClock()
    const environment = await makeEnvironment()
    const { key, keyId } = await environment.resource()
    const list = () => post(environment.id, 'policy.list', { bearer: key })
    advance(OFF)
    expect((await list()).status).toBe(200)
    advance(-OFF)
    // Revoked by an isolate elsewhere: this one is not told.
    const stub = env.ENVIRONMENT.getByName(environment.id)
    await runInDurableObject(stub, (instance: Environment) =>
      instance.revokeResourceKey(keyId, 'x'),
    )
    advance(25)
    await expectRefusal(await list(), 401, 'unauthenticated')
  })

  it('at the service, set back: what was used stays used, and a newer code is taken when its time comes', async () => {
    stopClock()
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const resource = await environment.resource()
    const verify = (code: string) =>
      post(environment.id, 'challenge.verify', {
        bearer: user.bearer(),
        body: { method: 'totp', code, requestedScopes: ['wallet:sign'] },
      })
    const use = (token: string) =>
      post(environment.id, 'token.consume', {
        bearer: resource.key,
        body: { token, subject: user.subject, action: 'wallet.waas.sign' },
      })
    advance(OFF)
    const ahead = totpCode(secret)
    const { elevatedToken } = await answerOf<{ elevatedToken: { token: string } }>(
      await verify(ahead),
    )
    expect((await use(elevatedToken.token)).status).toBe(200)
    advance(-OFF)
    await expectRefusal(await use(elevatedToken.token), 409, 'token_used')
    // Older codes than the newest that was used are refused until the clock has caught up.
    await expectRefusal(await verify(totpCode(secret)), 409, 'code_already_used')
    advance(OFF)
    await expectRefusal(await verify(ahead), 409, 'code_already_used')
    advance(60)
    expect((await verify(totpCode(secret))).status).toBe(200)
  })

  it('at the service, set back: the copy is confirmed by the right clock at once', async () => {
    stopClock()
    const { id } = await makeEnvironment()
    const read = async () => {
      const answer = await send(`/${id}/.well-known/jwks.json`)
      await answer.body?.cancel()
    }
    const confirmedAt = async () =>
      ((await env.PUBLISHED.get(`published:${id}`, 'json')) as { confirmedAt: number }).confirmedAt
    advance(OFF)
    await read()
    await expect.poll(confirmedAt).toBe(at())
    advance(-OFF)
    await read()
    await expect.poll(confirmedAt).toBe(at())
  })
})
