// Passkeys (WebAuthn Level 3, sections 7.1 and 7.2): the options of both ceremonies, and the
// verification of their answers by @simplewebauthn/server with the checks that it leaves to us.
// The library is loaded when first needed: most calls never do.
import type {
  AuthenticationResponse,
  CeremonyOptions,
  RegistrationResponse,
} from '../../contract/index.ts'
import { CHALLENGE_LIFETIME_SECONDS } from '../../contract/index.ts'
import { fromBase64Url, toBase64Url } from './bytes.ts'
import { checkCoseKey } from './cosekey.ts'
import type { Claim, Proof } from './proof.ts'

/** COSE algorithms (RFC 9053): EdDSA, ES256, RS256, in the order of preference. */
const ALGORITHMS = [-8, -7, -257]
const CREDENTIAL_ID_MAX_BYTES = 1023

/** Why a ceremony failed: for the history; the caller is told no more than `passkey_rejected`. */
export type PasskeyFault =
  | 'malformed'
  | 'attested'
  | 'cross_origin'
  | 'id_mismatch'
  | 'id_too_long'
  | 'unknown_credential'
  | 'user_handle'
  | 'backup_flag'
  | 'counter'
  | 'not_verified'
  | 'credential_taken'

/** A ceremony that failed, with its fault and, where the library found it, its cause. */
export class PasskeyFailure extends Error {
  readonly fault: PasskeyFault
  constructor(fault: PasskeyFault, options?: ErrorOptions) {
    super(`passkey: ${fault}`, options)
    this.fault = fault
  }
}

/** The public side of a passkey, as it is stored. */
export interface PasskeyCredential {
  credentialId: string
  publicKey: string
  counter: number
  /** Backup-eligible: it may be on several devices. It never changes. */
  synced: boolean
  backedUp: boolean
  transports: string[]
}

/** The relying party that a ceremony is for. */
export interface RelyingParty {
  rpId: string
  origins: string[]
}

/**
 * Options for `navigator.credentials.create()`.
 *
 * @param user `handle`: the 32 random bytes that stand for the user in their authenticator
 * @param existing the user's credentials: no authenticator is enrolled twice
 */
export async function registrationOptions(
  { rpId, rpName }: { rpId: string; rpName: string },
  user: { handle: string; name: string },
  challenge: Uint8Array,
  existing: Pick<PasskeyCredential, 'credentialId' | 'transports'>[],
): Promise<CeremonyOptions> {
  const { generateRegistrationOptions } = await import('@simplewebauthn/server')
  const options = await generateRegistrationOptions({
    rpName,
    rpID: rpId,
    userName: user.name,
    userID: new Uint8Array(fromBase64Url(user.handle) ?? []),
    challenge: new Uint8Array(challenge),
    timeout: CHALLENGE_LIFETIME_SECONDS * 1000,
    attestationType: 'none',
    excludeCredentials: existing.map(descriptor),
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    supportedAlgorithmIDs: ALGORITHMS,
  })
  return { ...options }
}

/** Options for `navigator.credentials.get()` with one of the user's own passkeys. */
export async function authenticationOptions(
  rpId: string,
  challenge: Uint8Array,
  own: Pick<PasskeyCredential, 'credentialId' | 'transports'>[],
): Promise<CeremonyOptions> {
  const { generateAuthenticationOptions } = await import('@simplewebauthn/server')
  const options = await generateAuthenticationOptions({
    rpID: rpId,
    challenge: new Uint8Array(challenge),
    timeout: CHALLENGE_LIFETIME_SECONDS * 1000,
    userVerification: 'required',
    allowCredentials: own.map(descriptor),
  })
  return { ...options }
}

const descriptor = ({
  credentialId,
  transports,
}: Pick<PasskeyCredential, 'credentialId' | 'transports'>) => ({
  id: credentialId,
  transports,
})

/**
 * Verifies a registration (WebAuthn Level 3, section 7.1).
 *
 * @param challenge the WebAuthn challenge that must have been signed, base64url
 * @returns the credential to store
 * @throws PasskeyFailure
 */
export async function verifyRegistration(
  response: RegistrationResponse,
  challenge: string,
  { rpId, origins }: RelyingParty,
): Promise<PasskeyCredential> {
  refuseFramed(response.response.clientDataJSON)
  refuseLongId(response.id)
  await refuseAttested(response.response.attestationObject)
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server')
  const { verified, registrationInfo } = await verifyRegistrationResponse({
    response: { ...plain(response), clientExtensionResults: {} },
    expectedChallenge: challenge,
    expectedOrigin: origins,
    expectedRPID: rpId,
    requireUserVerification: true,
    supportedAlgorithmIDs: ALGORITHMS,
  }).catch(notVerified)
  if (!verified) throw new PasskeyFailure('not_verified')
  const { credential, credentialDeviceType, credentialBackedUp } = registrationInfo
  // Section 7.1, step 26: what was attested is the credential; what was posted only claims to be.
  if (credential.id !== response.id) throw new PasskeyFailure('id_mismatch')
  refuseLongId(credential.id)
  await checkCoseKey(credential.publicKey).catch(notVerified)
  return {
    credentialId: credential.id,
    publicKey: toBase64Url(credential.publicKey),
    counter: credential.counter,
    synced: credentialDeviceType === 'multiDevice',
    backedUp: credentialBackedUp,
    transports: response.response.transports ?? [],
  }
}

/** What an authentication tells beside that it is genuine. */
export interface PasskeyAuthentication {
  counter: number
  backedUp: boolean
}

/**
 * Verifies an authentication (WebAuthn Level 3, section 7.2) with one of the user's own passkeys.
 * The counter is compared by `counterFault`, in the transaction that stores it.
 *
 * @param userHandle the user's own, base64url: a response may name no other
 * @throws PasskeyFailure
 */
export async function verifyAuthentication(
  response: AuthenticationResponse,
  challenge: string,
  { rpId, origins }: RelyingParty,
  credential: PasskeyCredential,
  userHandle: string,
): Promise<PasskeyAuthentication> {
  refuseFramed(response.response.clientDataJSON)
  // Section 7.2, step 6: the response is for the user who was identified before the ceremony.
  const handle = response.response.userHandle
  if (handle !== undefined && handle !== null && handle !== '' && handle !== userHandle) {
    throw new PasskeyFailure('user_handle')
  }
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server')
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response: { ...plain(response), clientExtensionResults: {} },
    expectedChallenge: challenge,
    expectedOrigin: origins,
    expectedRPID: rpId,
    requireUserVerification: true,
    credential: {
      id: credential.credentialId,
      publicKey: new Uint8Array(fromBase64Url(credential.publicKey) ?? []),
      counter: 0,
    },
  }).catch(notVerified)
  if (!verified) throw new PasskeyFailure('not_verified')
  // Section 7.2, step 19: eligibility for backup is a property of the credential and never changes.
  if ((authenticationInfo.credentialDeviceType === 'multiDevice') !== credential.synced) {
    throw new PasskeyFailure('backup_flag')
  }
  return { counter: authenticationInfo.newCounter, backedUp: authenticationInfo.credentialBackedUp }
}

/**
 * Whether a counter did not rise where it should have (WebAuthn Level 3, section 7.2, step 22).
 *
 * @example counterFault(8, 7) // true
 */
export const counterFault = (stored: number, presented: number): boolean =>
  (stored > 0 || presented > 0) && presented <= stored

/** The proof of a verified passkey: `hwk` where it cannot leave its device, else `swk` (RFC 8176). */
export const passkeyProof = (
  factorId: string,
  synced: boolean,
  now: number,
  claims: Claim[],
): Proof => ({
  factorId,
  method: 'passkey',
  amr: [synced ? 'swk' : 'hwk', 'user', 'mfa'],
  acr: 'phr',
  authTime: now,
  claims,
})

/** A ceremony inside another site's frame is refused: no page of ours is meant to be embedded. */
function refuseFramed(clientDataJson: string): void {
  const clientData = readJson(clientDataJson)
  if (typeof clientData !== 'object' || clientData === null) throw new PasskeyFailure('malformed')
  if (('crossOrigin' in clientData && clientData.crossOrigin) || 'topOrigin' in clientData) {
    throw new PasskeyFailure('cross_origin')
  }
}

function readJson(base64Url: string): unknown {
  try {
    return JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(fromBase64Url(base64Url)),
    )
  } catch (cause) {
    throw new PasskeyFailure('malformed', { cause })
  }
}

/**
 * We ask for no attestation, so a chain of certificates has no business here; the library would fetch
 * the revocation lists that it names, from addresses of the sender's choice.
 */
async function refuseAttested(attestationObject: string): Promise<void> {
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers')
  let attested: boolean
  try {
    const bytes = new Uint8Array(fromBase64Url(attestationObject) ?? [])
    const attestation = decodeAttestationObject(bytes)
    const selfMade = ['none', 'packed'].includes(attestation.get('fmt'))
    attested = !selfMade || attestation.get('attStmt').get('x5c') !== undefined
  } catch (cause) {
    throw new PasskeyFailure('malformed', { cause })
  }
  if (attested) throw new PasskeyFailure('attested')
}

/** Section 5.1.3 and 7.1, step 25: at most 1,023 bytes. */
function refuseLongId(id: string): void {
  const bytes = fromBase64Url(id)
  if (!bytes) throw new PasskeyFailure('malformed')
  if (bytes.length > CREDENTIAL_ID_MAX_BYTES) throw new PasskeyFailure('id_too_long')
}

/** The library's types know no absent member beside `undefined`, and none of our optional nulls. */
const plain = <T extends { response: object }>({
  id,
  rawId,
  response,
}: T & { id: string; rawId: string }) => ({
  id,
  rawId,
  type: 'public-key' as const,
  response: JSON.parse(JSON.stringify(response)),
})

function notVerified(cause: unknown): never {
  throw new PasskeyFailure('not_verified', { cause })
}
