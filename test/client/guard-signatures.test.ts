// The keys and signatures that a guard accepts: which keys of a key set can verify, and which texts are a token.
// jose alone would accept more of both.
import { type CompactJWSHeaderParameters, CompactSign, exportJWK, generateKeyPair } from 'jose'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { importKeys, isCompact, readSigned } from '../../client/resource/jws.ts'
import { readKeys, verifyToken } from '../../client/resource/verify.ts'
import { ISSUER, NOW, RESOURCE } from '../support/rules.ts'

const NO_KEY_SET = 'Countersign returned an unexpected key set.'
const MOST_CHARACTERS = 8192
/** The last second that is taken for a date: the year 2100 begins. */
const LAST_DATE = 4_102_444_800

let privateKey: CryptoKey
let publicKey: CryptoKey
let coordinates: { x: string; y: string }
beforeAll(async () => {
  const pair = await generateKeyPair('ES256')
  privateKey = pair.privateKey
  publicKey = pair.publicKey
  const { x = '', y = '' } = await exportJWK(pair.publicKey)
  coordinates = { x, y }
})

const published = (members: object = {}): Record<string, unknown> => ({
  ...{ kty: 'EC', crv: 'P-256', kid: 'k1', use: 'sig', alg: 'ES256' },
  ...coordinates,
  ...members,
})

describe('of a key set', () => {
  it('a key of ES256 is taken for what makes it, and nothing else that it says', async () => {
    const key = published({ d: 'private', key_ops: ['sign'], x5u: 'https://elsewhere.example' })
    const keys = await importKeys([key])
    expect(keys.get('k1')).toMatchObject({ type: 'public', usages: ['verify'], extractable: false })
    expect(await readSigned(await sign(), keys)).toHaveProperty('payload.sub')
  })

  it('a key need not say what it is for', async () => {
    const silent = published({ use: undefined, alg: undefined })
    expect([...(await importKeys([silent])).keys()]).toEqual(['k1'])
  })

  it.each<[object]>([
    [{ kty: 'RSA' }],
    [{ kty: 'OKP' }],
    [{ crv: 'P-384' }],
    [{ crv: undefined }],
    [{ use: 'enc' }],
    [{ alg: 'ES384' }],
    [{ kid: '' }],
    [{ kid: 5 }],
    [{ kid: undefined }],
  ])('a key with %j is passed over', async (members) => {
    const keys = await importKeys([published(members), published({ kid: 'k2' })])
    expect([...keys.keys()]).toEqual(['k2'])
  })

  it.each(['x', 'y'])('no key is taken from a set in which one key has no %s', async (name) => {
    const wrong = [undefined, 'short', 'A'.repeat(43), 'A'.repeat(44), `${coordinates.x}=`, 7]
    for (const value of wrong) {
      const keys = [published({ kid: 'k2' }), published({ [name]: value })]
      await expect(readKeys({ keys })).rejects.toThrow(NO_KEY_SET)
    }
  })

  it('a document that is not a key set is refused', async () => {
    for (const document of [
      undefined,
      'keys',
      [],
      {},
      { keys: {} },
      { keys: [null] },
      { keys: '' },
    ])
      await expect(readKeys(document)).rejects.toThrow(NO_KEY_SET)
    expect(await readKeys({ keys: [] })).toEqual(new Map())
  })
})

const CLAIMS = JSON.stringify({ sub: 'alice' })

function sign(claims: string | Uint8Array = CLAIMS, header: object = {}): Promise<string> {
  const bytes = typeof claims === 'string' ? new TextEncoder().encode(claims) : claims
  const full = { alg: 'ES256', kid: 'k1', typ: 'at+jwt', ...header }
  return new CompactSign(bytes)
    .setProtectedHeader(full as unknown as CompactJWSHeaderParameters)
    .sign(privateKey, { crit: { b64: true } })
}

describe('of a token', () => {
  const keys = new Map<string, CryptoKey>()
  beforeAll(() => void keys.set('k1', publicKey))
  const read = (token: string) => readSigned(token, keys)

  it('type and claims are given where the signature holds', async () => {
    expect(await read(await sign())).toEqual({ typ: 'at+jwt', payload: { sub: 'alice' } })
  })

  it.each<[string, (token: string) => string]>([
    ['padding', (token) => `${token}=`],
    ['padding within', (token) => token.replace(/\.[^.]+$/, '=$&')],
    ['white space before', (token) => ` ${token}`],
    ['white space after', (token) => `${token}\n`],
    ['the other alphabet', (token) => `${token.slice(0, -2)}+/`],
    ['a fourth part', (token) => `${token}.A`],
    ['two parts', (token) => token.replace(/\.[^.]+$/, '')],
  ])('no other spelling is one: %s', async (_name, bent) => {
    const token = await sign()
    expect([token, bent(token)].map(isCompact)).toEqual([true, false])
  })

  it('another signature is refused', async () => {
    const token = await sign()
    await expect(read(`${token.slice(0, -20)}${'A'.repeat(20)}`)).rejects.toThrow()
  })

  it(`${MOST_CHARACTERS} characters are the most`, async () => {
    const token = await sign()
    const longest = token.replace('.', `${'A'.repeat(MOST_CHARACTERS - token.length)}.`)
    expect(longest).toHaveLength(MOST_CHARACTERS)
    expect([longest, `${longest}A`].map(isCompact)).toEqual([true, false])
  })

  it.each<[object]>([
    [{ kid: 'k2' }],
    [{ kid: undefined }],
    [{ b64: true }],
    [{ b64: true, crit: ['b64'] }],
  ])('no key is taken under a header with %j', async (header) => {
    await expect(read(await sign(CLAIMS, header))).rejects.toThrow(TypeError)
  })

  it.each<[string, string | Uint8Array]>([
    ['a list', '[]'],
    ['a text', '"sub"'],
    ['nothing', 'null'],
    ['no JSON', 'sub'],
    ['no UTF-8', Uint8Array.from([...new TextEncoder().encode('{"sub":"'), 0xff, 0x22, 0x7d])],
    ['a mark before it', `\ufeff${CLAIMS}`],
  ])('claims may not be %s', async (_name, claims) => {
    await expect(read(await sign(claims))).rejects.toThrow()
  })
})

describe('of what a token claims', () => {
  const ELEVATED = {
    ...{ iss: ISSUER, sub: 'alice', aud: RESOURCE, client_id: 'app' },
    ...{ jti: 'A'.repeat(22), iat: NOW, exp: NOW + 300, auth_time: NOW },
    ...{ amr: ['otp'], acr: 'mfa', singleUse: true, epoch: 0, scope: 'orders:refund' },
  }
  const { scope: _scope, ...MFA } = ELEVATED
  const verify = async (claims: object, typ = 'at+jwt') =>
    verifyToken(
      await sign(JSON.stringify(claims), { typ }),
      async () => readKeys({ keys: [published()] }),
      ISSUER,
      () => NOW,
    )

  it('both kinds are taken, each by its type', async () => {
    expect(await verify(ELEVATED)).toEqual({ kind: 'elevated', claims: ELEVATED })
    expect(await verify(MFA, 'mfa+jwt')).toEqual({ kind: 'mfa', claims: MFA })
    await expect(verify(MFA)).rejects.toThrow('token_invalid')
    await expect(verify(ELEVATED, 'JWT')).rejects.toThrow('token_invalid')
  })

  it.each<[object]>([
    [{ jti: 'A'.repeat(64) }],
    [{ exp: LAST_DATE }],
    [{ sid: 'session-1' }],
    [{ authorization_details: [{ type: 'order.refund' }] }],
    [{ more: true }],
  ])('it may be %j', async (claims) => {
    expect(await verify({ ...ELEVATED, ...claims })).toMatchObject({ claims })
  })

  it.each<[object]>([
    [{ jti: 'A'.repeat(21) }],
    [{ jti: 'A'.repeat(65) }],
    [{ jti: `.${'A'.repeat(22)}` }],
    [{ jti: `${'A'.repeat(22)}.` }],
    [{ exp: LAST_DATE + 1 }],
    [{ iat: -1 }],
    [{ auth_time: 0.5 }],
    [{ amr: [] }],
    [{ amr: 'otp' }],
    [{ amr: [''] }],
    [{ acr: 'high' }],
    [{ sid: '' }],
    [{ epoch: '0' }],
    [{ singleUse: 1 }],
    [{ authorization_details: [] }],
    [{ authorization_details: [{}, {}] }],
    [{ authorization_details: ['x'] }],
    [{ iss: 'https://elsewhere.example' }],
    [{ cnf: {} }],
  ])('it may not be %j', async (claims) => {
    await expect(verify({ ...ELEVATED, ...claims })).rejects.toThrow('token_invalid')
  })

  it.each<[object]>([[{ scope: 'orders:refund' }], [{ authorization_details: [{}] }]])(
    'a token of no scope may not have %j',
    async (claims) => {
      await expect(verify({ ...MFA, ...claims }, 'mfa+jwt')).rejects.toThrow('token_invalid')
    },
  )

  it('it ends at the second that it names', async () => {
    await expect(verify({ ...ELEVATED, exp: NOW })).rejects.toThrow('token_expired')
    expect(await verify({ ...ELEVATED, exp: NOW + 1 })).toHaveProperty('claims.sub', 'alice')
  })

  it('a text that is no token is refused without keys', async () => {
    const keys = vi.fn(async () => readKeys({ keys: [] }))
    const verdict = verifyToken('no.token', keys, ISSUER, () => NOW)
    await expect(verdict).rejects.toThrow('token_invalid')
    expect(keys).not.toHaveBeenCalled()
  })

  it('nothing is decided without keys', async () => {
    const token = await sign(JSON.stringify(ELEVATED))
    const away = verifyToken(
      token,
      () => Promise.reject(new Error('away')),
      ISSUER,
      () => NOW,
    )
    await expect(away).rejects.toThrow('away')
  })
})
