// Creates a valid call of each procedure, and makes the calls that must come before it.
import { decodeJwt } from 'jose'
import { DPOP_HEADER } from '../../contract/index.ts'
import * as ceremonies from '../support/ceremonies.ts'
import { makeProofKey } from '../support/dpop.ts'
import { makeOperatorDevice, nameOperator } from '../support/operators.ts'
import * as service from '../support/service.ts'
import { type Call, callOf } from './calls.ts'
import { type Fixture, OPERATOR_ROUTE, type Person } from './fixtures.ts'

/** What a call is made from. */
export interface Context {
  fixture: Fixture
  /** Draws one of some choices. */
  pick: <T>(first: T, ...more: T[]) => T
}
export type MakeCall = (context: Context, procedure: string) => Promise<Call>
type Input = (context: Context) => unknown

const earn = ({ person }: Fixture, scope: string): Promise<string> =>
  ceremonies.earnWithPasskey(person, person.device, scope)

async function earnForDetails({ person: { device, ...user } }: Fixture): Promise<string> {
  const { elevatedToken } = await ceremonies.stepUpWithPasskey(
    user,
    device,
    ['orders:refund'],
    DETAILS,
  )
  return elevatedToken?.token ?? ''
}

/** A token that is bound to a key, and a proof of the key for a call of an API. */
export async function earnBound({ realm, person }: Fixture) {
  const key = await makeProofKey()
  const asking = await key.proof({ url: `${realm.issuer}/trpc/token.exchange` })
  const client = service.call({
    ...{ environment: realm.id, bearer: person.bearer },
    fetch: service.viaWorkerWith({ [DPOP_HEADER]: asking }),
  })
  const about = { sub: person.subject, acr: 'phr', scope: 'wallet:sign' }
  const assertion = await realm.assertion(about)
  const { token } = (await client.token.exchange.mutate({ assertion })).elevatedToken
  const call = { method: 'POST', url: 'https://api.example/sign' }
  const proof = await key.proof({ ...call, token })
  return { token, action: 'wallet.waas.sign', dpop: { proof, ...call } }
}

/** Combines a caller with an input, and with the scope of a step-up before the call. */
const by =
  (who: (fixture: Fixture) => [route: string, bearer: string]) =>
  (input: Input, scope?: string): MakeCall =>
  async (context, procedure) => {
    const [route, bearer] = who(context.fixture)
    const token = scope && (await earn(context.fixture, scope))
    return callOf(route, procedure, bearer, await input(context), token)
  }
const byPerson = by(({ person }) => [person.route, person.bearer()])
const byResource = by(({ realm }) => [realm.id, realm.keys[0]?.key ?? ''])
const byOperator = by(({ operatorKey }) => [OPERATOR_ROUTE, operatorKey])

const DETAILS = { amount: 5, to: 'alice' }
const nothing = () => ({})
const isOperator = ({ person }: Fixture): boolean => person.route === OPERATOR_ROUTE
const aFactor = ({ fixture: { person }, pick }: Context) => {
  return { factorId: pick(person.passkeyId, person.totp.factorId) }
}
const scopesFor = ({ fixture, pick }: Context): string[] =>
  isOperator(fixture)
    ? [pick('credential:update', 'operator:change')]
    : pick(['wallet:sign'], ['wallet:sign', 'user:update'], ['credential:update'])

/** A token, with details or without, single-use or not. */
const earnAny = ({ fixture, pick }: Context): Promise<string> => {
  const users = pick('wallet:sign', 'user:update', '')
  const scope = isOperator(fixture) ? pick('credential:update', 'operator:change') : users
  return scope ? earn(fixture, scope) : earnForDetails(fixture)
}
const tokenFor: Input = async (context) => ({ token: await earnAny(context) })
const jtiFor = async (context: Context) => ({ jti: decodeJwt(await earnAny(context)).jti })

const aboutEnvironment = ({ fixture: { realm } }: Context) => ({ environment: realm.id })
const aboutSubject = ({ fixture: { realm, person } }: Context) => {
  return { environment: realm.id, subject: person.subject }
}
const aboutSpare = ({ fixture: { spare } }: Context) => ({ environment: spare.id })
const withSettings = ({ fixture: { spare } }: Context) => {
  return { environment: spare.id, settings: spare.document }
}
const aChain: Input = (context) =>
  context.pick<Input>(nothing, aboutEnvironment, aboutSubject)(context)
type Start = (person: Person, token: string) => Promise<object>

const startTotp: Start = async (person, token) => {
  const started = await person.with(token).factor.enroll.mutate({ kind: 'totp' })
  if (!('secret' in started)) throw new Error('no secret came back')
  return { kind: 'totp', factorId: started.factorId, code: service.totpCode(started.secret) }
}

/** A new authenticator answers: the one that is enrolled would refuse to enroll again. */
const startPasskey: Start = async (person, token) => {
  const { factorId, challenge, options } = await ceremonies.startEnrolling(person, token)
  const device = person.route === OPERATOR_ROUTE ? makeOperatorDevice() : ceremonies.makeDevice()
  const response = await device.register(options)
  return { kind: 'passkey', factorId, challenge, response }
}

const update: Input = async (context) => {
  const as = service.call({
    environment: OPERATOR_ROUTE,
    bearer: () => context.fixture.operatorKey,
  })
  const { version } = await as.environment.get.query(aboutSpare(context))
  return { ...withSettings(context), version }
}
const newFactor: Input = ({ pick }) => ({ kind: pick('totp', 'passkey'), label: 'phone' })
const totpFactor: Input = ({ fixture: { person } }) => ({ factorId: person.totp.factorId })
const newOperator: Input = ({ pick }) => ({
  name: service.unique('fuzz'),
  automation: pick(true, false),
})

export const VALID_CALLS: Readonly<Record<string, MakeCall>> = {
  'policy.check': (context, procedure) => {
    const { fixture, pick } = context
    if (isOperator(fixture))
      return byPerson(() => ({ action: 'operator.change' }))(context, procedure)
    const action = pick('wallet.waas.sign', 'order.refund')
    const input = { action, ...pick({}, { details: DETAILS }) }
    const { subject, bearer } = fixture.person
    const asked = { ...input, subject, context: { country: 'NL', sessionToken: bearer() } }
    return pick(
      byPerson(() => input),
      byResource(() => asked),
    )(context, procedure)
  },
  'policy.list': byResource(nothing),
  'policy.simulate': byOperator(({ fixture: { realm, spare, person }, pick }) => ({
    ...{ environment: realm.id, action: 'order.refund', details: { amount: 1500 } },
    session: { claims: { amr: ['sms'] }, ageSeconds: 60 },
    request: { country: 'US' },
    ...pick<object>({}, { subject: person.subject }, { settings: spare.document }),
  })),

  'factor.list': byPerson(nothing),
  'factor.enroll': byPerson(newFactor, 'credential:link'),
  'factor.confirm': byPerson(async ({ fixture, pick }) => {
    const token = await earn(fixture, 'credential:link')
    return pick<Start>(startPasskey, startTotp)(fixture.person, token)
  }),
  'factor.rename': byPerson((context) => ({ ...aFactor(context), label: service.unique('label') })),
  'factor.setDefault': byPerson(aFactor, 'credential:update'),
  'factor.remove': byPerson(totpFactor, 'credential:unlink'),
  'recovery.regenerate': byPerson(nothing, 'credential:update'),
  'recovery.acknowledge': byPerson(nothing),

  'challenge.start': byPerson((context) => {
    return { method: 'passkey', requestedScopes: scopesFor(context) }
  }),
  'challenge.verify': byPerson(async (context) => {
    const { fixture, pick } = context
    const { totp, recoveryCodes } = fixture.person
    const requestedScopes = scopesFor(context)
    const legacy = isOperator(fixture) ? {} : pick({}, { mfaToken: { singleUse: true } })
    const method = pick('passkey', 'totp', 'recovery')
    if (method === 'totp')
      return { method, code: service.totpCode(totp.secret), requestedScopes, ...legacy }
    if (method === 'passkey') {
      const { challenge, options } = await ceremonies.startStepUp(fixture.person, requestedScopes)
      const response = await fixture.person.device.authenticate(options)
      return { method, challenge, response, ...legacy }
    }
    return { method, code: recoveryCodes.at(-1), requestedScopes: ['credential:link'] }
  }),

  'token.exchange': byPerson(async ({ fixture: { realm, person } }) => ({
    assertion: await realm.assertion({ sub: person.subject, acr: 'phr', scope: 'wallet:sign' }),
  })),
  'token.consume': byResource(async ({ fixture, pick }) => {
    const { subject } = fixture.person
    const common = { subject, sessionId: 's', idempotencyKey: 'k'.repeat(20) }
    if (pick(true, false)) return { ...common, ...(await earnBound(fixture)) }
    if (pick(true, false))
      return { ...common, token: await earn(fixture, 'wallet:sign'), action: 'wallet.waas.sign' }
    const token = await earnForDetails(fixture)
    return { ...common, token, action: 'order.refund', details: DETAILS }
  }),
  'action.authorize': byResource(async ({ fixture, pick }) => {
    const { subject } = fixture.person
    const common = { subject, sessionId: 's', idempotencyKey: 'k'.repeat(20) }
    const context = { country: 'NL', sessionToken: fixture.person.bearer() }
    if (pick(true, false)) return { ...common, context, ...(await earnBound(fixture)) }
    if (pick(true, false)) {
      const token = await earn(fixture, 'wallet:sign')
      return { ...common, context, token, action: 'wallet.waas.sign' }
    }
    const token = await earnForDetails(fixture)
    return { ...common, token, action: 'order.refund', details: DETAILS, requireDetails: true }
  }),
  'token.introspect': byPerson(tokenFor),
  'token.revoke': byPerson(tokenFor),

  'environment.create': byOperator((context) => {
    return { ...withSettings(context), environment: service.unique('env') }
  }),
  'environment.list': byOperator(nothing),
  'environment.get': byOperator(aboutSpare),
  'environment.preview': byOperator(withSettings),
  'environment.update': byOperator(update),
  'guarded environment.update': byOperator(update, 'operator:change'),
  'environment.remove': byOperator(async () => ({
    environment: (await service.makeEnvironment()).id,
  })),
  'environment.trySession': byOperator(({ fixture: { realm, person }, pick }) => ({
    environment: realm.id,
    token: person.bearer(),
    ...pick({}, { session: realm.document.session }),
  })),
  'environment.rotateKeys': byOperator(({ fixture: { spare }, pick }) => {
    return { environment: spare.id, compromised: pick(true, false) }
  }),
  'environment.createResourceKey': byOperator(({ fixture: { spare } }) => {
    return { environment: spare.id, audience: service.AUDIENCE, label: 'fuzz' }
  }),
  'environment.revokeResourceKey': byOperator(({ fixture: { spare } }) => {
    return { environment: spare.id, id: spare.keys[0]?.keyId }
  }),

  'subject.get': byOperator(aboutSubject),
  'subject.unlock': byOperator(aboutSubject),
  'subject.resetFactors': byOperator(aboutSubject),
  'guarded subject.resetFactors': byOperator(aboutSubject, 'operator:change'),
  'subject.endTokens': byOperator(aboutSubject),

  'operator.self': byOperator(nothing),
  'operator.create': byOperator(newOperator),
  'guarded operator.create': byOperator(newOperator, 'operator:change'),
  'operator.list': byOperator(nothing),
  'operator.revoke': byOperator(async ({ pick }) => {
    return { id: (await nameOperator({ automation: pick(true, false) })).id }
  }),

  'stats.get': byOperator(({ fixture: { realm }, pick }) => {
    return { environment: realm.id, range: pick('day', 'month') }
  }),
  'audit.list': byPerson(nothing),
  'audit.verify': byPerson(nothing),
  'audit.checkpoint': byPerson(nothing),
  'receipt.get': byPerson(jtiFor),
  'operator/audit.list': byOperator(aChain),
  'operator/audit.verify': byOperator(aChain),
  'operator/audit.checkpoint': byOperator(aChain),
  'operator/receipt.get': byOperator(async (context) => {
    const { route, subject } = context.fixture.person
    return { environment: route, subject, ...(await jtiFor(context)) }
  }),
}
