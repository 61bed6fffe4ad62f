// Passkeys: the options for a browser and the check of its responses, from a software authenticator that changes
// one member at a time. test/conformance has the W3C's vectors.
import { decodeCredentialPublicKey, isoCBOR } from '@simplewebauthn/server/helpers'
import { beforeAll, describe, expect, it } from 'vitest'
import { fromBase64Url, toBase64Url, utf8 } from '../../functions/domain/bytes.ts'
import { checkCoseKey } from '../../functions/domain/factors/cose-key.ts'
import {
  counterFault,
  type PasskeyCredential,
  PasskeyFailure,
  passkeyProof,
} from '../../functions/domain/factors/passkey.ts'
import {
  authenticationOptions,
  registrationOptions,
} from '../../functions/domain/factors/passkey-options.ts'
import {
  verifyAuthentication,
  verifyRegistration,
} from '../../functions/domain/factors/passkey-verification.ts'
import {
  type Authenticator,
  type AuthenticatorOptions,
  createAuthenticator,
  type Tamper,
} from '../support/authenticator.ts'
import { counting, NOW } from '../support/rules.ts'

const ORIGIN = 'https://app.example'
const PARTY = { rpId: 'app.example', origins: ['https://other.app.example', ORIGIN] }
const CHALLENGE = counting(9)(32)
const SIGNED = toBase64Url(CHALLENGE)
const HANDLE = toBase64Url(counting(50)(32))

const device = (more: Partial<AuthenticatorOptions> = {}) =>
  createAuthenticator({ origin: ORIGIN, rpId: PARTY.rpId, ...more })

const creation = (existing: Pick<PasskeyCredential, 'credentialId' | 'transports'>[] = []) =>
  registrationOptions(
    { rpId: PARTY.rpId, rpName: 'Wallet' },
    { handle: HANDLE, name: 'alice' },
    CHALLENGE,
    existing,
  )
type Creation = Parameters<Authenticator['register']>[0]
type Asked = Parameters<Authenticator['authenticate']>[0]
type Registered = Parameters<typeof verifyRegistration>[0]
type Authenticated = Parameters<typeof verifyAuthentication>[0]

async function register(tamper: Tamper = {}, from = device()) {
  const response = await from.register((await creation()) as unknown as Creation, tamper)
  return verifyRegistration(response as Registered, SIGNED, PARTY)
}

/** The fault of a ceremony, and what the library said of it, where it did. */
async function faultOf(running: Promise<unknown>): Promise<[fault: string, cause?: string]> {
  const failure = await running.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(failure instanceof PasskeyFailure)) throw new Error(`no fault but ${failure}`)
  expect(failure.message).toBe(`passkey: ${failure.fault}`)
  const { cause } = failure
  return cause instanceof Error ? [failure.fault, cause.message] : [failure.fault]
}

describe('what a browser is asked for', () => {
  it('is a new passkey with user verification, in no authenticator that has one already', async () => {
    expect(await creation([{ credentialId: 'AAAA', transports: ['usb'] }])).toMatchObject({
      rp: { id: 'app.example', name: 'Wallet' },
      user: { id: HANDLE, name: 'alice' },
      challenge: SIGNED,
      timeout: 300_000,
      attestation: 'none',
      excludeCredentials: [{ id: 'AAAA', transports: ['usb'], type: 'public-key' }],
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
      pubKeyCredParams: [-8, -7, -257].map((alg) => ({ alg, type: 'public-key' })),
    })
  })

  it('is a signature of one of the user’s own passkeys, with user verification', async () => {
    const own = [{ credentialId: 'AAAA', transports: ['usb', 'nfc'] }]
    expect(await authenticationOptions('app.example', CHALLENGE, own)).toMatchObject({
      rpId: 'app.example',
      challenge: SIGNED,
      timeout: 300_000,
      userVerification: 'required',
      allowCredentials: [{ id: 'AAAA', transports: ['usb', 'nfc'], type: 'public-key' }],
    })
  })
})

describe('a registration', () => {
  it.each([
    [{ synced: true }, { synced: true }],
    [{ synced: false }, { synced: false, backedUp: false }],
  ])('of an authenticator with %j is a credential to store', async (options, stored) => {
    const from = device(options)
    const credential = await register({}, from)
    expect(credential).toMatchObject({ ...stored, credentialId: from.credentials[0]?.id })
    expect(credential.counter).toBeGreaterThanOrEqual(0)
    expect(credential.transports.length).toBeGreaterThan(0)
    expect(fromBase64Url(credential.publicKey)?.length).toBeGreaterThan(30)
  })

  it('without transports stores none', async () => {
    const response = await device().register((await creation()) as unknown as Creation)
    const { transports: _left, ...rest } = response.response
    const bare = { ...response, response: rest }
    expect((await verifyRegistration(bare as Registered, SIGNED, PARTY)).transports).toEqual([])
  })

  it('tells whether it is backed up', async () => {
    const from = device({ synced: true })
    expect((await register({ backedUp: true }, from)).backedUp).toBe(true)
    expect((await register({ backedUp: false }, from)).backedUp).toBe(false)
  })

  it.each(['ES256', 'EdDSA', 'RS256'] as const)('may be of %s', async (algorithm) => {
    expect(await register({}, device({ algorithm }))).toMatchObject({ synced: expect.any(Boolean) })
  })

  it.each<[what: string, Tamper, fault: string, cause?: RegExp]>([
    ['a frame of another site', { crossOrigin: true }, 'cross_origin'],
    ['a page that frames it', { topOrigin: 'https://evil.example' }, 'cross_origin'],
    ['another origin', { origin: 'https://evil.example' }, 'not_verified', /origin/],
    ['another relying party', { rpId: 'evil.example' }, 'not_verified', /RP ID/],
    ['another challenge', { challenge: toBase64Url(counting()(32)) }, 'not_verified', /challenge/],
    ['another type', { type: 'webauthn.get' }, 'not_verified', /type/],
    ['no user presence', { userPresent: false }, 'not_verified', /presen/i],
    ['no user verification', { userVerified: false }, 'not_verified', /verification/],
    ['a key of another kind', { algorithm: 'ES384' }, 'not_verified', /alg/i],
    ['another id beside it', { postedId: 'AAAA' }, 'id_mismatch'],
    ['an id of 1,024 bytes', { idBytes: 1024 }, 'id_too_long'],
    ['a posted id of 1,024 bytes', { postedId: toBase64Url(counting()(1024)) }, 'id_too_long'],
    ['an id that is malformed', { postedId: '!' }, 'malformed'],
    ['a key cut off', { truncateAttestation: 20 }, 'not_verified', /./],
  ])('with %s fails', async (_what, tamper, fault, cause = /^$/) => {
    const [told, why = ''] = await faultOf(register(tamper))
    expect(told).toBe(fault)
    expect(why).toMatch(cause)
  })

  it('may have an id of 1,023 bytes', async () => {
    expect((await register({ idBytes: 1023 })).credentialId).toHaveLength(1364)
  })

  it('may say that it is not in a frame', async () => {
    expect(await register({ crossOrigin: false })).toMatchObject({ counter: expect.any(Number) })
  })

  it.each([
    '!',
    toBase64Url(utf8('no JSON')),
    toBase64Url(utf8('null')),
    toBase64Url(utf8('7')),
    toBase64Url(Uint8Array.of(0x22, 0xff, 0x22)),
  ])('with the client data %j is malformed', async (clientDataJSON) => {
    const response = await device().register((await creation()) as unknown as Creation)
    const bent = { ...response, response: { ...response.response, clientDataJSON } }
    const [fault] = await faultOf(verifyRegistration(bent as Registered, SIGNED, PARTY))
    expect(fault).toBe('malformed')
  })
})

describe('the public key of a passkey', () => {
  /** A key as COSE spells it: whole numbers and bytes under whole numbers. */
  const coseOf = (members: [label: number, value: number | Uint8Array][]): Uint8Array =>
    isoCBOR.encode(new Map(members) as never)
  const keyOf = async (algorithm: 'ES256' | 'EdDSA' | 'RS256') => {
    const { publicKey } = await register({}, device({ algorithm }))
    const bytes = new Uint8Array(fromBase64Url(publicKey) ?? [])
    return decodeCredentialPublicKey(bytes) as unknown as Map<number, number | Uint8Array>
  }

  it.each(['ES256', 'EdDSA', 'RS256'] as const)('of %s verifies by it', async (algorithm) => {
    const key = await keyOf(algorithm)
    await expect(checkCoseKey(coseOf([...key]))).resolves.toBeUndefined()
  })

  it.each<
    [
      what: string,
      'ES256' | 'EdDSA' | 'RS256',
      [number, number | Uint8Array | undefined][],
      why: RegExp,
    ]
  >([
    ['no algorithm', 'ES256', [[3, undefined]], /kind/],
    ['an algorithm that is not known', 'ES256', [[3, -35]], /kind/],
    ['a point that says RS256', 'ES256', [[3, -257]], /kind/],
    ['a modulus that says ES256', 'RS256', [[3, -7]], /kind/],
    ['a point of Edwards that says ES256', 'EdDSA', [[3, -7]], /kind/],
    ['a point of ES256 that says it is one of Edwards', 'ES256', [[1, 1]], /kind/],
    ['the curve P-384', 'ES256', [[-1, 2]], /curve/],
    ['the curve X25519', 'EdDSA', [[-1, 4]], /curve/],
    ['no curve', 'EdDSA', [[-1, undefined]], /curve/],
    ['a modulus of 2,040 bits', 'RS256', [[-1, new Uint8Array(255).fill(255)]], /2048/],
    ['no modulus', 'RS256', [[-1, undefined]], /2048/],
    ['no y', 'ES256', [[-3, undefined]], /./],
    [
      'a point that is on no curve',
      'ES256',
      [
        [-2, new Uint8Array(32)],
        [-3, new Uint8Array(32)],
      ],
      /./,
    ],
    ['an x of 31 bytes', 'EdDSA', [[-2, new Uint8Array(31)]], /./],
  ])('with %s verifies nothing', async (_what, algorithm, bent, why) => {
    const key = await keyOf(algorithm)
    for (const [label, value] of bent)
      if (value === undefined) key.delete(label)
      else key.set(label, value)
    await expect(checkCoseKey(coseOf([...key]))).rejects.toThrow(why)
  })
})

it.each(['', '!', 'AAAA', toBase64Url(Uint8Array.of(0xa0))])(
  'takes no registration with the attestation %j',
  async (attestationObject) => {
    const response = await device().register((await creation()) as unknown as Creation)
    const bent = { ...response, response: { ...response.response, attestationObject } }
    const [fault] = await faultOf(verifyRegistration(bent as Registered, SIGNED, PARTY))
    expect(['malformed', 'attested']).toContain(fault)
  },
)

describe('an authentication', () => {
  let from: Authenticator
  let credential: PasskeyCredential
  beforeAll(async () => {
    from = device({ synced: true, counting: true })
    credential = await register({}, from)
  })

  const ask = async (): Promise<Asked> =>
    (await authenticationOptions(PARTY.rpId, CHALLENGE, [credential])) as unknown as Asked
  const authenticate = async (tamper: Tamper = {}, stored = credential) =>
    verifyAuthentication(
      (await from.authenticate(await ask(), tamper)) as Authenticated,
      SIGNED,
      PARTY,
      stored,
      HANDLE,
    )

  it('tells the counter and whether the passkey is backed up', async () => {
    expect(await authenticate({ counter: 41, backedUp: true })).toEqual({
      counter: 41,
      backedUp: true,
    })
    expect(await authenticate({ counter: 3, backedUp: false })).toEqual({
      counter: 3,
      backedUp: false,
    })
  })

  it.each([HANDLE, null, ''])('may name the user as %j', async (userHandle) => {
    expect(await authenticate({ userHandle })).toMatchObject({ counter: expect.any(Number) })
  })

  it.each<[what: string, Tamper, fault: string, cause?: RegExp]>([
    ['another user', { userHandle: toBase64Url(counting()(32)) }, 'user_handle'],
    ['a frame of another site', { crossOrigin: true }, 'cross_origin'],
    ['a page that frames it', { topOrigin: ORIGIN }, 'cross_origin'],
    ['another origin', { origin: 'https://evil.example' }, 'not_verified', /origin/],
    ['another relying party', { rpId: 'evil.example' }, 'not_verified', /RP ID/],
    ['another challenge', { challenge: toBase64Url(counting()(32)) }, 'not_verified', /challenge/],
    ['another type', { type: 'webauthn.create' }, 'not_verified', /type/],
    ['no user presence', { userPresent: false }, 'not_verified', /presen/i],
    ['no user verification', { userVerified: false }, 'not_verified', /verification/],
    [
      'a passkey that no longer says it may be copied',
      { backupEligible: false, backedUp: false },
      'backup_flag',
    ],
    ['bytes that nobody signed', { signature: counting()(64) }, 'not_verified'],
  ])('with %s fails', async (_what, tamper, fault, cause = /^/) => {
    const [told, why = ''] = await faultOf(authenticate(tamper))
    expect(told).toBe(fault)
    expect(why).toMatch(cause)
  })

  it('fails with a key that is not the one it was signed with', async () => {
    const other = await register({}, device())
    const stored = { ...credential, publicKey: other.publicKey }
    expect((await faultOf(authenticate({}, stored)))[0]).toBe('not_verified')
    expect((await faultOf(authenticate({}, { ...credential, publicKey: '!' })))[0]).toBe(
      'not_verified',
    )
  })

  it('of a passkey bound to its device fails where it says that it may be copied', async () => {
    expect((await faultOf(authenticate({}, { ...credential, synced: false })))[0]).toBe(
      'backup_flag',
    )
  })
})

describe('the counter of a passkey', () => {
  it.each([
    [0, 0, false],
    [0, 1, false],
    [1, 0, true],
    [7, 7, true],
    [8, 7, true],
    [7, 8, false],
  ])('stored as %i and presented as %i is a fault: %j', (stored, presented, fault) => {
    expect(counterFault(stored, presented)).toBe(fault)
  })
})

describe('a verified passkey', () => {
  it.each([
    [true, 'swk'],
    [false, 'hwk'],
  ])('that is synced: %j proves phr by %s', (synced, key) => {
    const singleUseKeys = [{ key: 'challenge:n', expiresAt: NOW }]
    expect(passkeyProof('fac_1', synced, NOW, singleUseKeys)).toEqual({
      factorId: 'fac_1',
      method: 'passkey',
      amr: [key, 'user', 'mfa'],
      acr: 'phr',
      authTime: NOW,
      singleUseKeys,
    })
  })
})
