// What each call costs: calls of objects, SQL statements, rows, transactions, KV and fetches. costs.md holds the
// numbers, and docs/scale.md is computed from them. `npx vitest run test/state/costs.test.ts -u` writes new ones:
// look at what changed before you commit it.
import {
  createExecutionContext,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import {
  DAY_SECONDS,
  FREE_CONSECUTIVE_FAILURES,
  HOUR_SECONDS,
} from '../../functions/domain/factors/throttle.ts'
import { count as countEvent, flush } from '../../functions/edge/counting.ts'
import { forgetEnvironment, openEnvironment } from '../../functions/edge/environment.ts'
import { openOperators } from '../../functions/edge/operator-environment.ts'
import { readBindings } from '../../functions/env.ts'
import { appRouter } from '../../functions/router.ts'
import type { Environment } from '../../functions/state/environment/environment.ts'
import worker from '../../functions/worker.ts'
import { type Call, callOf, requestOf } from '../fuzz/calls.ts'
import {
  enroll,
  type Fixture,
  makeRealm,
  OPERATOR_ROUTE,
  type Person,
  type Realm,
} from '../fuzz/fixtures.ts'
import { directory, environmentOf, subjectOf } from '../fuzz/objects.ts'
import { type Context, earnBound, VALID_CALLS } from '../fuzz/valid-calls.ts'
import {
  earnWithPasskey,
  makeDevice,
  startEnrolling,
  startStepUp,
  stepUpWithPasskey,
} from '../support/ceremonies.ts'
import { advance } from '../support/clock.ts'
import { type Costs, costsOf, prepareToCount } from '../support/costs.ts'
import { SIZES } from '../support/scale/sizes.ts'
import * as service from '../support/service.ts'

const HOUR_MILLISECONDS = HOUR_SECONDS * 1000
const STEP_SECONDS = 30
/** Step-ups of which the size is the mean. */
const MEASURED = 30
const SIGN = { action: 'wallet.waas.sign' }
const SIGN_SCOPE = 'wallet:sign'
const REFUND = { action: 'order.refund', details: { amount: 5, to: 'alice' } }
const REFUND_SCOPE = 'orders:refund'

const INTRODUCTION = `<!-- Written by a test: \`npx vitest run test/state/costs.test.ts -u\` -->

# What each call costs

Calls of objects, KV and other addresses, and what they do in SQL. \`writing\` counts the statements that change
something. Rows are counted as SQLite bills them on Cloudflare, with their indexes; an alarm is a row. The columns
after \`cold\` are the same call on an isolate that has just started, with objects that slept.
`

/** What a call is named, what it costs when all is awake, and what when nothing is. */
type Row = [name: string, ...costs: Costs[]]
/** Makes a call; for some, what an isolate keeps of it is prepared only if it is to be warm. */
type Make = (fixture: Fixture, warm: boolean) => Promise<Call>
type Input = (fixture: Fixture) => object | Promise<object>

const byUser =
  (procedure: string, input: Input): Make =>
  async (fixture) => {
    const about = await input(fixture)
    return callOf(fixture.realm.id, procedure, fixture.person.bearer(), about)
  }
const byResource =
  (procedure: string, input: Input): Make =>
  async (fixture) =>
    callOf(fixture.realm.id, procedure, fixture.realm.keys[0]?.key, await input(fixture))
const byOperator =
  (procedure: string, input: Input): Make =>
  async (fixture) =>
    callOf(OPERATOR_ROUTE, procedure, fixture.operatorKey, await input(fixture))
const first = <T>(choice: T): T => choice
const valid =
  (name: string): Make =>
  (fixture) => {
    const makeCall = VALID_CALLS[name]
    if (!makeCall) throw new Error(`valid-calls.ts makes no call of ${name}: add one`)
    const context: Context = { fixture, pick: first }
    return makeCall(context, name.replace(/^operator\//, ''))
  }

const who = ({ person }: Fixture) => ({ subject: person.subject, sessionId: 's' })
const refundToken: Input = async (fixture) => {
  const { device, ...user } = fixture.person
  const { elevatedToken } = await stepUpWithPasskey(user, device, [REFUND_SCOPE], REFUND.details)
  return { ...who(fixture), ...REFUND, token: elevatedToken?.token }
}
const signToken: Input = async (fixture) => {
  const { person } = fixture
  const token = await earnWithPasskey(person, person.device, SIGN_SCOPE)
  return { ...who(fixture), ...SIGN, token }
}
const boundToken: Input = async (fixture) => ({ ...who(fixture), ...(await earnBound(fixture)) })
const answerPasskey =
  (scope: string, details?: typeof REFUND.details): Input =>
  async ({ person }) => {
    const { challenge, options } = await startStepUp(person, [scope], details)
    return { method: 'passkey', challenge, response: await person.device.authenticate(options) }
  }
/** Another user, of whom nothing is known. */
const newcomer: Input = async ({ person }) => {
  await person.signIn({ sub: service.unique('newcomer') })
  return { kind: 'totp' }
}

/** A check in an environment of its own, whose issuer’s keys no other call has fetched. */
const checkAfar: Make = async (_fixture, warm) => {
  const keys = { jwksUri: 'https://login.example/keys' }
  const far = await service.makeEnvironment({ session: { keys } })
  keySet = { keys: [far.login.publicJwk] }
  const user = await far.user()
  if (warm) await user.client.policy.check.query(SIGN)
  return callOf(far.id, 'policy.check', user.bearer(), SIGN)
}

/** The calls that users wait for, in every form that takes another way through the code. */
const HOT: Record<string, Make> = {
  'policy.check, session seen': byUser('policy.check', () => SIGN),
  'policy.check, new session': byUser('policy.check', async ({ person }) => {
    await person.signIn({ sid: 'another' })
    return SIGN
  }),
  'policy.check, with a condition': byUser('policy.check', () => REFUND),
  'policy.check, a user without factors': byUser('policy.check', async (fixture) => {
    await newcomer(fixture)
    return SIGN
  }),
  'policy.check, refused without a session': async ({ realm: { id } }) =>
    callOf(id, 'policy.check', 'e30.e30.AA', SIGN),
  'policy.check, by a resource': byResource('policy.check', ({ person }) => {
    return { ...SIGN, subject: person.subject, context: { sessionToken: person.bearer() } }
  }),
  'policy.check, keys of an issuer by their address': checkAfar,
  'challenge.start': byUser('challenge.start', () => {
    return { method: 'passkey', requestedScopes: [SIGN_SCOPE] }
  }),
  'challenge.start, with a condition': byUser('challenge.start', () => {
    return { method: 'passkey', requestedScopes: [REFUND_SCOPE], details: REFUND.details }
  }),
  'challenge.verify, authenticator app': byUser('challenge.verify', ({ person }) => {
    const code = service.totpCode(person.totp.secret)
    return { method: 'totp', code, requestedScopes: [SIGN_SCOPE] }
  }),
  'challenge.verify, wrong code': byUser('challenge.verify', ({ person }) => {
    const code = service.wrongCode(person.totp.secret)
    return { method: 'totp', code, requestedScopes: [SIGN_SCOPE] }
  }),
  'challenge.verify, refused after wrong codes': byUser('challenge.verify', async ({ person }) => {
    const code = service.wrongCode(person.totp.secret)
    const input = { method: 'totp' as const, code, requestedScopes: [SIGN_SCOPE] }
    for (let count = 0; count < FREE_CONSECUTIVE_FAILURES; count += 1)
      await service.refusedBy(person.client.challenge.verify.mutate(input))
    return input
  }),
  'challenge.verify, passkey': byUser('challenge.verify', answerPasskey(SIGN_SCOPE)),
  'challenge.verify, passkey, with a condition': byUser(
    'challenge.verify',
    answerPasskey(REFUND_SCOPE, REFUND.details),
  ),
  'challenge.verify, recovery code': byUser('challenge.verify', ({ person }) => {
    const code = person.recoveryCodes.at(-1)
    return { method: 'recovery', code, requestedScopes: ['credential:link'] }
  }),
  'token.exchange': valid('token.exchange'),
  'token.consume': byResource('token.consume', signToken),
  'token.consume, with details': byResource('token.consume', refundToken),
  'token.consume, with DPoP': byResource('token.consume', boundToken),
  'action.authorize, without a token': byResource('action.authorize', () => {
    return { ...SIGN, subject: service.unique('newcomer') }
  }),
  'action.authorize, refused without a token': byResource('action.authorize', (fixture) => {
    return { ...who(fixture), ...SIGN }
  }),
  'action.authorize, with a token': byResource('action.authorize', signToken),
  'action.authorize, with a condition': byResource('action.authorize', refundToken),
  'action.authorize, with DPoP': byResource('action.authorize', boundToken),
  'token.introspect': valid('token.introspect'),
  'token.revoke': valid('token.revoke'),
}
/** Other calls that have more than one form. */
const FORMS: Record<string, Make> = {
  'factor.enroll, of a new user': byUser('factor.enroll', newcomer),
  'factor.confirm, of a new user': byUser('factor.confirm', async (fixture) => {
    await newcomer(fixture)
    const { factorId, challenge, options } = await startEnrolling(fixture.person)
    const response = await makeDevice().register(options)
    return { kind: 'passkey', factorId, challenge, response }
  }),
  'environment.update': byOperator('environment.update', ({ spare: { id, document } }) => {
    return { environment: id, settings: { ...document, mfaTokens: 'off' }, version: 1 }
  }),
}

const procedureOf = (name: string) => name.replace(/,.*/, '')
const HOT_PROCEDURES = Object.keys(HOT).map(procedureOf)
const CALLS: [name: string, make: Make][] = [
  ...Object.entries({ ...HOT, ...FORMS }),
  ...Object.keys(VALID_CALLS)
    .filter(
      (name) =>
        !/^guarded /.test(name) && ![...HOT_PROCEDURES, 'environment.update'].includes(name),
    )
    .map((name): [string, Make] => [name, valid(name)]),
]

let realm: Realm
let anybody: Person
let keySet: object = {}
const bindings = readBindings(env)

beforeAll(async () => {
  // The clock is stopped, so that no cache expires. It shows the beginning of an hour, so that no tally is due, and a
  // time after the runtime's own, so that no alarm is due.
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Math.ceil(Date.now() / HOUR_MILLISECONDS) * HOUR_MILLISECONDS)
  vi.spyOn(console, 'log').mockReturnValue()
  // All counts of an environment go to one of its objects.
  vi.spyOn(Math, 'random').mockReturnValue(0)
  await prepareToCount(() => keySet)
  realm = await makeRealm()
  anybody = await enrolled()
})

const enrolled = async () => enroll(await realm.user({ sid: 's' }), realm.id, makeDevice())

/** A new user, where a call is about one. What operators change is an environment that no other call uses. */
async function makeFixture(name: string): Promise<Fixture> {
  const person = /^(environment|operator|stats)\b/.test(name) ? anybody : await enrolled()
  const spare = name.startsWith('environment.') ? await makeRealm() : realm
  return { realm, spare, person, operatorKey: service.OPERATOR_KEY, saved: [] }
}

/** Sends a call that is accepted, unless its name says that it is not. */
async function send(name: string, call: Call): Promise<Costs> {
  // What is due every ten seconds must not meet this call: it is counted by itself.
  await flush(bindings)
  const request = requestOf(call)
  if (!request) throw new Error('no client could send this call')
  return costsOf(async () => {
    const response = await worker.fetch(request, env, createExecutionContext())
    const answer = { name, ok: response.ok, text: await response.text() }
    expect(answer).toMatchObject({ ok: !/, (refused|wrong)/.test(name) })
  })
}

/** Loads what an isolate keeps of the environments that a call needs. */
async function wake({ spare }: Fixture): Promise<void> {
  await Promise.all([openEnvironment(bindings, realm.id), openEnvironment(bindings, spare.id)])
  await openOperators(bindings)
}

/** Makes the isolate one that has just started, and the objects ones that slept. */
async function forget({ spare, person }: Fixture): Promise<void> {
  const environments = [realm.id, spare.id, OPERATOR_ROUTE]
  for (const id of environments) forgetEnvironment(id)
  const subjects = [subjectOf(realm.id, person.subject), subjectOf(OPERATOR_ROUTE, 'first')]
  // Not each of them is awake.
  for (const stub of [...subjects, ...environments.map(environmentOf), directory()])
    await evictDurableObject(stub).catch(() => {})
}

/** Calls that change what the next one of them would need. */
const ONCE = [
  ...['challenge.verify, recovery code', 'environment.update', 'environment.revokeResourceKey'],
  ...['factor.enroll', 'factor.confirm', 'factor.remove', 'recovery.acknowledge'],
  ...['subject.resetFactors', 'subject.endTokens'],
]

/** Returns the costs of a call when everything is awake, and when nothing is. */
async function costsOfCall(name: string, make: Make): Promise<[warm: Costs, cold: Costs]> {
  const fixture = await makeFixture(name)
  const call = await make(fixture, true)
  await wake(fixture)
  const warm = await send(name, call)
  // The next code of the app is another one.
  advance(STEP_SECONDS)
  await flush(bindings)
  const another = ONCE.includes(name) ? await makeFixture(name) : fixture
  const again = await make(another, false)
  await forget(another)
  return [warm, await send(name, again)]
}

/** What is done beside the calls, by an isolate or by an object. */
async function costsBeside(): Promise<Row[]> {
  const person = await enrolled()
  const open = () => openEnvironment(bindings, realm.id)
  const reload = () => {
    forgetEnvironment(realm.id)
    return costsOf(open)
  }
  await open()
  const count = () => {
    countEvent(realm.id, 'check', SIGN.action, null)
    return costsOf(() => flush(bindings))
  }
  const stub = subjectOf(realm.id, person.subject)
  const clean = () => costsOf(() => runDurableObjectAlarm(stub))
  advance(2 * HOUR_SECONDS)
  const rows: Row[] = [
    ['an isolate, every 20 s for each environment', await reload()],
    ['an isolate, every 10 s for each environment and kind of event', await count()],
    ['the clean-up of a user, an hour after a step-up', await clean()],
  ]
  advance(401 * DAY_SECONDS)
  return [...rows, ['the clean-up of a user, 400 days after a step-up', await clean()]]
}

const COLUMNS = [
  'call',
  'calls',
  'statements',
  'writing',
  'transactions',
  'rows read',
  'rows written',
]
const HEADING = [...COLUMNS, ...COLUMNS.slice(1).map((name) => `cold: ${name}`)]

const cellsOf = ({ calls, ...numbers }: Costs) => [calls.join(' '), ...Object.values(numbers)]
const lineOf = (cells: readonly unknown[]) => `| ${cells.join(' | ')} |`

/** Returns the costs of calls as a table, a line for each. */
const table = (rows: Row[]): string =>
  [
    lineOf(HEADING),
    lineOf(HEADING.map(() => '---')),
    ...rows.map(([name, ...costs]) => lineOf([name, ...costs.flatMap(cellsOf)])),
  ].join('\n')

const rows: Row[] = []
beforeAll(async () => {
  for (const [name, make] of CALLS) rows.push([name, ...(await costsOfCall(name, make))])
  rows.push(...(await costsBeside()))
}, 120_000)

it('every procedure is counted', () => {
  const counted = new Set(rows.map(([name]) => procedureOf(name)))
  expect(Object.keys(appRouter._def.procedures).filter((name) => !counted.has(name))).toEqual([])
})

it('a call costs what costs.md says: no object, statement, row, KV or fetch more', async () => {
  await expect(`${INTRODUCTION}\n${table(rows)}\n`).toMatchFileSnapshot('./costs.md')
})

it('a call that users wait for asks the object of its user alone, once an isolate knows the environment', () => {
  const asked = rows.filter(([name]) => name in HOT).flatMap(([, warm]) => warm?.calls ?? [])
  expect(asked.filter((call) => !call.startsWith('Subject.'))).toEqual([])
})

describe('what is stored', () => {
  const sizeOf = (stub: DurableObjectStub): Promise<number> =>
    runInDurableObject(stub, (_object, { storage }) => storage.sql.databaseSize)
  /** Asserts that a number is at most as large as one that docs/scale.md counts with, and not much smaller. */
  const expectAbout = (measured: number, counted: number) => {
    expect(measured).toBeLessThanOrEqual(counted)
    expect(measured).toBeGreaterThan(0.85 * counted)
  }

  it('for a user with a passkey, an app and ten codes', async () => {
    const { subject } = await enrolled()
    expectAbout(await sizeOf(subjectOf(realm.id, subject)), SIZES.user)
  })

  it('for a step-up by passkey whose token was used, after a clean-up', async () => {
    const person = await enrolled()
    const stub = subjectOf(realm.id, person.subject)
    const before = await sizeOf(stub)
    const fixture = { realm, spare: realm, person, operatorKey: '', saved: [] }
    for (let count = 0; count < MEASURED; count += 1) {
      const call = await byResource('token.consume', refundToken)(fixture, true)
      await send('token.consume', call)
    }
    advance(2 * HOUR_SECONDS)
    await runDurableObjectAlarm(stub)
    expectAbout(((await sizeOf(stub)) - before) / MEASURED, SIZES.stepUp)
  })

  it('for a passkey in the object of its environment', async () => {
    const stub = env.ENVIRONMENT.getByName(realm.id)
    const before = await sizeOf(stub)
    // The keys are hashes, so only the average of many pages is stable.
    const count = 100 * MEASURED
    await runInDurableObject(stub, (environment: Environment) => {
      for (let n = 0; n < count; n += 1) {
        const held = { credentialId: `${n}`, factorId: `fac_${'A'.repeat(22)}` }
        environment.claimCredential(held, stub.id.toString())
      }
    })
    expectAbout(((await sizeOf(stub)) - before) / count, SIZES.credential)
  })
})
