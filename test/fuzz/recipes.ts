// For each procedure: how a good call is made, with all that must happen before it.
import * as ceremonies from '../support/ceremonies.ts'
import { makeOperatorDevice, nameOperator } from '../support/operators.ts'
import * as service from '../support/service.ts'
import { type Call, callOf } from './calls.ts'
import { type Cast, OPERATOR_ROUTE, type Person } from './cast.ts'

/** What a recipe is made with. */
export interface Kitchen {
  cast: Cast
  /** Draws one of some choices. */
  pick: <T>(first: T, ...more: T[]) => T
}
export type Recipe = (kitchen: Kitchen, procedure: string) => Promise<Call>
type Input = (kitchen: Kitchen) => unknown

const earn = ({ person }: Cast, scope: string): Promise<string> =>
  ceremonies.earnWithPasskey(person, person.device, scope)

async function earnForDetails({ person: { device, ...user } }: Cast): Promise<string> {
  const { elevatedToken } = await ceremonies.stepUpWithPasskey(
    user,
    device,
    ['orders:refund'],
    DETAILS,
  )
  return elevatedToken?.token ?? ''
}

/** Makes a recipe of who calls, with which input, and of the scope of a step-up before it. */
const by =
  (who: (cast: Cast) => [route: string, bearer: string]) =>
  (input: Input, scope?: string): Recipe =>
  async (kitchen, procedure) => {
    const [route, bearer] = who(kitchen.cast)
    const token = scope && (await earn(kitchen.cast, scope))
    return callOf(route, procedure, bearer, await input(kitchen), token)
  }
const byPerson = by(({ person }) => [person.route, person.bearer()])
const byResource = by(({ realm }) => [realm.id, realm.keys[0]?.key ?? ''])
const byOperator = by(({ operatorKey }) => [OPERATOR_ROUTE, operatorKey])

const DETAILS = { amount: 5, to: 'alice' }
const nothing = () => ({})
const isOperator = ({ person }: Cast): boolean => person.route === OPERATOR_ROUTE
const aFactor = ({ cast: { person }, pick }: Kitchen) => {
  return { factorId: pick(person.passkeyId, person.totp.factorId) }
}
const scopesFor = ({ cast, pick }: Kitchen): string[] =>
  isOperator(cast)
    ? [pick('credential:update', 'operator:change')]
    : pick(['wallet:sign'], ['wallet:sign', 'user:update'], ['credential:update'])

/** A token, with details or without, single-use or not. */
const tokenFor: Input = async ({ cast, pick }) => {
  const users = pick('wallet:sign', 'user:update', '')
  const scope = isOperator(cast) ? pick('credential:update', 'operator:change') : users
  return { token: await (scope ? earn(cast, scope) : earnForDetails(cast)) }
}

const aboutEnvironment = ({ cast: { realm } }: Kitchen) => ({ environment: realm.id })
const aboutSubject = ({ cast: { realm, person } }: Kitchen) => {
  return { environment: realm.id, subject: person.subject }
}
const aboutSpare = ({ cast: { spare } }: Kitchen) => ({ environment: spare.id })
const withSettings = ({ cast: { spare } }: Kitchen) => {
  return { environment: spare.id, settings: spare.document }
}
const aChain: Input = (kitchen) =>
  kitchen.pick<Input>(nothing, aboutEnvironment, aboutSubject)(kitchen)
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

const update: Input = async (kitchen) => {
  const as = service.call({ environment: OPERATOR_ROUTE, bearer: () => kitchen.cast.operatorKey })
  const { version } = await as.environment.get.query(aboutSpare(kitchen))
  return { ...withSettings(kitchen), version }
}
const newFactor: Input = ({ pick }) => ({ kind: pick('totp', 'passkey'), label: 'phone' })
const totpFactor: Input = ({ cast: { person } }) => ({ factorId: person.totp.factorId })
const newOperator: Input = ({ pick }) => ({
  name: service.unique('fuzz'),
  automation: pick(true, false),
})

export const RECIPES: Readonly<Record<string, Recipe>> = {
  'policy.check': (kitchen, procedure) => {
    const { cast, pick } = kitchen
    if (isOperator(cast)) return byPerson(() => ({ action: 'operator.change' }))(kitchen, procedure)
    const action = pick('wallet.waas.sign', 'order.refund')
    const input = { action, ...pick({}, { details: DETAILS }) }
    const { subject, bearer } = cast.person
    const asked = { ...input, subject, context: { country: 'NL', sessionToken: bearer() } }
    return pick(
      byPerson(() => input),
      byResource(() => asked),
    )(kitchen, procedure)
  },
  'policy.list': byResource(nothing),
  'policy.simulate': byOperator(({ cast: { realm, spare, person }, pick }) => ({
    ...{ environment: realm.id, action: 'order.refund', details: { amount: 1500 } },
    session: { claims: { amr: ['sms'] }, ageSeconds: 60 },
    request: { country: 'US' },
    ...pick<object>({}, { subject: person.subject }, { settings: spare.document }),
  })),

  'factor.list': byPerson(nothing),
  'factor.enroll': byPerson(newFactor, 'credential:link'),
  'factor.confirm': byPerson(async ({ cast, pick }) => {
    const token = await earn(cast, 'credential:link')
    return pick<Start>(startPasskey, startTotp)(cast.person, token)
  }),
  'factor.rename': byPerson((kitchen) => ({ ...aFactor(kitchen), label: service.unique('label') })),
  'factor.setDefault': byPerson(aFactor, 'credential:update'),
  'factor.remove': byPerson(totpFactor, 'credential:unlink'),
  'recovery.regenerate': byPerson(nothing, 'credential:update'),
  'recovery.acknowledge': byPerson(nothing),

  'challenge.start': byPerson((kitchen) => {
    return { method: 'passkey', requestedScopes: scopesFor(kitchen) }
  }),
  'challenge.verify': byPerson(async (kitchen) => {
    const { cast, pick } = kitchen
    const { totp, recoveryCodes } = cast.person
    const requestedScopes = scopesFor(kitchen)
    const legacy = isOperator(cast) ? {} : pick({}, { mfaToken: { singleUse: true } })
    const method = pick('passkey', 'totp', 'recovery')
    if (method === 'totp')
      return { method, code: service.totpCode(totp.secret), requestedScopes, ...legacy }
    if (method === 'passkey') {
      const { challenge, options } = await ceremonies.startStepUp(cast.person, requestedScopes)
      const response = await cast.person.device.authenticate(options)
      return { method, challenge, response, ...legacy }
    }
    return { method, code: recoveryCodes.at(-1), requestedScopes: ['credential:link'] }
  }),

  'token.exchange': byPerson(async ({ cast: { realm, person } }) => ({
    assertion: await realm.assertion({ sub: person.subject, acr: 'phr', scope: 'wallet:sign' }),
  })),
  'token.consume': byResource(async ({ cast, pick }) => {
    const { subject } = cast.person
    const common = { subject, sessionId: 's', idempotencyKey: 'k'.repeat(20) }
    if (pick(true, false))
      return { ...common, token: await earn(cast, 'wallet:sign'), action: 'wallet.waas.sign' }
    const token = await earnForDetails(cast)
    return { ...common, token, action: 'order.refund', details: DETAILS }
  }),
  'token.introspect': byPerson(tokenFor),
  'token.revoke': byPerson(tokenFor),

  'environment.create': byOperator((kitchen) => {
    return { ...withSettings(kitchen), environment: service.unique('env') }
  }),
  'environment.list': byOperator(nothing),
  'environment.get': byOperator(aboutSpare),
  'environment.preview': byOperator(withSettings),
  'environment.update': byOperator(update),
  'guarded environment.update': byOperator(update, 'operator:change'),
  'environment.remove': byOperator(async () => ({
    environment: (await service.makeEnvironment()).id,
  })),
  'environment.trySession': byOperator(({ cast: { realm, person }, pick }) => ({
    environment: realm.id,
    token: person.bearer(),
    ...pick({}, { session: realm.document.session }),
  })),
  'environment.rotateKeys': byOperator(({ cast: { spare }, pick }) => {
    return { environment: spare.id, compromised: pick(true, false) }
  }),
  'environment.createResourceKey': byOperator(({ cast: { spare } }) => {
    return { environment: spare.id, audience: service.AUDIENCE, label: 'fuzz' }
  }),
  'environment.revokeResourceKey': byOperator(({ cast: { spare } }) => {
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

  'stats.get': byOperator(({ cast: { realm }, pick }) => {
    return { environment: realm.id, range: pick('day', 'month') }
  }),
  'audit.list': byPerson(nothing),
  'audit.verify': byPerson(nothing),
  'operator/audit.list': byOperator(aChain),
  'operator/audit.verify': byOperator(aChain),
}
