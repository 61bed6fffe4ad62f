// DPoP proofs (RFC 9449, section 4.3): which are valid for a call, and the fault of every other one.
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  DPOP_FAULTS,
  type DpopFault,
  type DpopUse,
  dpopChallengeOf,
  isAboutProof,
  verifyDpop,
} from '../../contract/shared/dpop.ts'
import { checkDpop } from '../../functions/domain/tokens/dpop.ts'
import { makeProofKey, type ProofKey } from '../support/dpop.ts'
import { part, partsOf, signShared } from '../support/jwt.ts'
import { laterRefusalOf } from '../support/rules.ts'

const URL_OF_CALL = 'https://api.example/export'
const TOKEN = 'a.b.c'
const NOW = 1_800_000_000
const CALL = { url: URL_OF_CALL, token: TOKEN }

let key: ProofKey
beforeAll(async () => {
  key = await makeProofKey()
})

const verify = (proof: string, use: Partial<DpopUse> = {}) =>
  verifyDpop(proof, { ...CALL, method: 'POST', jkt: key.jkt, now: NOW, ...use })
const make = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
  key.proof(CALL, { iat: NOW, jti: 'first', ...claims }, header)

describe('a DPoP proof', () => {
  it('is valid for its call and token, and names the thumbprint of its key', async () => {
    expect(await verify(await make({ nonce: 'n' }))).toEqual({
      ...{ jkt: key.jkt, jti: 'first', iat: NOW, nonce: 'n' },
    })
  })

  it.each(['ES256', 'ES384', 'Ed25519', 'EdDSA'])('may be signed with %s', async (alg) => {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
    const proof = await new SignJWT({ jti: 'j', htm: 'POST', htu: URL_OF_CALL, iat: NOW })
      .setProtectedHeader({ typ: 'dpop+jwt', alg, jwk: await exportJWK(publicKey) })
      .sign(privateKey)
    expect(await verify(proof, { token: undefined, jkt: undefined })).toMatchObject({ jti: 'j' })
  })

  it.each([
    ['a query', 'https://api.example/export?to=me'],
    ['a fragment', 'https://api.example/export#top'],
    ['the default port', 'https://api.example:443/export'],
    ['upper case in its host', 'HTTPS://API.example/export'],
    ['a segment that leads nowhere', 'https://api.example/a/../export'],
    ['an escape that says the same', 'https://api.example/%65xport'],
  ])('may name its address with %s', async (_what, htu) => {
    expect(await verify(await make({ htu }))).toMatchObject({ jti: 'first' })
  })

  it.each<[DpopFault, what: string, claims: object, header?: object, use?: Partial<DpopUse>]>([
    ['typ', 'a type of other tokens', {}, { typ: 'JWT' }],
    ['typ', 'no type', {}, { typ: undefined }],
    ['alg', 'no algorithm', {}, { alg: undefined }],
    ['alg', 'the algorithm none', {}, { alg: 'none' }],
    ['alg', 'a symmetric algorithm', {}, { alg: 'HS256' }],
    ['alg', 'RSA', {}, { alg: 'RS256' }],
    ['jwk', 'another algorithm than its key', {}, { alg: 'ES384' }],
    ['jwk', 'no key', {}, { jwk: undefined }],
    ['jwk', 'a key with a private member', {}, { jwk: { private: true } }],
    ['jwk', 'a symmetric key', {}, { jwk: { kty: 'oct', k: 'c2VjcmV0' } }],
    ['jwk', 'a key that did not sign it', {}, { jwk: { other: true } }],
    ['jwk', 'a key that is a list', {}, { jwk: [] }],
    ['jwt', 'a critical extension', {}, { crit: ['exp'], exp: 1 }],
    ['jti', 'no id', { jti: undefined }],
    ['jti', 'an empty id', { jti: '' }],
    ['jti', 'a number as its id', { jti: 7 }],
    ['jti', 'an id of 129 characters', { jti: 'j'.repeat(129) }],
    ['htm', 'another method', { htm: 'GET' }],
    ['htm', 'a method in lower case', { htm: 'post' }],
    ['htu', 'another path', { htu: 'https://api.example/exports' }],
    ['htu', 'another host', { htu: 'https://evil.example/export' }],
    ['htu', 'another scheme', { htu: 'http://api.example/export' }],
    ['htu', 'another port', { htu: 'https://api.example:8443/export' }],
    ['htu', 'an address that cannot be parsed', { htu: 'https://' }],
    ['htu', 'no address', { htu: undefined }],
    ['htu', 'an escape that says something else', { htu: 'https://api.example/%2Fexport' }],
    ['iat', 'an age of 61 seconds', { iat: NOW - 61 }],
    ['iat', 'a time 61 seconds ahead', { iat: NOW + 61 }],
    ['iat', 'a text as its time', { iat: `${NOW}` }],
    ['iat', 'no time', { iat: undefined }],
    ['ath', 'the hash of another token', {}, {}, { token: 'another' }],
    ['ath', 'no hash of the token', { ath: undefined }],
    ['key', 'another key than the token', {}, {}, { jkt: 'another' }],
  ])('is refused for its %s: %s', async (fault, _what, claims, header = {}, use = {}) => {
    const { jwk } = header as { jwk?: Record<string, unknown> }
    const bent = {
      ...header,
      ...(jwk?.private === true && { jwk: { ...key.jwk, d: 'c2VjcmV0' } }),
      ...(jwk?.other === true && { jwk: (await makeProofKey()).jwk }),
    }
    const bentClaims = { iat: NOW, jti: 'first', ...claims }
    expect(await verify(await key.proof(CALL, bentClaims, bent), use)).toEqual({ fault })
  })

  it.each([60, -60])('is valid %i seconds from its time', async (seconds) => {
    expect(await verify(await make({ iat: NOW + seconds }))).toMatchObject({ jti: 'first' })
  })

  it.each<[what: string, bend: (proof: string) => string]>([
    ['two proofs in one header', (proof) => `${proof}, ${proof}`],
    ['white space', (proof) => ` ${proof}`],
    ['padding', (proof) => `${proof}=`],
    ['nothing', () => ''],
    ['parts that are no JSON', () => 'a.b.c'],
    ['more than 4096 characters', (proof) => proof + 'A'.repeat(4096)],
  ])('is not %s', async (_what, bend) => {
    expect(await verify(bend(await make()))).toEqual({ fault: 'jwt' })
  })

  it('is refused when anything in it was changed after it was signed', async () => {
    const { header, payload, signature } = partsOf(await make())
    const changed = `${part(header)}.${part({ ...payload, jti: 'second' })}.${signature}`
    expect(await verify(changed)).toEqual({ fault: 'jwk' })
  })

  it('is refused when its public key was used as a shared secret', async () => {
    const header = { typ: 'dpop+jwt', alg: 'HS256', jwk: key.jwk }
    const secret = new TextEncoder().encode(JSON.stringify(key.jwk))
    expect(await verify(await signShared(secret, header, {}))).toEqual({ fault: 'alg' })
  })

  it('explains every fault in words', () => {
    expect(new Set(Object.values(DPOP_FAULTS)).size).toBe(Object.keys(DPOP_FAULTS).length)
  })
})

describe('a proof at the service', () => {
  const use = () => ({ ...CALL, method: 'POST', jkt: key.jkt, now: NOW })
  const nonceKey = new Uint8Array(32).fill(7)
  const reasonOf = (proof: string, by?: Uint8Array, more: Partial<DpopUse> = {}) =>
    laterRefusalOf(checkDpop(proof, { ...use(), ...more }, by))

  it('is claimed by its key and id, for as long as it could be used again', async () => {
    const { jkt, singleUseKey } = await checkDpop(await make({ iat: NOW - 0.5 }), use(), undefined)
    expect(jkt).toBe(key.jkt)
    expect(singleUseKey).toEqual({
      key: expect.stringMatching(/^dpop:[\w-]{43}$/),
      expiresAt: NOW + 61,
    })
    const again = await checkDpop(await make({ iat: NOW - 0.5 }), use(), undefined)
    expect(again.singleUseKey).toEqual(singleUseKey)
    const other = await checkDpop(await make({ jti: 'second' }), use(), undefined)
    expect(other.singleUseKey.key).not.toBe(singleUseKey.key)
  })

  it('is refused with its fault, and with the address that it should name', async () => {
    expect(await reasonOf(await make({ htm: 'GET' }))).toMatchObject({
      reason: 'proof_invalid',
      message: 'The DPoP proof was refused: its `htm` must be the method of the call.',
    })
    const { message } = await reasonOf(await make({ htu: 'https://evil.example' }))
    expect(message).toContain(`address of the call: ${URL_OF_CALL}.`)
  })

  it('is refused, and causes no error, for a call whose address cannot be parsed', async () => {
    expect(await reasonOf(await make(), undefined, { url: 'https://[' })).toMatchObject({
      reason: 'proof_invalid',
    })
  })

  it.each<[what: string, seconds: number, isAccepted: boolean]>([
    ['of now', 0, true],
    ['of five minutes ago', 300, true],
    ['of ten minutes ago', 600, false],
    ['of a time to come', -300, false],
  ])('takes a nonce %s: %i seconds, %s', async (_what, seconds, isAccepted) => {
    const { dpopNonce } = await reasonOf(await make(), nonceKey)
    const at = { now: NOW + seconds }
    const proof = await make({ nonce: dpopNonce, iat: at.now })
    const check = checkDpop(proof, { ...use(), ...at }, nonceKey)
    if (isAccepted) expect(await check).toMatchObject({ jkt: key.jkt })
    else
      await expect(check).rejects.toMatchObject({
        refusal: { reason: 'use_dpop_nonce', dpopNonce: expect.stringMatching(/^[\w-]{43}$/) },
      })
  })

  it('takes no nonce of another environment, and needs none where none is asked for', async () => {
    const { dpopNonce } = await reasonOf(await make(), new Uint8Array(32))
    const proof = await make({ nonce: dpopNonce })
    expect(await reasonOf(proof, nonceKey)).toMatchObject({ reason: 'use_dpop_nonce' })
    expect(await checkDpop(proof, use(), undefined)).toMatchObject({ jkt: key.jkt })
  })
})

describe('the challenge for a caller', () => {
  it.each<[reason: string, header: string | undefined]>([
    ['proof_invalid', 'DPoP error="invalid_dpop_proof", algs="ES256 ES384 Ed25519 EdDSA"'],
    ['use_dpop_nonce', 'DPoP error="use_dpop_nonce", algs="ES256 ES384 Ed25519 EdDSA"'],
    ['token_used', undefined],
    ['toString', undefined],
  ])('after %s is %s', (reason, header) => {
    expect(isAboutProof(reason) ? dpopChallengeOf(reason) : undefined).toBe(header)
  })
})
