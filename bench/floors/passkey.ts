// The response of a passkey by hand (WebAuthn Level 3, section 7.2), for ES256 and WebCrypto.
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import * as z from 'zod'

const base64Url = z.string().regex(/^[A-Za-z0-9_-]+$/)

export const Assertion = z.object({
  id: base64Url,
  rawId: base64Url,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: base64Url,
    authenticatorData: base64Url,
    signature: base64Url,
    userHandle: base64Url.optional(),
  }),
})
export type Assertion = z.infer<typeof Assertion>

const ClientData = z.object({
  type: z.literal('webauthn.get'),
  challenge: z.string(),
  origin: z.string(),
  crossOrigin: z.literal(false).optional(),
})

const ES256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const PRESENT_AND_VERIFIED = 0b101
const BACKUP_ELIGIBLE = 0b1000
const sha256 = (data: Buffer | string): Buffer => createHash('sha256').update(data).digest()
const bytes = (text: string): Buffer => Buffer.from(text, 'base64url')

/** Checks the challenge, origin, relying party, user and flags of a response. Returns its authenticator data. */
export function readAssertion(
  { response }: Assertion,
  challenge: string,
  origin: string,
  { userHandle, synced }: { userHandle: string; synced: boolean },
): Buffer {
  const client = ClientData.parse(JSON.parse(bytes(response.clientDataJSON).toString()))
  if (client.challenge !== challenge || client.origin !== origin) throw new Error('another page')
  if ((response.userHandle ?? userHandle) !== userHandle) throw new Error('another user')
  const data = bytes(response.authenticatorData)
  if (!data.subarray(0, 32).equals(sha256(new URL(origin).hostname)))
    throw new Error('another site')
  const flags = data[32] ?? 0
  if ((flags & PRESENT_AND_VERIFIED) !== PRESENT_AND_VERIFIED) throw new Error('no user')
  if (((flags & BACKUP_ELIGIBLE) !== 0) !== synced) throw new Error('another kind of passkey')
  return data
}

/** Returns the counter of authenticator data. */
export const counterOf = (data: Buffer): number => data.readUInt32BE(33)

/** Verifies the signature of a response. */
export async function verifyAssertion(
  { response }: Assertion,
  data: Buffer,
  publicKey: JsonWebKey,
): Promise<boolean> {
  const key = await crypto.subtle.importKey('jwk', publicKey, ES256, false, ['verify'])
  const signed = Buffer.concat([data, sha256(bytes(response.clientDataJSON))])
  return crypto.subtle.verify(ES256, key, rawOf(bytes(response.signature)), signed)
}

/** Returns r and s of a DER signature as 64 bytes. */
function rawOf(der: Buffer): Buffer {
  const rLength = der[3] ?? 0
  const r = der.subarray(4, 4 + rLength)
  const s = der.subarray(6 + rLength)
  return Buffer.concat([r, s].map((part) => Buffer.concat([Buffer.alloc(32), part]).subarray(-32)))
}
