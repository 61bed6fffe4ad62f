// The fixtures of the calls: two environments, a user and an operator with factors, and their credentials.
import { env } from 'cloudflare:workers'
import type { ActionEntry } from '../../contract/index.ts'
import type { Authenticator } from '../support/authenticator.ts'
import { earnWithPasskey, enrollPasskey, makeDevice } from '../support/ceremonies.ts'
import { makeOperatorDevice, nameOperator } from '../support/operators.ts'
import * as service from '../support/service.ts'
import type { Words } from './inputs.ts'
import { directory, environmentOf, type Saved, save, subjectOf } from './objects.ts'

export const OTHER_AUDIENCE = 'https://orders.example'
export const OPERATOR_ROUTE = 'operator'

const REFUND_SCHEMA = {
  type: 'object',
  properties: { amount: { type: 'number' }, to: { type: 'string' } },
  required: ['amount'],
}
/** Rules of every kind: with conditions, with a schema, observed, denied, for another audience. */
const ACTIONS: ActionEntry[] = [
  { action: 'wallet.waas.sign', base: { methods: ['totp', 'passkey', 'assertion'] } },
  { action: 'user.update', base: { methods: ['totp', 'passkey', 'assertion'] } },
  { action: 'wallet.waas.refresh', base: { mode: 'observe', require: 'always' } },
  { action: 'order.view', scope: 'orders:view', audience: OTHER_AUDIENCE, base: { acr: 'phr' } },
  { action: 'order.close', scope: 'orders:close', base: { require: 'deny' } },
  {
    ...{ action: 'order.refund', scope: 'orders:refund', detailsSchema: REFUND_SCHEMA },
    stricter: [
      { when: 'details.amount > 1000', acr: 'phr', methods: ['passkey'] },
      { when: 'request.country == "US" && !subject.enrolled', require: 'always' },
      { when: 'session.claims.amr.exists(a, a == "sms")', singleUse: true },
    ],
  },
]

/** A user or an operator with a passkey, an authenticator app and recovery codes. */
export type Person = Awaited<ReturnType<typeof enroll>>
export type Realm = Awaited<ReturnType<typeof makeRealm>>

export interface Fixture {
  /** Where users are. */
  realm: Realm
  /** What operators change. */
  spare: Realm
  person: Person
  operatorKey: string
  saved: Saved[]
}

export async function makeRealm() {
  const audiences = [service.AUDIENCE, OTHER_AUDIENCE]
  const realm = await service.makeEnvironment({ audiences, mfaTokens: 'session', actions: ACTIONS })
  return { ...realm, keys: await Promise.all(audiences.map(realm.resource)) }
}

export async function enroll(user: service.TestUser, route: string, device: Authenticator) {
  const { factorId, recoveryCodes } = await enrollPasskey(user, device)
  const totp = await service.enrollTotp(
    user,
    await earnWithPasskey(user, device, 'credential:link'),
  )
  return { ...user, route, device, passkeyId: factorId, totp, recoveryCodes }
}

/** Makes both fixtures: one before any operator has a factor, and one in which an operator steps up. */
export async function makeFixtures(): Promise<{ users: Fixture; operators: Fixture }> {
  const [realm, spare] = [await makeRealm(), await makeRealm()]
  const user = await enroll(await realm.user(), realm.id, makeDevice())
  const [one, other] = [environmentOf(realm.id), environmentOf(spare.id)]
  const shared = () => ({ [realm.id]: one, [spare.id]: other, directory: directory() })
  const users = await save({ ...shared(), user: subjectOf(realm.id, user.subject) })
  const named = await nameOperator()
  const operator = await enroll(named, OPERATOR_ROUTE, makeOperatorDevice())
  const operators = await save({
    ...shared(),
    [OPERATOR_ROUTE]: environmentOf(OPERATOR_ROUTE),
    person: subjectOf(OPERATOR_ROUTE, operator.subject),
  })
  return {
    users: { realm, spare, person: user, operatorKey: service.OPERATOR_KEY, saved: users },
    operators: { realm, spare, person: operator, operatorKey: named.key, saved: operators },
  }
}

/** Returns what no answer may show. */
export const secretsOf = ({ realm, person, operatorKey }: Fixture): string[] => [
  ...[env.ROOT_SECRET, operatorKey, person.totp.secret, ...person.recoveryCodes],
  ...realm.keys.map(({ key }) => key),
]

/** Returns what somebody may hold who is not the right one: keys, sessions and codes of others. */
export async function credentialsOf({ realm, spare, person }: Fixture): Promise<string[]> {
  const { subject } = person
  return [
    ...[...realm.keys, ...spare.keys].map(({ key }) => key),
    ...[service.OPERATOR_KEY, 'csk_res_', 'csk_op_', person.bearer()],
    ...person.recoveryCodes.slice(0, 1),
    await spare.session({ sub: subject, sid: 's' }),
    await realm.session({ sub: subject, sid: 's', exp: 1, auth_time: 1 }),
    await realm.session({ sub: `${subject}-other`, sid: 's' }),
  ]
}

const OTHER_ACTIONS = ['credential.link', 'credential.unlink', 'operator.change', 'toString']
const SCOPES = [
  ...['wallet:sign', 'orders:refund', 'user:update', 'orders:view', 'credential:link'],
  ...['credential:update', 'operator:change', 'constructor', '__proto__'],
]

/** Returns the values that make sense in the fields of an input, by the names of the fields. */
export function wordsOf({ realm, spare, person }: Fixture, procedure: string): Words {
  const { document: settings } = realm
  // What operators change is never what the others depend on.
  const changed = procedure === 'environment.remove' ? 'unknown' : spare.id
  const environment = procedure.startsWith('environment.') ? changed : realm.id
  const { session, rpId, origins, audiences, actions = [] } = settings
  return {
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, [value]])),
    environment: [environment, environment, 'unknown', 'operator', 'health'],
    settings: [settings, { session, rpId, origins, audiences }, { ...settings, mfaTokens: 'off' }],
    actions: [actions, [], actions.slice(0, 1)],
    action: [...ACTIONS.map(({ action }) => action), ...OTHER_ACTIONS],
    ...{ version: [1, 1, 2, 3], scope: SCOPES, method: ['totp', 'passkey', 'recovery'] },
    requestedScopes: [...SCOPES.map((scope) => [scope]), ['wallet:sign', 'user:update']],
    details: [{ amount: 5, to: 'alice' }, { amount: 1500 }, {}, { amount: '5' }, { type: 'x' }],
    subject: [person.subject, person.subject, 'nobody'],
    factorId: [person.passkeyId, person.totp.factorId, `fac_${'A'.repeat(22)}`],
    audience: [service.AUDIENCE, OTHER_AUDIENCE, 'https://foreign.example'],
    id: [...spare.keys.map(({ keyId }) => keyId), person.subject, 'op_AAAAAAAAAAAA', 'first'],
    ...{ country: ['NL', 'US', 'XX'], name: ['fuzz', 'Alice', 'first'], sessionId: ['s', 'x'] },
    when: ['details.amount > 1000', 'true', 'request.country == "NL"', 'no condition', '1 +'],
    detailsSchema: [REFUND_SCHEMA, { type: 'x' }],
    jwksUri: ['https://login.example/keys', 'http://10.0.0.1/', 'https://user:pw@x/', 'file:///x'],
    keys: [session.keys],
    issuer: [session.issuer, realm.issuer, settings.assertions?.issuer],
    code: ['000000', '123 456', ...person.recoveryCodes.slice(0, 2)],
    ...{ cursor: ['eyJhIjoxfQ.AAAA'], idempotencyKey: ['a'.repeat(16)] },
  }
}
