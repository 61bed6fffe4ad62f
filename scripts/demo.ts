// The demo environment: an invented application with its login, its backend and a wallet API. tour/ uses it.
import { randomUUID } from 'node:crypto'
import { importJWK, type JWK, SignJWT } from 'jose'
import type { EnvironmentSettings } from '../contract/index.ts'
import { Complaint } from './terminal.ts'

/** The names of the parties in the demo environment. */
export const DEMO = {
  environment: 'demo',
  login: 'https://login.demo.example',
  application: 'demo-app',
  backend: 'https://backend.demo.example',
  wallet: 'https://wallet.demo.example',
} as const

const ALGORITHM = 'ES256'
const SESSION_LIFETIME_SECONDS = 3600
const ASSERTION_LIFETIME_SECONDS = 60

const now = (): number => Math.floor(Date.now() / 1000)

/** The invented application. Its login signs session tokens and its backend signs assertions, with the same key. */
export interface DemoIssuer {
  publicJwk: JWK
  /** Signs a session token for a user who signed in just now. `claims` replaces or removes claims. */
  signIn(subject: string, claims?: Record<string, unknown>): Promise<Signed>
  /** Signs an assertion that a user was verified just now, for one scope. */
  vouch(subject: string, scope: string, audience: string): Promise<Signed>
}

export interface Signed {
  token: string
  claims: Record<string, unknown>
}

/**
 * Creates the invented application from its private key.
 *
 * @param text DEMO_ISSUER_KEY: a private ES256 key as a JWK
 * @throws Complaint for anything else
 */
export async function readDemoIssuer(text: string): Promise<DemoIssuer> {
  const { privateJwk, key } = await readKey(text)
  const { kty, crv, x, y, kid = 'demo' } = privateJwk
  const sign = async (typ: string, claims: Record<string, unknown>): Promise<Signed> => ({
    token: await new SignJWT(claims).setProtectedHeader({ alg: ALGORITHM, typ, kid }).sign(key),
    claims,
  })
  return {
    publicJwk: { kty, crv, x, y, kid, alg: ALGORITHM, use: 'sig' } as JWK,
    signIn: (sub, claims = {}) =>
      sign('JWT', {
        iss: DEMO.login,
        aud: DEMO.application,
        sub,
        sid: randomUUID(),
        iat: now(),
        exp: now() + SESSION_LIFETIME_SECONDS,
        auth_time: now(),
        ...claims,
      }),
    vouch: (sub, scope, aud) =>
      sign('countersign-assertion+jwt', {
        iss: DEMO.backend,
        aud,
        sub,
        scope,
        jti: randomUUID(),
        iat: now(),
        exp: now() + ASSERTION_LIFETIME_SECONDS,
        auth_time: now(),
        amr: ['pwd', 'sms'],
        acr: 'mfa',
      }),
  }
}

async function readKey(text: string) {
  try {
    const privateJwk: JWK = JSON.parse(text)
    const key = await importJWK(privateJwk, ALGORITHM)
    if (key instanceof Uint8Array || key.type !== 'private') throw new TypeError('no private key')
    return { privateJwk, key }
  } catch {
    throw new Complaint('DEMO_ISSUER_KEY must be a private ES256 key as a JWK in one line of JSON.')
  }
}

/**
 * Returns the settings of the demo environment.
 *
 * @param url the origin of its pages, to which passkeys are bound
 */
export function demoSettings(url: string, publicJwk: JWK): EnvironmentSettings {
  const keys = { jwks: { keys: [publicJwk] } }
  return {
    name: 'Countersign demo',
    session: { issuer: DEMO.login, keys, audiences: [DEMO.application] },
    rpId: new URL(url).hostname,
    origins: [new URL(url).origin],
    audiences: [DEMO.wallet],
    assertions: { issuer: DEMO.backend, keys, maxAcr: 'mfa' },
    mfaTokens: 'single',
    actions: [
      {
        action: 'user.update',
        base: { methods: ['totp', 'passkey', 'recovery', 'assertion'] },
      },
    ],
  }
}

/** Returns whether an address is on this machine. */
export const isLocal = (url: string): boolean =>
  ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)

/** Returns the origin of the demo's pages: on this machine, unless the service has a public address. */
export const pageOf = (url: string, publicUrl: string): string =>
  isLocal(publicUrl) ? url : publicUrl
