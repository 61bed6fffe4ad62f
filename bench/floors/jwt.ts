// JSON Web Tokens by hand: ES256 by WebCrypto, with keys that are imported once.
import { Buffer } from 'node:buffer'
import * as z from 'zod'

const ES256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const encoder = new TextEncoder()

const base64Url = (value: object): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url')

/** Imports a key from a JWK in JSON. */
export const importKey = (jwk: string, use: 'sign' | 'verify'): Promise<CryptoKey> =>
  crypto.subtle.importKey('jwk', JSON.parse(jwk), ES256, false, [use])

/** Signs a token. */
export async function sign(claims: object, key: CryptoKey, typ: string): Promise<string> {
  const signed = `${base64Url({ alg: 'ES256', typ, kid: 'floor' })}.${base64Url(claims)}`
  const signature = await crypto.subtle.sign(ES256, key, encoder.encode(signed))
  return `${signed}.${Buffer.from(signature).toString('base64url')}`
}

const Header = z.object({ alg: z.literal('ES256'), typ: z.string() })

/** Verifies the signature and the type of a token, and returns its claims in the form of a schema. */
export async function verify<T extends z.ZodType>(
  token: string,
  key: CryptoKey,
  typ: string,
  claims: T,
): Promise<z.infer<T>> {
  const [head = '', body = '', signature = ''] = token.split('.')
  if (Header.parse(read(head)).typ !== typ) throw new Error('the token is of another type')
  const bytes = Buffer.from(signature, 'base64url')
  if (!(await crypto.subtle.verify(ES256, key, bytes, encoder.encode(`${head}.${body}`))))
    throw new Error('the signature does not match')
  return claims.parse(read(body))
}

const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
