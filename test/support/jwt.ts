// Tokens as an attacker writes them (RFC 7515, RFC 7519): with any header, payload and signature.
import { base64urlnopad } from '@scure/base'
import type { Signer } from './service.ts'

const utf8 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(new TextEncoder().encode(text))
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** One part of a token: a text as it stands, anything else as JSON. */
export const part = (value: unknown): string =>
  base64urlnopad.encode(utf8(typeof value === 'string' ? value : JSON.stringify(value)))

/** The parts of a token, decoded. */
export function partsOf(token: string) {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const read = (text: string): Record<string, unknown> =>
    JSON.parse(new TextDecoder().decode(base64urlnopad.decode(text)))
  return { header: read(header), payload: read(payload), signature, signed: `${header}.${payload}` }
}

/** Signs any header and any payload, also texts that are no JSON, with an ES256 key. */
export async function signRaw(key: CryptoKey, header: unknown, payload: unknown): Promise<string> {
  const signed = `${part(header)}.${part(payload)}`
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
  const signature = await crypto.subtle.sign(algorithm, key, utf8(signed))
  return `${signed}.${base64urlnopad.encode(new Uint8Array(signature))}`
}

/** Signs with a shared secret: HS256, HS384 or HS512. */
export async function signShared(
  secret: Uint8Array,
  header: { alg: string } & Record<string, unknown>,
  payload: unknown,
): Promise<string> {
  const algorithm = { name: 'HMAC', hash: `SHA-${header.alg.slice(2)}` }
  const key = await crypto.subtle.importKey('raw', Uint8Array.from(secret), algorithm, false, [
    'sign',
  ])
  const signed = `${part(header)}.${part(payload)}`
  const mac = await crypto.subtle.sign('HMAC', key, utf8(signed))
  return `${signed}.${base64urlnopad.encode(new Uint8Array(mac))}`
}

/** What an attacker who knows the public key may try as a shared secret. */
export async function publicSecretsOf({
  publicJwk,
  publicKey,
}: Pick<Signer, 'publicJwk' | 'publicKey'>) {
  const [der, point] = await Promise.all([
    crypto.subtle.exportKey('spki', publicKey),
    crypto.subtle.exportKey('raw', publicKey),
  ])
  if (!(der instanceof ArrayBuffer) || !(point instanceof ArrayBuffer)) throw new TypeError()
  const lines = btoa(String.fromCharCode(...new Uint8Array(der))).match(/.{1,64}/g) ?? []
  const pem = `-----BEGIN PUBLIC KEY-----\n${lines.join('\n')}\n-----END PUBLIC KEY-----`
  return {
    'its PEM': utf8(pem),
    'its PEM with a line break at the end': utf8(`${pem}\n`),
    'its DER': new Uint8Array(der),
    'its point': new Uint8Array(point),
    'its JWK': utf8(JSON.stringify(publicJwk)),
    'its key set': utf8(JSON.stringify({ keys: [publicJwk] })),
    'its x': base64urlnopad.decode(publicJwk.x ?? ''),
    nothing: new Uint8Array(1),
  }
}

/** The same signature in another spelling: the bits that its last character has to spare are set. */
export function withSpareBits(token: string): string {
  const last = ALPHABET.indexOf(token.slice(-1))
  return token.slice(0, -1) + ALPHABET[last | 1]
}

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** Another signature over the same bytes, made without the key: (r, n − s). */
export function withOtherSignature(token: string): string {
  const { signature, signed } = partsOf(token)
  const bytes = base64urlnopad.decode(signature)
  const hex = (part: Uint8Array) => Buffer.from(part).toString('hex')
  const s = P256_ORDER - BigInt(`0x${hex(bytes.slice(32))}`)
  const other = Buffer.from(hex(bytes.slice(0, 32)) + s.toString(16).padStart(64, '0'), 'hex')
  return `${signed}.${base64urlnopad.encode(other)}`
}
