// For each procedure, how a call is made that is good: with what must have been done before it done.
import { totpCode } from '../support/totp.ts'
import { type Call, callOf } from './calls.ts'
import { earn, freshCode, startPasskey, startStepUp, startTotp } from './person.ts'
import type { Random } from './random.ts'
import { AUDIENCE, type Cast, OPERATOR_ROUTE, type Stage } from './stage.ts'

export interface Kitchen {
  cast: Cast
  stage: Stage
  random: Random
}
export type Recipe = (kitchen: Kitchen) => Promise<Call>

const ofPerson =
  (procedure: string, input: (kitchen: Kitchen) => unknown, scope?: string): Recipe =>
  async (kitchen) => {
    const { person } = kitchen.cast
    const token = scope && (await earn(person, scope))
    return callOf(person.route, procedure, person.bearer, await input(kitchen), token)
  }

const ofResource =
  (procedure: string, input: (kitchen: Kitchen) => unknown): Recipe =>
  async (kitchen) => {
    const { realm } = kitchen.cast
    return callOf(realm.id, procedure, realm.resource.key, await input(kitchen))
  }

const ofOperator =
  (procedure: string, input: (kitchen: Kitchen) => unknown): Recipe =>
  async (kitchen) => {
    const { operatorKey } = kitchen.cast
    return callOf(OPERATOR_ROUTE, procedure, operatorKey, await input(kitchen))
  }

/** The same change, with the token of the operator's step-up. */
const guarded =
  (recipe: Recipe): Recipe =>
  async (kitchen) => {
    const call = await recipe(kitchen)
    const token = await earn(kitchen.cast.person, 'operator:change')
    return { ...call, headers: { ...call.headers, 'countersign-token': token } }
  }

const DETAILS = { amount: 5, to: 'alice' }
const nothing = () => ({})
const factor = ({ cast: { person }, random }: Kitchen): string =>
  random.pick([person.passkeyId, person.totp.factorId])
const isOperator = ({ person }: Cast): boolean => person.route === OPERATOR_ROUTE
/** Scopes that a user, or an operator, may have. */
const scopesFor = ({ cast, random }: Kitchen): string[] =>
  isOperator(cast)
    ? [random.pick(['credential:update', 'operator:change'])]
    : random.pick([['wallet:sign'], ['wallet:sign', 'user:update'], ['credential:update']])

/** A token, with details or without, single-use or not. */
const tokenFor = ({ cast, random }: Kitchen): Promise<string> =>
  isOperator(cast)
    ? earn(cast.person, random.pick(['credential:update', 'operator:change']))
    : random.chance(0.3)
      ? earn(cast.person, 'orders:refund', DETAILS)
      : earn(cast.person, random.pick(['wallet:sign', 'user:update']))

const aboutSubject = ({ cast: { realm, person } }: Kitchen) => ({
  environment: realm.id,
  subject: person.subject,
})
const aboutEnvironment = ({ cast: { realm } }: Kitchen) => ({ environment: realm.id })
const aboutSpare = ({ cast: { spare } }: Kitchen) => ({ environment: spare.id })
const withSettings = ({ cast: { spare } }: Kitchen) => ({
  environment: spare.id,
  settings: spare.settings,
})

async function versionOf({ cast, stage }: Kitchen): Promise<number> {
  const client = stage.client(OPERATOR_ROUTE, cast.operatorKey)
  return (await client.environment.get.query({ environment: cast.spare.id })).version
}

const update = ofOperator('environment.update', async (kitchen) => ({
  ...withSettings(kitchen),
  version: await versionOf(kitchen),
}))
const createOperator = ofOperator('operator.create', ({ stage, random }) => ({
  name: stage.unique('fuzz'),
  automation: random.chance(0.5),
}))
const resetFactors = ofOperator('subject.resetFactors', aboutSubject)

export const RECIPES: Readonly<Record<string, Recipe>> = {
  'policy.check': async (kitchen) => {
    const { cast, stage, random } = kitchen
    if (isOperator(cast))
      return ofPerson('policy.check', () => ({ action: 'operator.change' }))(kitchen)
    const details = random.chance(0.5) && { details: DETAILS }
    const input = { action: random.pick(['wallet.waas.sign', 'order.refund']), ...details }
    if (random.chance(0.5)) return ofPerson('policy.check', () => input)(kitchen)
    const { subject } = cast.person
    const sessionToken = await stage.session(cast.realm, subject)
    const context = { context: { country: 'NL', sessionToken } }
    return ofResource('policy.check', () => ({ ...input, subject, ...context }))(kitchen)
  },
  'policy.list': ofResource('policy.list', nothing),
  'policy.simulate': ofOperator('policy.simulate', (kitchen) => ({
    ...aboutEnvironment(kitchen),
    action: 'order.refund',
    details: { amount: 1500 },
    session: { claims: { amr: ['sms'] }, ageSeconds: 60 },
    request: { country: 'US' },
    ...(kitchen.random.chance(0.5) && { subject: kitchen.cast.person.subject }),
    ...(kitchen.random.chance(0.3) && { settings: kitchen.cast.spare.settings }),
  })),

  'factor.list': ofPerson('factor.list', nothing),
  'factor.enroll': ofPerson(
    'factor.enroll',
    ({ random }) => ({ kind: random.pick(['totp', 'passkey']), label: 'phone' }),
    'credential:link',
  ),
  'factor.confirm': ofPerson('factor.confirm', async ({ cast: { person }, random }) => {
    const token = await earn(person, 'credential:link')
    if (random.chance(0.5)) return startPasskey(person, token)
    const { factorId, secret } = await startTotp(person, token)
    return { kind: 'totp', factorId, code: totpCode(secret) }
  }),
  'factor.rename': ofPerson('factor.rename', (kitchen) => ({
    factorId: factor(kitchen),
    label: kitchen.stage.unique('label'),
  })),
  'factor.setDefault': ofPerson(
    'factor.setDefault',
    (kitchen) => ({ factorId: factor(kitchen) }),
    'credential:update',
  ),
  'factor.remove': ofPerson(
    'factor.remove',
    ({ cast: { person } }) => ({ factorId: person.totp.factorId }),
    'credential:unlink',
  ),
  'recovery.regenerate': ofPerson('recovery.regenerate', nothing, 'credential:update'),
  'recovery.acknowledge': ofPerson('recovery.acknowledge', nothing),

  'challenge.start': ofPerson('challenge.start', (kitchen) => ({
    method: 'passkey',
    requestedScopes: scopesFor(kitchen),
  })),
  'challenge.verify': ofPerson('challenge.verify', async (kitchen) => {
    const { cast, random } = kitchen
    const wish = { requestedScopes: scopesFor(kitchen) }
    const legacy = !isOperator(cast) && random.chance(0.3) && { mfaToken: { singleUse: true } }
    return random.weighted<() => unknown>([
      [4, async () => ({ ...(await startStepUp(cast.person, wish)), ...legacy })],
      [4, () => ({ method: 'totp', code: freshCode(cast.person), ...wish, ...legacy })],
      [
        2,
        () => ({
          method: 'recovery',
          code: cast.person.recoveryCodes.pop() ?? '0000',
          requestedScopes: ['credential:link'],
        }),
      ],
    ])()
  }),

  'token.exchange': ofPerson('token.exchange', async ({ cast: { realm, person }, stage }) => ({
    assertion: await stage.assertion(realm, person.subject, 'wallet:sign'),
  })),
  'token.consume': ofResource('token.consume', async ({ cast, random }) => {
    const { person } = cast
    const common = { subject: person.subject, sessionId: 's', idempotencyKey: 'k'.repeat(20) }
    if (random.chance(0.5))
      return { ...common, token: await earn(person, 'wallet:sign'), action: 'wallet.waas.sign' }
    const token = await earn(person, 'orders:refund', DETAILS)
    return { ...common, token, action: 'order.refund', details: DETAILS }
  }),
  'token.introspect': ofPerson('token.introspect', async (kitchen) => ({
    token: await tokenFor(kitchen),
  })),
  'token.revoke': ofPerson('token.revoke', async (kitchen) => ({
    token: await tokenFor(kitchen),
  })),

  'environment.create': ofOperator('environment.create', ({ cast: { spare }, stage }) => ({
    environment: stage.unique('env'),
    settings: spare.settings,
  })),
  'environment.list': ofOperator('environment.list', nothing),
  'environment.get': ofOperator('environment.get', aboutSpare),
  'environment.preview': ofOperator('environment.preview', withSettings),
  'environment.update': update,
  'guarded environment.update': guarded(update),
  'environment.remove': ofOperator('environment.remove', async ({ stage }) => ({
    environment: (await stage.realm('env')).id,
  })),
  'environment.trySession': ofOperator(
    'environment.trySession',
    async ({ cast: { realm, person }, stage, random }) => ({
      environment: realm.id,
      token: await stage.session(realm, person.subject),
      ...(random.chance(0.3) && { session: realm.settings.session }),
    }),
  ),
  'environment.rotateKeys': ofOperator('environment.rotateKeys', (kitchen) => ({
    ...aboutSpare(kitchen),
    compromised: kitchen.random.chance(0.7),
  })),
  'environment.createResourceKey': ofOperator('environment.createResourceKey', (kitchen) => ({
    ...aboutSpare(kitchen),
    audience: AUDIENCE,
    label: 'fuzz',
  })),
  'environment.revokeResourceKey': ofOperator(
    'environment.revokeResourceKey',
    async ({ cast: { spare, operatorKey }, stage }) => {
      const { environment } = stage.client(OPERATOR_ROUTE, operatorKey)
      // Earlier calls may have changed the settings.
      const { settings } = await environment.get.query({ environment: spare.id })
      const [audience = AUDIENCE] = settings.audiences
      const key = { environment: spare.id, audience, label: 'fuzz' }
      return { environment: spare.id, id: (await environment.createResourceKey.mutate(key)).id }
    },
  ),

  'subject.get': ofOperator('subject.get', aboutSubject),
  'subject.unlock': ofOperator('subject.unlock', aboutSubject),
  'subject.resetFactors': resetFactors,
  'guarded subject.resetFactors': guarded(resetFactors),
  'subject.endTokens': ofOperator('subject.endTokens', aboutSubject),

  'operator.self': ofOperator('operator.self', nothing),
  'operator.create': createOperator,
  'guarded operator.create': guarded(createOperator),
  'operator.list': ofOperator('operator.list', nothing),
  'operator.revoke': ofOperator('operator.revoke', async ({ stage, random }) => ({
    id: (await stage.newOperator('fuzz', random.chance(0.5))).subject,
  })),

  'stats.get': ofOperator('stats.get', (kitchen) => ({
    ...aboutEnvironment(kitchen),
    range: kitchen.random.pick(['day', 'month']),
  })),
  'audit.list': ofPerson('audit.list', nothing),
  'audit.verify': ofPerson('audit.verify', nothing),
  'operator/audit.list': ofOperator('audit.list', (kitchen) => aChain(kitchen)),
  'operator/audit.verify': ofOperator('audit.verify', (kitchen) => aChain(kitchen)),
}

const aChain = (kitchen: Kitchen) =>
  kitchen.random.pick([{}, aboutEnvironment(kitchen), aboutSubject(kitchen)])
