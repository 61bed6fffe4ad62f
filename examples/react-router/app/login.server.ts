// The login of this example: it signs in anybody. Your application has a login already.
import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import { createCookie } from 'react-router'

export const issuer = `http://localhost:${process.env.PORT ?? '3000'}`
const { publicKey, privateKey } = await generateKeyPair('ES256')
const header = { alg: 'ES256', kid: randomUUID() }
export const jwks = { keys: [{ ...(await exportJWK(publicKey)), ...header }] }
const cookie = createCookie('session', { httpOnly: true, sameSite: 'lax' })

/** Returns the cookie of a new session. */
export async function signIn(sub: string) {
  const auth_time = Math.floor(Date.now() / 1000)
  const session = { iss: issuer, aud: 'hello', sub, sid: randomUUID(), auth_time }
  const token = new SignJWT(session).setProtectedHeader(header).setExpirationTime('1h')
  return cookie.serialize(await token.sign(privateKey))
}

/** Returns the session token and the user. Both are empty if nobody is signed in. */
export async function readSession({ headers }: Request) {
  const token: string = await cookie.parse(headers.get('cookie'))
  return jwtVerify(token, publicKey, { issuer, audience: 'hello' })
    .then(({ payload }) => ({ token, user: payload.sub ?? '' }))
    .catch(() => ({ token: '', user: '' }))
}
