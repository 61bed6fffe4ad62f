// Passkeys against the test vectors of W3C Web Authentication Level 3 (section "Test Vectors",
// copied from w3c/webauthn under the W3C Document License; the file names the commit).
//
// Our rules are narrower than the specification, so most vectors are refused, each for its reason:
// - no user verification: a passkey here is two factors in one, so the UV flag is required (7.1, 7.2);
// - `crossOrigin` or `topOrigin`: no page of ours is meant to be embedded in another site's;
// - ES384, ES512 and Ed448: not asked for; ES256, EdDSA (Ed25519) and RS256 are;
// - attestation with certificates, or by a TPM, an Android key, Apple or U2F: none is asked for, and to
//   check one would mean to fetch what it names; a self-attestation (packed without x5c) is taken.
// What is refused for want of verification alone says so as its cause.
import { base64urlnopad } from '@scure/base'
import { decodeAttestationObject, parseAuthenticatorData } from '@simplewebauthn/server/helpers'
import { describe, expect, it } from 'vitest'
import {
  type PasskeyCredential,
  PasskeyFailure,
  type PasskeyFault,
} from '../../functions/domain/factors/passkey.ts'
import {
  verifyAuthentication,
  verifyRegistration,
} from '../../functions/domain/factors/passkey-verification.ts'
import file from './webauthn-l3.vectors.json' with { type: 'json' }

type Vector = (typeof file.vectors)[number]
type Expected = 'accepted' | { fault: PasskeyFault; cause?: RegExp }

const UNVERIFIED: Expected = { fault: 'not_verified', cause: /^User verification .*required/ }
const ATTESTED: Expected = { fault: 'attested' }
const FRAMED: Expected = { fault: 'cross_origin' }

/** Vector → what becomes of its registration and of its authentication. */
const EXPECTED: Record<string, { registration: Expected; authentication: Expected }> = {
  'none-es256': { registration: UNVERIFIED, authentication: UNVERIFIED },
  'packed-self-es256': { registration: 'accepted', authentication: UNVERIFIED },
  'none-es256-crossOrigin': { registration: FRAMED, authentication: FRAMED },
  'none-es256-topOrigin': { registration: FRAMED, authentication: FRAMED },
  'none-es256-long-credential-id': { registration: UNVERIFIED, authentication: 'accepted' },
  'packed-es256': { registration: ATTESTED, authentication: 'accepted' },
  // Its assertion verifies, but no such credential can have been enrolled.
  'packed-es384': { registration: ATTESTED, authentication: 'accepted' },
  'packed-es512': {
    registration: ATTESTED,
    authentication: UNVERIFIED,
  },
  'packed-rs256': { registration: ATTESTED, authentication: UNVERIFIED },
  'packed-eddsa': { registration: ATTESTED, authentication: UNVERIFIED },
  'packed-ed448': {
    registration: ATTESTED,
    authentication: { fault: 'not_verified', cause: /invalid alg -53/ },
  },
  'tpm-es256': {
    registration: ATTESTED,
    authentication: 'accepted',
  },
  'android-key-es256': {
    registration: ATTESTED,
    authentication: UNVERIFIED,
  },
  'apple-es256': { registration: ATTESTED, authentication: UNVERIFIED },
  'fido-u2f-es256': { registration: ATTESTED, authentication: UNVERIFIED },
}

const RELYING_PARTY = { rpId: file.rpId, origins: [file.origin] }
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))
const posted = (hex: string): string => base64urlnopad.encode(bytesOf(hex))

/** The answer of a vector to an enrollment, as a browser would post it. */
function registrationOf({ registration }: Vector) {
  const id = posted(registration.credential_id)
  const response = {
    clientDataJSON: posted(registration.clientDataJSON),
    attestationObject: posted(registration.attestationObject),
  }
  return { id, rawId: id, type: 'public-key' as const, response }
}

/** The answer of a vector to a step-up, as a browser would post it. */
function authenticationOf({ registration, authentication }: Vector) {
  const id = posted(registration.credential_id)
  const response = {
    clientDataJSON: posted(authentication.clientDataJSON),
    authenticatorData: posted(authentication.authenticatorData),
    signature: posted(authentication.signature),
  }
  return { id, rawId: id, type: 'public-key' as const, response }
}

/** The credential of a vector as if it had been enrolled, also where our rules would not have it. */
function credentialOf({ registration }: Vector): PasskeyCredential {
  const attestation = decodeAttestationObject(bytesOf(registration.attestationObject))
  const { credentialPublicKey, flags } = parseAuthenticatorData(attestation.get('authData'))
  return {
    credentialId: posted(registration.credential_id),
    publicKey: base64urlnopad.encode(credentialPublicKey ?? new Uint8Array()),
    counter: 0,
    synced: flags.be,
    backedUp: flags.bs,
    transports: [],
    rpId: 'example.org',
  }
}

const register = (vector: Vector, bent: object = {}, challenge = vector.registration.challenge) => {
  const answer = registrationOf(vector)
  const response = { ...answer.response, ...bent }
  return verifyRegistration({ ...answer, response }, posted(challenge), RELYING_PARTY)
}

const authenticate = (
  vector: Vector,
  bent: object = {},
  challenge = vector.authentication.challenge,
) => {
  const answer = authenticationOf(vector)
  const response = { ...answer.response, ...bent }
  const credential = credentialOf(vector)
  return verifyAuthentication(
    { ...answer, response },
    posted(challenge),
    RELYING_PARTY,
    credential,
    '',
  )
}

async function expectFailure(run: Promise<unknown>, fault: PasskeyFault, cause?: RegExp) {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof PasskeyFailure)) throw new Error('not refused by a rule', { cause: error })
  expect(error.fault).toBe(fault)
  if (cause) expect(error.cause).toMatchObject({ message: expect.stringMatching(cause) })
}

const cases = file.vectors.map((vector) => ({ id: vector.id, vector }))
const accepted = (ceremony: 'registration' | 'authentication') =>
  cases.filter(({ id }) => EXPECTED[id]?.[ceremony] === 'accepted')
const refused = (ceremony: 'registration' | 'authentication') =>
  cases.flatMap(({ id, vector }) => {
    const expected = EXPECTED[id]?.[ceremony]
    return expected === undefined || expected === 'accepted' ? [] : [{ id, vector, ...expected }]
  })

/** The same bytes with one bit of the last one turned. */
const spoilt = (hex: string): string => {
  const bytes = bytesOf(hex)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  return base64urlnopad.encode(bytes)
}

describe('the vectors', () => {
  it('are all expected to be something', () => {
    expect(cases.map(({ id }) => id).toSorted()).toEqual(Object.keys(EXPECTED).toSorted())
    expect(accepted('registration')).toHaveLength(1)
    expect(accepted('authentication')).toHaveLength(4)
  })
})

describe('a registration', () => {
  it.each(accepted('registration'))('is accepted: $id', async ({ vector }) => {
    const credential = await register(vector)
    expect(credential).toEqual(credentialOf(vector))
  })

  it.each(accepted('registration'))('is refused when it is bent: $id', async ({ vector }) => {
    const { authentication, registration } = vector
    await expectFailure(register(vector, {}, authentication.challenge), 'not_verified')
    const clientDataJSON = posted(authentication.clientDataJSON)
    await expectFailure(register(vector, { clientDataJSON }), 'not_verified')
    const attestationObject = posted(registration.attestationObject.slice(0, -2))
    await expectFailure(register(vector, { attestationObject }), 'not_verified')
  })

  it('is refused where its self attestation names another algorithm than its key', async () => {
    const vector = file.vectors.find(({ id }) => id === 'packed-self-es256')
    if (!vector) throw new Error('the vector is not there')
    const ES256 = '63616c6726' // "alg": -7
    const { attestationObject } = vector.registration
    expect(attestationObject.split(ES256)).toHaveLength(2)
    for (const other of ['63616c6727', '63616c673822', '63616c67390100']) {
      const bent = posted(attestationObject.replace(ES256, other))
      await expectFailure(register(vector, { attestationObject: bent }), 'attestation_algorithm')
    }
  })

  it.each(refused('registration'))('is refused: $id ($fault)', async ({ vector, fault, cause }) => {
    await expectFailure(register(vector), fault, cause)
  })
})

describe('an authentication', () => {
  it.each(accepted('authentication'))('is accepted: $id', async ({ vector }) => {
    const flags = bytesOf(vector.authentication.authenticatorData)[32] ?? 0
    expect(await authenticate(vector)).toEqual({ counter: 0, backedUp: (flags & 0x10) > 0 })
  })

  it.each(accepted('authentication'))('is refused when it is bent: $id', async ({ vector }) => {
    const { authentication, registration } = vector
    await expectFailure(authenticate(vector, {}, registration.challenge), 'not_verified')
    const signature = spoilt(authentication.signature)
    await expectFailure(authenticate(vector, { signature }), 'not_verified')
    const authenticatorData = spoilt(authentication.authenticatorData)
    await expectFailure(authenticate(vector, { authenticatorData }), 'not_verified')
    const text = Buffer.from(authentication.clientDataJSON, 'hex').toString()
    const clientDataJSON = base64urlnopad.encode(new TextEncoder().encode(`${text} `))
    await expectFailure(authenticate(vector, { clientDataJSON }), 'not_verified')
  })

  it.each(refused('authentication'))(
    'is refused: $id ($fault)',
    async ({ vector, fault, cause }) => {
      await expectFailure(authenticate(vector), fault, cause)
    },
  )
})
