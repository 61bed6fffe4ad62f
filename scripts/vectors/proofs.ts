// DPoP proofs, and the calls that they are checked for.
import { createHash } from 'node:crypto'
import { base64Url, NOW, publicKey, signJws, spoil, type Vector, vector } from './sign.ts'

const URL_OF_CALL = 'https://api.example/orders/17/refund'
const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl'
const hash = (text: string): string => createHash('sha256').update(text).digest('base64url')

/** Returns the thumbprint of a key (RFC 7638). */
function thumbprintOf(name: string): string {
  const { kty, crv, x, y } = publicKey(name)
  return hash(JSON.stringify(kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x }))
}

const CALL = { method: 'POST', url: URL_OF_CALL, token: TOKEN, jkt: thumbprintOf('client') }
const HEADER = { typ: 'dpop+jwt', alg: 'ES256', jwk: publicKey('client') }
const CLAIMS = { jti: 'proof-1', htm: 'POST', htu: URL_OF_CALL, iat: NOW, ath: hash(TOKEN) }

interface Case {
  header?: object | string
  claims?: object | string
  key?: string
  call?: object
  now?: number
  change?: (proof: string) => string
}

/** A proof of another algorithm, whose call expects its key. */
const of = (key: string, alg: string, jkt = thumbprintOf(key)): Case => ({
  ...{ key, header: { ...HEADER, alg, jwk: publicKey(key) }, call: { jkt } },
})
const htu = (said: string, url = URL_OF_CALL): Case => ({
  ...{ claims: { ...CLAIMS, htu: said }, call: { url } },
})
const claims = (changed: object): Case => ({ claims: { ...CLAIMS, ...changed } })
const header = (changed: object): Case => ({ header: { ...HEADER, ...changed } })
const jwk = (changed: object): Case => header({ jwk: { ...HEADER.jwk, ...changed } })
const without = (name: string): Case => claims({ [name]: undefined })
const HOST = 'https://api.example'

const CASES: [name: string, reason: string | null, one: Case][] = [
  ['a proof for its call', null, {}],
  ['ES384', null, of('client-es384', 'ES384')],
  ['Ed25519', null, of('client-ed25519', 'Ed25519')],
  ['Ed25519 under its old name EdDSA', null, of('client-ed25519', 'EdDSA')],
  ['no token', null, { claims: { ...CLAIMS, ath: undefined }, call: { token: undefined } }],
  ['an ath that no token is compared with', null, { call: { token: undefined } }],
  ['no thumbprint to compare', null, { call: { jkt: undefined } }],
  ['a nonce', null, claims({ nonce: 'n-1' })],
  ['an unknown claim', null, claims({ more: 1 })],
  ['an unknown member of the header', null, header({ kid: 'k' })],
  ['a key with more public members', null, jwk({ kid: 'k', use: 'sig' })],
  ['an iat 60 seconds ago', null, { now: NOW + 60 }],
  ['an iat in 60 seconds', null, { now: NOW - 60 }],
  ['a fraction of a second', null, claims({ iat: NOW + 0.5 })],
  ['a jti of 128 characters', null, claims({ jti: 'j'.repeat(128) })],
  ['the method GET', null, { ...claims({ htm: 'GET' }), call: { method: 'GET' } }],
  ['a query', null, htu(`${URL_OF_CALL}?a=1`)],
  ['a fragment', null, htu(`${URL_OF_CALL}#a`)],
  ['a query of the call', null, htu(URL_OF_CALL, `${URL_OF_CALL}?a=1`)],
  ['a host in capitals', null, htu('https://API.example/orders/17/refund')],
  ['a scheme in capitals', null, htu('HTTPS://api.example/orders/17/refund')],
  ['the default port', null, htu('https://api.example:443/orders/17/refund')],
  ['the default port of http', null, htu('http://api.example:80/a', 'http://api.example/a')],
  ['an empty path', null, htu(HOST, `${HOST}/`)],
  ['dot segments', null, htu(`${HOST}/a/../orders/./17/refund`)],
  ['escaped dot segments', null, htu(`${HOST}/a/%2e%2E/orders/17/refund`)],
  ['an escaped letter', null, htu(`${HOST}/%6frders/17/refund`)],
  ['an escape in small letters', null, htu(`${HOST}/a%2fb`, `${HOST}/a%2Fb`)],
  ['a port of its own', null, htu(`${HOST}:8443/a`, `${HOST}:8443/a`)],
  ['an empty text', 'jwt', { change: () => '' }],
  ['two parts', 'jwt', { change: (proof) => proof.split('.').slice(0, 2).join('.') }],
  ['four parts', 'jwt', { change: (proof) => `${proof}.AAAA` }],
  ['two proofs in one header', 'jwt', { change: (proof) => `${proof}, ${proof}` }],
  ['padding', 'jwt', { change: (proof) => `${proof}==` }],
  ['white space', 'jwt', { change: (proof) => ` ${proof}` }],
  ['over 4,096 characters', 'jwt', claims({ more: 'x'.repeat(4096) })],
  ['a header that is not JSON', 'jwt', { header: 'typ' }],
  ['a header that is a list', 'jwt', { header: '[]' }],
  ['claims that are not JSON', 'jwt', { claims: 'jti' }],
  ['claims that are a list', 'jwt', { claims: '[]' }],
  ['claims that are null', 'jwt', { claims: 'null' }],
  ['a critical extension', 'jwt', header({ crit: ['exp'] })],
  ['b64 in the header', 'jwt', header({ b64: false })],
  ['no typ', 'typ', header({ typ: undefined })],
  ['the typ JWT', 'typ', header({ typ: 'JWT' })],
  ['the typ in capitals', 'typ', header({ typ: 'DPOP+JWT' })],
  ['no alg', 'alg', header({ alg: undefined })],
  ['alg none', 'alg', header({ alg: 'none' })],
  ['alg HS256', 'alg', header({ alg: 'HS256' })],
  ['an alg that is a list', 'alg', header({ alg: ['ES256'] })],
  ['alg RS256', 'alg', header({ alg: 'RS256' })],
  ['alg ES512', 'alg', header({ alg: 'ES512' })],
  ['no key', 'jwk', header({ jwk: undefined })],
  ['a key that is a text', 'jwk', header({ jwk: 'k' })],
  ['a private key', 'jwk', jwk({ d: 'A'.repeat(43) })],
  ['a symmetric key', 'jwk', header({ jwk: { kty: 'oct', k: 'AAAA' } })],
  ['a key without y', 'jwk', jwk({ y: undefined })],
  ['a key that is no point of the curve', 'jwk', jwk({ x: `${'A'.repeat(42)}B` })],
  ['the key of somebody else', 'jwk', header({ jwk: publicKey('token-1') })],
  ['a key of another curve', 'jwk', header({ jwk: publicKey('client-es384') })],
  ['a key of another type', 'jwk', header({ jwk: publicKey('client-ed25519') })],
  ['an EC key under EdDSA', 'jwk', header({ alg: 'EdDSA' })],
  ['a changed payload', 'jwk', { change: (proof) => replacePayload(proof) }],
  ['a changed signature', 'jwk', { change: (proof) => spoil(proof, 2) }],
  ['a short signature', 'jwk', { change: (proof) => proof.slice(0, -4) }],
  ['a signature of zeros', 'jwk', { change: (proof) => proof.replace(/[^.]+$/, 'A'.repeat(86)) }],
  ['no jti', 'jti', without('jti')],
  ['an empty jti', 'jti', claims({ jti: '' })],
  ['a jti that is a number', 'jti', claims({ jti: 1 })],
  ['a jti of 129 characters', 'jti', claims({ jti: 'j'.repeat(129) })],
  ['no htm', 'htm', without('htm')],
  ['another method', 'htm', claims({ htm: 'GET' })],
  ['a method in small letters', 'htm', claims({ htm: 'post' })],
  ['no htu', 'htu', without('htu')],
  ['a relative htu', 'htu', htu('/orders/17/refund')],
  ['an htu that is a list', 'htu', claims({ htu: [URL_OF_CALL] })],
  ['another host', 'htu', htu('https://other.example/orders/17/refund')],
  ['another scheme', 'htu', htu('http://api.example/orders/17/refund')],
  ['another port', 'htu', htu('https://api.example:8443/orders/17/refund')],
  ['port 0', 'htu', htu('https://api.example:0/orders/17/refund')],
  ['another path', 'htu', htu(`${HOST}/orders/18/refund`)],
  ['a slash at the end', 'htu', htu(`${URL_OF_CALL}/`)],
  ['a path in capitals', 'htu', htu(`${HOST}/Orders/17/refund`)],
  ['an escaped slash', 'htu', htu(`${HOST}/orders%2F17/refund`)],
  ['no iat', 'iat', without('iat')],
  ['an iat that is true', 'iat', { ...claims({ iat: true }), now: 1 }],
  ['an iat that is a text', 'iat', claims({ iat: `${NOW}` })],
  ['an iat 61 seconds ago', 'iat', { now: NOW + 61 }],
  ['an iat in 61 seconds', 'iat', { now: NOW - 61 }],
  ['no ath', 'ath', without('ath')],
  ['the hash of another token', 'ath', claims({ ath: hash('other') })],
  ['the hash with padding', 'ath', claims({ ath: `${CLAIMS.ath}=` })],
  ['a key that the token is not bound to', 'key', of('client-es384', 'ES384', CALL.jkt)],
  ['the wrong method before the wrong address', 'htm', claims({ htm: 'GET', htu: HOST })],
  ['the wrong address before the wrong time', 'htu', claims({ htu: HOST, iat: 1 })],
  ['the wrong time before the wrong token', 'iat', claims({ iat: 1, ath: '' })],
]

function replacePayload(proof: string): string {
  const [first, , last] = proof.split('.')
  return [first, base64Url(JSON.stringify({ ...CLAIMS, jti: 'proof-2' })), last].join('.')
}

/** Makes the vectors of DPoP proofs. */
export const proofVectors = (): Vector[] =>
  CASES.map(([name, reason, one]) => {
    const { key = 'client', call, now, change = (proof: string) => proof } = one
    const proof = change(signJws(one.header ?? HEADER, one.claims ?? CLAIMS, key))
    return vector('proof', name, { proof, ...CALL, ...call }, reason, now)
  })
