// The scene of the fuzzing: environments with their login, backend and resources, users and operators with
// factors, and all of it as words that may stand in an input.
import { type CountersignClient, createClient } from '../../client/index.ts'
import type { ActionEntry, EnvironmentSettings } from '../../contract/index.ts'
import { unwrap } from '../../functions/domain/refusal.ts'
import { readBindings } from '../../functions/env.ts'
import { openOperators } from '../../functions/operators.ts'
import { directoryObject, environmentObject } from '../../functions/state/objects.ts'
import { forgetEnvironment } from '../../functions/state/published.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { makeSigner, type Signer } from '../support/signer.ts'
import { PUBLIC_URL } from './calls.ts'
import { now } from './clock.ts'
import type { Words } from './inputs.ts'
import type { Lab } from './lab.ts'
import { type Caller, enroll, type Person } from './person.ts'

export const AUDIENCE = 'https://wallet.example'
export const OTHER_AUDIENCE = 'https://orders.example'
export const ORIGIN = 'https://app.example'
const RP_ID = 'app.example'
const ISSUER = 'https://login.example'
const BACKEND = 'https://backend.example'
export const OPERATOR_ROUTE = 'operator'

/** Rules of every kind: with conditions, with a schema, in observation, denied, for other resources. */
const ACTIONS: ActionEntry[] = [
  ...['wallet.waas.sign', 'user.update'].map((action) => ({
    action,
    base: { methods: ['totp' as const, 'passkey' as const, 'assertion' as const] },
  })),
  { action: 'wallet.waas.refresh', base: { mode: 'observe', require: 'always' } },
  {
    action: 'order.refund',
    scope: 'orders:refund',
    detailsSchema: {
      type: 'object',
      properties: { amount: { type: 'number' }, to: { type: 'string' } },
      required: ['amount'],
    },
    stricter: [
      { when: 'details.amount > 1000', acr: 'phr', methods: ['passkey'] },
      { when: 'request.country == "US" && !subject.enrolled', require: 'always' },
      { when: 'session.claims.amr.exists(a, a == "sms")', singleUse: true },
    ],
  },
  { action: 'order.view', scope: 'orders:view', audience: OTHER_AUDIENCE, base: { acr: 'phr' } },
  { action: 'order.close', scope: 'orders:close', base: { require: 'deny' } },
]

/** An environment of the scene. */
export interface Realm {
  id: string
  issuer: string
  settings: EnvironmentSettings
  login: Signer
  backend: Signer
  resource: { id: string; key: string }
  other: { id: string; key: string }
}

/** Who holds what in one lane of the fuzzing. */
export interface Cast {
  /** Where users are. */
  realm: Realm
  /** What operators change. */
  spare: Realm
  person: Person
  operatorKey: string
  words: Words
}

/** Sets the scene. */
export class Stage {
  readonly lab: Lab
  readonly #name: string
  #counted = 0

  constructor(lab: Lab, name: string) {
    this.lab = lab
    this.#name = name
  }

  unique(word: string): string {
    this.#counted += 1
    const number = this.#counted.toString(36)
    // Twice, so that no other name comes of it where one character is changed.
    return `${word}-${this.#name}-${number}-${number}`
  }

  client(environment: string, bearer: string): CountersignClient {
    const fetch = (input: RequestInfo | URL, init?: RequestInit) =>
      this.lab.fetch(new Request(input, init))
    return createClient({ url: PUBLIC_URL, environment, bearer: () => bearer, fetch })
  }

  /** A settings document as an operator writes it. */
  async settings(login: Signer, backend: Signer): Promise<EnvironmentSettings> {
    return {
      session: { issuer: ISSUER, keys: { jwks: { keys: [login.publicJwk] } }, audiences: ['app'] },
      rpId: RP_ID,
      origins: [ORIGIN],
      audiences: [AUDIENCE, OTHER_AUDIENCE],
      assertions: { issuer: BACKEND, keys: { jwks: { keys: [backend.publicJwk] } }, maxAcr: 'phr' },
      mfaTokens: 'session',
      actions: ACTIONS,
    }
  }

  /** Makes an environment past its operators, who may be asked for a step-up by now. */
  async realm(word: string): Promise<Realm> {
    const [login, backend] = await Promise.all([makeSigner(), makeSigner()])
    const id = this.unique(word)
    const bindings = readBindings(this.lab.env)
    const settings = await this.settings(login, backend)
    unwrap(await directoryObject(bindings).enter(id, 'fuzz'))
    const object = environmentObject(bindings, id)
    unwrap(await object.create(id, settings, 'fuzz'))
    const [resource, other] = await Promise.all(
      [AUDIENCE, OTHER_AUDIENCE].map(async (audience) =>
        unwrap(await object.createResourceKey(audience, 'keep', 'fuzz')),
      ),
    )
    if (!resource || !other) throw new Error('no resource keys')
    return { id, issuer: `${PUBLIC_URL}/${id}`, settings, login, backend, resource, other }
  }

  /** Gives an environment its settings back, past its operators. */
  async mend({ id, settings }: Realm): Promise<void> {
    const object = environmentObject(readBindings(this.lab.env), id)
    const { version } = unwrap(await object.overview())
    unwrap(await object.update(settings, version, 'fuzz'))
    forgetEnvironment(id)
  }

  session({ login }: Realm, sub: string, more: Record<string, unknown> = {}): Promise<string> {
    const at = now()
    const common = { iss: ISSUER, aud: 'app', sub, sid: 's', iat: at, exp: at + 3600 }
    return login.sign({ ...common, auth_time: at, amr: ['pwd'], ...more })
  }

  assertion({ backend, issuer }: Realm, sub: string, scope: string): Promise<string> {
    const at = now()
    const times = { iat: at, exp: at + 60, auth_time: at }
    const jti = this.unique('assertion')
    return backend.sign(
      { iss: BACKEND, aud: issuer, sub, jti, amr: ['pwd', 'sms'], acr: 'phr', scope, ...times },
      { typ: 'countersign-assertion+jwt' },
    )
  }

  /** A user who never enrolled. */
  async stranger(realm: Realm): Promise<Caller> {
    const subject = this.unique('user')
    return this.#user(realm, subject, createAuthenticator({ origin: ORIGIN, rpId: RP_ID }))
  }

  async #user(realm: Realm, subject: string, device: Caller['device']): Promise<Caller> {
    const bearer = await this.session(realm, subject)
    return { route: realm.id, subject, bearer, client: this.client(realm.id, bearer), device }
  }

  /** The same user, signed in anew. */
  async again(realm: Realm, person: Person): Promise<Person> {
    if (person.route === OPERATOR_ROUTE) return person
    return { ...person, ...(await this.#user(realm, person.subject, person.device)) }
  }

  /** An operator who never enrolled. */
  async newOperator(word = 'operator', automation = false): Promise<Caller> {
    const directory = directoryObject(readBindings(this.lab.env))
    const named = unwrap(await directory.createOperator(this.unique(word), automation, 'fuzz'))
    const device = createAuthenticator({ origin: PUBLIC_URL, rpId: 'localhost' })
    const client = this.client(OPERATOR_ROUTE, named.key)
    const { id: subject } = named.operator
    return { route: OPERATOR_ROUTE, subject, bearer: named.key, client, device }
  }

  user = async (realm: Realm): Promise<Person> => enroll(await this.stranger(realm))
  operator = async (): Promise<Person> => enroll(await this.newOperator('keep'))

  /** Makes sure that the operators' own environment is there. */
  async openOperators(): Promise<void> {
    await openOperators(readBindings(this.lab.env))
  }
}

/** What may stand in the fields of an input, by their names. */
export function wordsOf(
  { realm, spare, person }: Omit<Cast, 'words' | 'operatorKey'>,
  procedure: string,
): Words {
  const { settings } = realm
  // What operators may change is never what the others stand on.
  const changed = procedure === 'environment.remove' ? 'unknown' : spare.id
  const environment = procedure.startsWith('environment.') ? changed : realm.id
  const { session, rpId, origins, audiences, actions = [] } = settings
  return {
    environment: [environment, environment, 'unknown', 'operator', 'health'],
    settings: [settings, { session, rpId, origins, audiences }, { ...settings, mfaTokens: 'off' }],
    session: [session],
    actions: [actions, [], actions.slice(0, 1)],
    version: [1, 1, 2, 3],
    action: [
      ...['wallet.waas.sign', 'wallet.waas.refresh', 'user.update', 'order.refund', 'order.view'],
      ...['order.close', 'credential.link', 'credential.update', 'credential.unlink', 'toString'],
      'operator.change',
    ],
    scope: [
      'wallet:sign',
      'orders:refund',
      'user:update',
      'credential:link',
      'orders:view',
      '__proto__',
    ],
    requestedScopes: [
      ...[['wallet:sign'], ['wallet:sign', 'user:update'], ['orders:refund'], ['orders:view']],
      ...[['credential:link'], ['credential:update'], ['operator:change'], ['constructor']],
    ],
    details: [{ amount: 5, to: 'alice' }, { amount: 1500 }, {}, { amount: '5' }, { type: 'x' }],
    subject: [person.subject, person.subject, 'nobody'],
    factorId: [person.passkeyId, person.totp.factorId, `fac_${'A'.repeat(22)}`],
    audience: [AUDIENCE, OTHER_AUDIENCE, 'https://foreign.example'],
    id: [realm.resource.id, spare.resource.id, person.subject, 'op_AAAAAAAAAAAA', 'first'],
    country: ['NL', 'US', 'XX'],
    name: ['fuzz', 'Alice', 'first'],
    rpId: [rpId, 'example'],
    origins: [origins],
    audiences: [audiences],
    when: ['details.amount > 1000', 'true', 'request.country == "NL"', 'no condition', '1 +'],
    detailsSchema: [{ type: 'object', properties: { amount: { type: 'number' } } }, { type: 'x' }],
    jwksUri: ['https://login.example/keys', 'http://10.0.0.1/', 'https://user:pw@x/', 'file:///x'],
    keys: [session.keys],
    issuer: [session.issuer, realm.issuer, BACKEND],
    method: ['totp', 'passkey', 'recovery'],
    code: ['000000', '123 456', ...person.recoveryCodes.slice(0, 2)],
    cursor: ['eyJhIjoxfQ.AAAA'],
    idempotencyKey: ['a'.repeat(16)],
    sessionId: ['s', 'another'],
  }
}
