// The challenge of a passkey by hand: a statement with an HMAC that the client sends back. Its hash is what the
// authenticator signs.
import { Buffer } from 'node:buffer'
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'

export const Statement = z.strictObject({
  sub: z.string(),
  scope: z.string(),
  nonce: z.string(),
  exp: z.number(),
})
export type Statement = z.infer<typeof Statement>

const hmac = (body: string, secret: string): Buffer =>
  createHmac('sha256', secret).update(body).digest()
const hashOf = (body: string): string => createHash('sha256').update(body).digest('base64url')

/** Writes a statement. */
export function writeStatement(statement: Statement, secret: string) {
  const body = Buffer.from(JSON.stringify(statement)).toString('base64url')
  return {
    challenge: `${body}.${hmac(body, secret).toString('base64url')}`,
    webauthn: hashOf(body),
  }
}

/** Reads a statement that `writeStatement` wrote. Throws for any other text. */
export function readStatement(carried: string, secret: string) {
  const [body = '', mac = ''] = carried.split('.')
  if (!timingSafeEqual(hmac(body, secret), Buffer.from(mac, 'base64url')))
    throw new Error('the challenge was changed')
  const statement = Statement.parse(JSON.parse(Buffer.from(body, 'base64url').toString()))
  return { statement, webauthn: hashOf(body) }
}
