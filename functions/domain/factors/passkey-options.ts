// Creates the options of passkey ceremonies with @simplewebauthn/server. The library is loaded on first use,
// because most calls do not need it.
import { type CeremonyOptions, CHALLENGE_LIFETIME_SECONDS } from '../../../contract/index.ts'
import { fromBase64Url } from '../bytes.ts'
import { ALGORITHMS, type PasskeyCredential } from './passkey.ts'

/**
 * Creates the options for `navigator.credentials.create()`.
 *
 * @param user `handle` is the user's WebAuthn id, 32 random bytes
 * @param existing the user's credentials, so that no authenticator is enrolled twice
 */
export async function registrationOptions(
  { rpId, rpName }: { rpId: string; rpName: string },
  user: { handle: string; name: string },
  challenge: Uint8Array,
  existing: Pick<PasskeyCredential, 'credentialId' | 'transports'>[],
): Promise<CeremonyOptions> {
  const { generateRegistrationOptions } = await import('./webauthn.ts')
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

/** Creates the options for `navigator.credentials.get()` with the user's passkeys. */
export async function authenticationOptions(
  rpId: string,
  challenge: Uint8Array,
  own: Pick<PasskeyCredential, 'credentialId' | 'transports'>[],
): Promise<CeremonyOptions> {
  const { generateAuthenticationOptions } = await import('./webauthn.ts')
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
