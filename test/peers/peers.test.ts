// The service with programs of other authors: oathtool for codes, python-fido2 for passkeys, PyJWT for tokens.
// The service runs as deployed. A program that is not installed is skipped and named.
import type { JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CountersignClient, createClient, reasonOf } from '../../client/index.ts'
import type { EnvironmentSettings } from '../../contract/index.ts'
import { DEMO, type DemoIssuer, readDemoIssuer } from '../../scripts/demo.ts'
import { type Served, serve } from '../../scripts/prove/serve.ts'
import { operatorClient } from '../../scripts/provision.ts'
import { makeIssuerKey } from '../../scripts/variables.ts'
import {
  type AuthenticationResponse,
  type CreationOptions,
  createAuthenticator,
  type RegistrationResponse,
  type RequestOptions,
} from '../support/authenticator.ts'
import { awayFromStepEnd } from '../support/steps.ts'
import { anyPeer, askPeer, isAbsent, oathCode, withPeer } from './support/peers.ts'

const ORIGIN = 'https://app.example'
const RP_ID = 'app.example'
const WALLET = 'https://wallet.example'
const SCOPE = 'wallet:sign'
const STEP_MARGIN_MILLISECONDS = 4_000
const TIMEOUT = 60_000

let served: Served
let url: string
let operator: CountersignClient
let application: DemoIssuer

beforeAll(async () => {
  if (!anyPeer) return
  application = await readDemoIssuer(await makeIssuerKey())
  served = await serve({ room: 50, signal: new AbortController().signal })
  url = served.fronts[0] ?? ''
  operator = operatorClient(url, served.operatorKey)
}, TIMEOUT)
afterAll(() => served?.stop())

let made = 0
/** An environment of its own. */
async function makeEnvironment(settings: Partial<EnvironmentSettings> = {}): Promise<string> {
  const environment = `peers-${(made++).toString()}`
  const document: EnvironmentSettings = {
    session: {
      issuer: DEMO.login,
      keys: { jwks: { keys: [application.publicJwk] } },
      audiences: [DEMO.application],
    },
    rpId: RP_ID,
    origins: [ORIGIN],
    audiences: [WALLET],
    ...settings,
  }
  await operator.environment.create.mutate({ environment, settings: document })
  return environment
}

/** A user who signed in just now. */
async function userOf(environment: string, subject = 'ada'): Promise<CountersignClient> {
  const { token } = await application.signIn(subject)
  return createClient({ url, environment, bearer: () => token })
}

const reasonOfFailure = (run: Promise<unknown>) =>
  run.then(
    () => undefined,
    (error) => reasonOf(error)?.reason ?? error,
  )

type Totp = NonNullable<NonNullable<EnvironmentSettings['methods']>['totp']>

describe('oathtool', () => {
  const kinds = (['SHA1', 'SHA256', 'SHA512'] as const).flatMap((algorithm) =>
    ([6, 8] as const).map((digits) => ({ algorithm, digits, periodSeconds: 30 as const })),
  )

  it
    .skipIf(isAbsent('oathtool'))
    .each<Totp>([...kinds, { algorithm: 'SHA1', digits: 6, periodSeconds: 60 }])(
    withPeer('oathtool', 'has the codes of $algorithm, $digits digits, every $periodSeconds s'),
    async (totp) => {
      const user = await userOf(await makeEnvironment({ methods: { totp } }))
      const enrolling = await user.factor.enroll.mutate({ kind: 'totp' })
      const uri = 'uri' in enrolling ? enrolling.uri : ''
      await awayFromStepEnd(STEP_MARGIN_MILLISECONDS)
      const confirm = (code: string) =>
        user.factor.confirm.mutate({ kind: 'totp', factorId: enrolling.factorId, code })
      expect(await reasonOfFailure(confirm(oathCode(uri, -3)))).toBe('invalid_code')
      const { factor } = await confirm(oathCode(uri, -1))
      expect(factor.kind).toBe('totp')
      const code = oathCode(uri)
      expect(code).toHaveLength(totp.digits ?? 6)
      const stepUp = () =>
        user.challenge.verify.mutate({ method: 'totp', code, requestedScopes: [SCOPE] })
      expect(await stepUp()).toMatchObject({ acr: 'mfa', elevatedToken: { scopes: [SCOPE] } })
      expect(await reasonOfFailure(stepUp())).toBe('code_already_used')
    },
    TIMEOUT,
  )
})

async function startEnrolling(user: CountersignClient) {
  const started = await user.factor.enroll.mutate({ kind: 'passkey' })
  if (!('options' in started)) throw new Error('no options came back')
  return { ...started, options: started.options as unknown as CreationOptions }
}

async function startStepUp(user: CountersignClient) {
  const started = await user.challenge.start.mutate({ method: 'passkey', requestedScopes: [SCOPE] })
  return { ...started, options: started.options as unknown as RequestOptions }
}

describe('python-fido2', () => {
  const skipped = it.skipIf(isAbsent('fido2'))

  skipped.each(['ES256', 'EdDSA', 'RS256'] as const)(
    withPeer('fido2', 'verifies what our test authenticator answers to the service, with %s'),
    async (algorithm) => {
      const user = await userOf(await makeEnvironment())
      const device = createAuthenticator({ origin: ORIGIN, rpId: RP_ID, algorithm })
      const enrolling = await startEnrolling(user)
      const { factorId, challenge } = enrolling
      const registration = await device.register(enrolling.options)
      await user.factor.confirm.mutate({
        kind: 'passkey',
        factorId,
        challenge,
        response: registration,
      })
      const { options } = await startStepUp(user)
      const authentication = await device.authenticate(options)
      const unverified = await device.authenticate(options, { userVerified: false })
      const { signature } = unverified.response
      const spoilt = { ...authentication, response: { ...authentication.response, signature } }
      const verified = askPeer('fido2', 'verify', {
        creationOptions: enrolling.options,
        registration,
        requestOptions: options,
        authentications: [authentication, unverified, spoilt],
      })
      expect(verified).toEqual({
        credentialId: registration.id,
        allowed: [registration.id],
        userVerification: ['required', 'required'],
        authentications: [
          'verified',
          'User verification required, but user verified flag not set.',
          'Invalid signature.',
        ],
      })
    },
    TIMEOUT,
  )

  skipped(
    withPeer('fido2', 'makes a passkey that the service enrolls and steps up with'),
    async () => {
      const user = await userOf(await makeEnvironment())
      const enrolling = await startEnrolling(user)
      const { factorId, challenge } = enrolling
      const { response, key } = askPeer<{ response: RegistrationResponse; key: string }>(
        'fido2',
        'register',
        { creationOptions: enrolling.options, origin: ORIGIN },
      )
      await user.factor.confirm.mutate({ kind: 'passkey', factorId, challenge, response })
      const stepUp = async (origin: string, counter: number) => {
        const { challenge: carried, options } = await startStepUp(user)
        const signing = { requestOptions: options, origin, key, counter }
        const signed = askPeer<{ response: AuthenticationResponse }>(
          'fido2',
          'authenticate',
          signing,
        )
        return user.challenge.verify.mutate({ method: 'passkey', challenge: carried, ...signed })
      }
      expect(await stepUp(ORIGIN, 1)).toMatchObject({
        acr: 'phr',
        amr: ['hwk', 'user', 'mfa'],
        elevatedToken: { scopes: [SCOPE] },
      })
      expect(await reasonOfFailure(stepUp('https://evil.example', 2))).toBe('passkey_rejected')
      expect(await reasonOfFailure(stepUp(ORIGIN, 1))).toBe('passkey_rejected')
    },
    TIMEOUT,
  )
})

describe('PyJWT', () => {
  it.skipIf(isAbsent('jwt'))(
    withPeer('jwt', 'verifies an elevated token with the published keys, and no other token'),
    async () => {
      const environment = await makeEnvironment({
        assertions: { issuer: DEMO.backend, keys: { jwks: { keys: [application.publicJwk] } } },
        actions: [
          {
            action: 'order.refund',
            scope: 'orders:refund',
            base: { require: 'always', methods: ['assertion'] },
          },
        ],
      })
      const issuer = `${served.publicUrl}/${environment}`
      const { token: assertion } = await application.vouch('ada', 'orders:refund', issuer)
      const user = await userOf(environment)
      const { elevatedToken } = await user.token.exchange.mutate({ assertion })
      const keySet = await fetch(`${url}/${environment}/.well-known/jwks.json`).then((answer) =>
        answer.json(),
      )
      const [header = '', payload = '', signature = ''] = elevatedToken.token.split('.')
      const forged = Buffer.from(payload, 'base64url').toString().replace('ada', 'eve')
      const bent = `${header}.${Buffer.from(forged).toString('base64url')}.${signature}`
      const { token } = elevatedToken
      const shown = { token, issuer, audience: WALLET }
      const { answers } = askPeer<{ answers: unknown[] }>('jwt', 'verify', {
        keySet,
        tries: [
          shown,
          { ...shown, token: bent },
          { ...shown, audience: 'https://other.example' },
          { ...shown, issuer: served.publicUrl },
          { ...shown, later: 3600 },
        ],
      })
      expect(answers).toEqual([
        {
          header: expect.objectContaining({ alg: 'ES256', typ: 'at+jwt' }),
          claims: expect.objectContaining({
            iss: issuer,
            sub: 'ada',
            aud: WALLET,
            jti: elevatedToken.jti,
            exp: elevatedToken.expiresAt,
            scope: 'orders:refund',
          }),
        },
        'InvalidSignatureError',
        'InvalidAudienceError',
        'InvalidIssuerError',
        'ExpiredSignatureError',
      ])
    },
    TIMEOUT,
  )

  it.skipIf(isAbsent('jwt'))(
    withPeer('jwt', 'signs sessions that are taken with every algorithm that may be, and no other'),
    async () => {
      const { keySet, tokens } = askPeer<{
        keySet: { keys: JWK[] }
        tokens: Record<string, string>
      }>('jwt', 'sign', { claims: { iss: DEMO.login, aud: DEMO.application, sub: 'ada' } })
      const environment = await makeEnvironment({
        session: { issuer: DEMO.login, keys: { jwks: keySet }, audiences: [DEMO.application] },
      })
      const answers = Object.entries(tokens).map(async ([alg, token]) => {
        const client = createClient({ url, environment, bearer: () => token })
        return [alg, await reasonOfFailure(client.factor.list.query())]
      })
      expect(Object.fromEntries(await Promise.all(answers))).toEqual({
        ES256: undefined,
        ES384: undefined,
        RS256: undefined,
        PS256: undefined,
        EdDSA: undefined,
        HS256: 'unauthenticated',
        none: 'unauthenticated',
      })
    },
    TIMEOUT,
  )
})
