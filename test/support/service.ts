// The service for tests: the typed client inside workerd, with environments, users and codes for one test.
import { exports } from 'cloudflare:workers'
import type { JWTPayload } from 'jose'
import { expect } from 'vitest'
import {
  type ClientOptions,
  type CountersignClient,
  createClient,
  reasonOf,
} from '../../client/index.ts'
import type { EnvironmentSettings, Reason, SessionSettings } from '../../contract/index.ts'
import { makeSigner } from './signer.ts'
import { awayFromStepEnd } from './steps.ts'
import { totpCode } from './totp.ts'

export { makeSigner, type Signer } from './signer.ts'
export { totpCode } from './totp.ts'

export const PUBLIC_URL = 'http://localhost:8787'
export const OPERATOR_KEY = 'csk_op_for-tests-alone-0123456789abcdefghij'
export const AUDIENCE = 'https://wallet.example'
export const ORIGIN = 'https://app.example'
const ISSUER = 'https://login.example'
const BACKEND = 'https://backend.example'
/** How long a call may take on a machine that is busy with other tests. */
const STEP_MARGIN_MILLISECONDS = 1_000

export const now = (): number => Math.floor(Date.now() / 1000)
let counted = 0
export const unique = (word: string): string =>
  `${word}-${(counted++).toString(36)}-${crypto.randomUUID().slice(0, 8)}`

/** Sends a request to the Worker. */
export const send = (path: string, init?: RequestInit): Promise<Response> =>
  exports.default.fetch(new Request(PUBLIC_URL + path, init))

/** A `fetch` that reaches the Worker. */
export const viaWorker = ((input: RequestInfo | URL, init?: RequestInit) =>
  exports.default.fetch(new Request(input, init))) as typeof fetch

/** A `fetch` that reaches the Worker and adds headers. Headers given as undefined are left out. */
export const viaWorkerWith =
  (headers: Record<string, string | undefined>): typeof fetch =>
  (input, init) => {
    const request = new Request(input, init)
    for (const [name, value] of Object.entries(headers))
      if (value !== undefined) request.headers.set(name, value)
    return viaWorker(request)
  }

export const call = (options: Omit<ClientOptions, 'url'>): CountersignClient =>
  createClient({ url: PUBLIC_URL, fetch: viaWorker, ...options })

/** The operators' client. */
export const operator = call({ environment: 'operator', bearer: () => OPERATOR_KEY })

/** Settings that replace those of `makeEnvironment`. */
type Asked = Partial<Omit<EnvironmentSettings, 'session'> & { session: Partial<SessionSettings> }>

/** An environment of its own, with its application's login, its backend and a resource. */
export async function makeEnvironment({ session: about, ...settings }: Asked = {}) {
  const id = unique('env')
  const [login, backend] = await Promise.all([makeSigner(), makeSigner()])
  const document: EnvironmentSettings = {
    session: {
      ...{ issuer: ISSUER, keys: { jwks: { keys: [login.publicJwk] } }, audiences: ['app'] },
      ...about,
    },
    rpId: 'app.example',
    origins: [ORIGIN],
    audiences: [AUDIENCE],
    mfaTokens: 'single',
    assertions: { issuer: BACKEND, keys: { jwks: { keys: [backend.publicJwk] } } },
    ...settings,
  }
  await operator.environment.create.mutate({ environment: id, settings: document })
  const issuer = `${PUBLIC_URL}/${id}`

  /** A session token of a user; members given as undefined are left out. */
  const session = (claims: JWTPayload = {}, header: Record<string, unknown> = {}) =>
    login.sign(
      { iss: ISSUER, aud: 'app', iat: now(), exp: now() + 3600, auth_time: now(), ...claims },
      header,
    )

  const resource = async (audience = AUDIENCE) => {
    const { key, id: keyId } = await operator.environment.createResourceKey.mutate({
      environment: id,
      audience,
    })
    return { keyId, key, client: call({ environment: id, bearer: () => key }) }
  }

  const assertion = (claims: JWTPayload = {}, header: Record<string, unknown> = {}) =>
    backend.sign(
      {
        iss: BACKEND,
        aud: issuer,
        iat: now(),
        exp: now() + 60,
        jti: unique('assertion'),
        auth_time: now(),
        amr: ['pwd', 'sms'],
        acr: 'mfa',
        ...claims,
      },
      { typ: 'countersign-assertion+jwt', ...header },
    )

  const user = async (claims: JWTPayload = {}) => {
    const subject = claims.sub ?? unique('user')
    let bearer = await session({ sub: subject, ...claims })
    let elevated: string | undefined
    const client = call({
      environment: id,
      bearer: () => bearer,
      // A token is sent with one call alone, as an application would.
      elevatedToken: () => {
        const token = elevated
        elevated = undefined
        return token
      },
    })
    return {
      subject,
      client,
      with(token: string | undefined) {
        elevated = token
        return client
      },
      async signIn(again: JWTPayload) {
        bearer = await session({ sub: subject, ...again })
      },
      bearer: () => bearer,
    }
  }

  return { id, issuer, document, login, backend, session, assertion, resource, user }
}

export type TestEnvironment = Awaited<ReturnType<typeof makeEnvironment>>
export type TestUser = Awaited<ReturnType<TestEnvironment['user']>>

/** A code that is certainly wrong now. */
export function wrongCode(secret: string): string {
  const right = [-1, 0, 1].map((step) => totpCode(secret, step))
  for (let guess = 0; ; guess += 1) {
    const code = String(guess).padStart(6, '0')
    if (!right.includes(code)) return code
  }
}

/** Enrolls and confirms TOTP with the previous step's code, so that the current one is still good. */
export async function enrollTotp(user: TestUser, linkToken?: string) {
  const { factorId, ...shown } = await user.with(linkToken).factor.enroll.mutate({ kind: 'totp' })
  if (!('secret' in shown)) throw new Error('no TOTP secret came back')
  await awayFromStepEnd(STEP_MARGIN_MILLISECONDS)
  const { recoveryCodes = [] } = await user.client.factor.confirm.mutate({
    kind: 'totp',
    factorId,
    code: totpCode(shown.secret, -1),
  })
  return { factorId, secret: shown.secret, recoveryCodes }
}

/** The elevated token of a code for some scopes. */
export async function stepUp(
  user: TestUser,
  secret: string,
  requestedScopes: string[],
  details?: Record<string, unknown>,
) {
  const verified = await user.client.challenge.verify.mutate({
    method: 'totp',
    code: totpCode(secret),
    requestedScopes,
    ...(details && { details }),
  })
  if (!verified.elevatedToken) throw new Error('no elevated token came back')
  return verified.elevatedToken
}

/** The refusal of a call that must be refused. */
export async function refusedBy(run: Promise<unknown>) {
  const outcome = await run.then(
    (value) => ({ value }),
    (error) => ({ error }),
  )
  if ('value' in outcome) throw new Error(`not refused: ${JSON.stringify(outcome.value)}`)
  const data = reasonOf(outcome.error)
  if (!data) throw outcome.error
  return { ...data, message: String(outcome.error.message) }
}

/** Asserts that a call is refused for a reason, and returns the refusal. */
export async function expectRefused(run: Promise<unknown>, reason: Reason) {
  const refused = await refusedBy(run)
  expect(refused.reason).toBe(reason)
  return refused
}
