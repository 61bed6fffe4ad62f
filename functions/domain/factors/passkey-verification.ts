// Verifies the responses of passkey ceremonies (WebAuthn Level 3, sections 7.1 and 7.2) with
// @simplewebauthn/server, and makes the checks that the library leaves to its callers.
import type { AuthenticationResponse, RegistrationResponse } from '../../../contract/index.ts'
import { fromBase64Url, sameBytes, sha256, toBase64Url, utf8 } from '../bytes.ts'
import { checkCoseKey, coseAlgorithm } from './cose-key.ts'
import {
  ALGORITHMS,
  type PasskeyAuthentication,
  type PasskeyCredential,
  PasskeyFailure,
  type PasskeyFault,
  type RelyingParty,
} from './passkey.ts'

const CREDENTIAL_ID_MAX_BYTES = 1023

/**
 * Verifies a registration (WebAuthn Level 3, section 7.1).
 *
 * @param challenge the expected WebAuthn challenge, base64url
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
  const { verifyRegistrationResponse } = await import('./webauthn.ts')
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
  // Section 7.1, step 26: the credential id comes from the authenticator data, and the posted id must equal it.
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
    rpId,
  }
}

/**
 * Verifies an authentication (WebAuthn Level 3, section 7.2) with one of the user's passkeys. The counter is
 * compared later by `counterFault`, in the transaction that stores it.
 *
 * @param userHandle the user's WebAuthn id, base64url; a response must not name another
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
  if (!namesUser(response.response.userHandle, userHandle)) throw new PasskeyFailure('user_handle')
  const { verifyAuthenticationResponse } = await import('./webauthn.ts')
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
  // Section 7.2, step 19: whether a credential can be backed up never changes.
  if ((authenticationInfo.credentialDeviceType === 'multiDevice') !== credential.synced) {
    throw new PasskeyFailure('backup_flag')
  }
  return { counter: authenticationInfo.newCounter, backedUp: authenticationInfo.credentialBackedUp }
}

/** The length of the RP id hash, the flags and the counter together (WebAuthn Level 3, section 6.1). */
const AUTHENTICATOR_DATA_MIN_BYTES = 37
const USER_PRESENT_AND_VERIFIED = 0b101

/**
 * Returns whether a response can be valid, without verifying its signature. Checks its challenge, origin, relying
 * party, user and flags (WebAuthn Level 3, section 7.2, steps 6 to 17).
 *
 * @param challenge the expected WebAuthn challenge, base64url
 * @example canBeRight(response, challenge, { rpId: 'app.example', origins }, userHandle)
 */
export function canBeRight(
  { response }: AuthenticationResponse,
  challenge: string,
  { rpId, origins }: RelyingParty,
  userHandle: string,
): boolean {
  const clientData = readObject(response.clientDataJSON)
  const data = fromBase64Url(response.authenticatorData)
  return (
    clientData?.type === 'webauthn.get' &&
    clientData.challenge === challenge &&
    origins.some((origin) => origin === clientData.origin) &&
    data !== undefined &&
    data.length >= AUTHENTICATOR_DATA_MIN_BYTES &&
    sameBytes(data.slice(0, 32), sha256(utf8(rpId))) &&
    ((data[32] ?? 0) & USER_PRESENT_AND_VERIFIED) === USER_PRESENT_AND_VERIFIED &&
    namesUser(response.userHandle, userHandle)
  )
}

/** Section 7.2, step 6: a response that names a user must name the one who started the ceremony. */
const namesUser = (presented: string | null | undefined, userHandle: string): boolean =>
  presented === undefined || presented === null || presented === '' || presented === userHandle

function readObject(base64Url: string): Record<string, unknown> | undefined {
  try {
    const value = readJson(base64Url)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** Refuses a ceremony inside a frame of another site. */
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
 * Refuses an attestation with certificates, because the options ask for none. The library would fetch the
 * revocation lists that the certificates name, from addresses that the sender chooses.
 */
async function refuseAttested(attestationObject: string): Promise<void> {
  const { decodeAttestationObject, parseAuthenticatorData } = await import('./webauthn.ts')
  const algorithmOf = await coseAlgorithm()
  let fault: PasskeyFault | undefined
  try {
    const bytes = new Uint8Array(fromBase64Url(attestationObject) ?? [])
    const attestation = decodeAttestationObject(bytes)
    const statement = attestation.get('attStmt')
    const format = attestation.get('fmt')
    if (!['none', 'packed'].includes(format) || statement.get('x5c') !== undefined)
      fault = 'attested'
    // Section 8.2: the credential's own key signs a self attestation, so the algorithms must be equal.
    else if (format === 'packed') {
      const key = parseAuthenticatorData(attestation.get('authData')).credentialPublicKey
      if (!key || statement.get('alg') !== algorithmOf(key)) fault = 'attestation_algorithm'
    }
  } catch (cause) {
    throw new PasskeyFailure('malformed', { cause })
  }
  if (fault) throw new PasskeyFailure(fault)
}

/** Sections 5.1.3 and 7.1, step 25: a credential id has at most 1,023 bytes. */
function refuseLongId(id: string): void {
  const bytes = fromBase64Url(id)
  if (!bytes) throw new PasskeyFailure('malformed')
  if (bytes.length > CREDENTIAL_ID_MAX_BYTES) throw new PasskeyFailure('id_too_long')
}

/** Removes members that are undefined, because the library's types do not accept them. */
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
