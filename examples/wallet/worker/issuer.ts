// The application's own login: who signs its sessions, and how one is verified. Anybody signs in with
// any name and no password: this is a demo, and it says so on its page. Countersign reads the same
// sessions by the key set of this application.
import { createHash } from 'node:crypto'
import { importJWK, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { IssuerJwk, Settings } from './env.ts'
import { refuse } from './problem.ts'

const ALGORITHM = 'ES256'
const AUDIENCE = 'wallet'
const SESSION_LIFETIME_SECONDS = 3600

/** Somebody who signed in. */
export interface Session {
  id: string
  subject: string
  name: string
  expiresAt: number
  /** Which sign-in of this user it came from, counted from one. */
  signIn: number
  token: string
}

/** The id of a user: the same for every spelling of a name that differs only in case or width. */
export function subjectOf(name: string): string {
  const folded = name.normalize('NFKC').trim().toLowerCase()
  const hash = createHash('sha256').update(`countersign-wallet/user/v1\n${folded}`)
  return `user_${hash.digest('base64url').slice(0, 22)}`
}

/** The public half of the issuer's key (RFC 7517), as Countersign fetches it. */
export const keySetOf = ({ issuerKey: { kty, crv, x, y, kid } }: Settings) => ({
  keys: [{ kty, crv, x, y, kid, alg: ALGORITHM, use: 'sig' }],
})

/**
 * Signs a session for a user who signed in just now.
 *
 * @param signIn which sign-in of theirs it is
 */
export async function startSession(
  { publicUrl, issuerKey }: Settings,
  name: string,
  signIn: number,
): Promise<Session> {
  const now = Math.floor(Date.now() / 1000)
  const [subject, id, expiresAt] = [
    subjectOf(name),
    crypto.randomUUID(),
    now + SESSION_LIFETIME_SECONDS,
  ]
  const token = await new SignJWT({ name, signIn, sid: id, auth_time: now })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid: issuerKey.kid })
    .setIssuer(publicUrl)
    .setAudience(AUDIENCE)
    .setSubject(subject)
    .setIssuedAt(now)
    .setExpirationTime(expiresAt)
    .sign(await importKey(issuerKey))
  return { id, subject, name, expiresAt, signIn, token }
}

/**
 * The session of a request.
 *
 * @param authorization the header: `Bearer` and a session token
 * @throws Problem `unauthenticated`
 */
export async function readSession(
  { publicUrl, issuerKey }: Settings,
  authorization: string | undefined,
): Promise<Session> {
  const [, token] = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '') ?? []
  if (!token) return refuse('unauthenticated', 'Send the session as Authorization: Bearer.')
  const { d: _, ...publicJwk } = issuerKey
  const key = await importKey(publicJwk)
  const { payload } = await jwtVerify(token, key, {
    algorithms: [ALGORITHM],
    typ: 'JWT',
    issuer: publicUrl,
    audience: AUDIENCE,
    requiredClaims: ['sub', 'sid', 'exp', 'iat', 'auth_time'],
  }).catch(() => refuse('unauthenticated', 'The session is not valid, or over: sign in again.'))
  return sessionOf(payload, token)
}

/** This application signed the claims itself, so their shapes are known: nobody else has the key. */
const sessionOf = ({ sub, sid, name, signIn, exp }: JWTPayload, token: string): Session => ({
  id: String(sid),
  subject: String(sub),
  name: String(name),
  expiresAt: Number(exp),
  signIn: Number(signIn),
  token,
})

async function importKey(jwk: Omit<IssuerJwk, 'd'> & { d?: string }) {
  const key = await importJWK({ ...jwk }, ALGORITHM)
  if (key instanceof Uint8Array) throw new TypeError('the issuer key is no key pair')
  return key
}
