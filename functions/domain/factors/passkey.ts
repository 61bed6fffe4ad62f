// Passkeys (WebAuthn Level 3): the stored credential, the faults of a ceremony, and the proof of a verified
// passkey. passkey-options.ts starts a ceremony. passkey-verification.ts verifies its response.
import type { Proof, SingleUseKey } from './proof.ts'

/** COSE algorithms (RFC 9053) in order of preference: EdDSA, ES256, RS256. */
export const ALGORITHMS = [-8, -7, -257]

/** The reason why a ceremony failed. The history records it. The caller gets only `passkey_rejected`. */
export type PasskeyFault =
  | 'malformed'
  | 'attested'
  | 'attestation_algorithm'
  | 'cross_origin'
  | 'id_mismatch'
  | 'id_too_long'
  | 'unknown_credential'
  | 'user_handle'
  | 'backup_flag'
  | 'counter'
  | 'not_verified'
  | 'credential_taken'

/** The error of a failed ceremony: its fault, and the library's error as its cause, if any. */
export class PasskeyFailure extends Error {
  readonly fault: PasskeyFault
  constructor(fault: PasskeyFault, options?: ErrorOptions) {
    super(`passkey: ${fault}`, options)
    this.fault = fault
  }
}

/** The stored public part of a passkey. */
export interface PasskeyCredential {
  credentialId: string
  publicKey: string
  counter: number
  /** True if the passkey can be on several devices (backup eligible). It never changes. */
  synced: boolean
  backedUp: boolean
  transports: string[]
  /** The relying party that the passkey belongs to. Version 0.1.0 did not store it. */
  rpId?: string
}

/**
 * Returns whether a passkey belongs to a relying party: an authenticator uses it for no other one. A passkey
 * without a stored relying party counts as usable, and its next use stores it.
 */
export const isUsable = ({ rpId }: Pick<PasskeyCredential, 'rpId'>, current: string): boolean =>
  rpId === undefined || rpId === current

/** The relying party that a ceremony is for. */
export interface RelyingParty {
  rpId: string
  origins: string[]
}

/** The facts that a verified authentication reports. */
export interface PasskeyAuthentication {
  counter: number
  backedUp: boolean
}

/**
 * Returns whether a counter should have increased but did not (WebAuthn Level 3, section 7.2, step 22).
 *
 * @example counterFault(8, 7) // true
 */
export const counterFault = (stored: number, presented: number): boolean =>
  (stored > 0 || presented > 0) && presented <= stored

/** Creates the proof of a verified passkey: `swk` if it can be on several devices, or else `hwk` (RFC 8176). */
export const passkeyProof = (
  factorId: string,
  synced: boolean,
  now: number,
  singleUseKeys: SingleUseKey[],
): Proof => ({
  factorId,
  method: 'passkey',
  amr: [synced ? 'swk' : 'hwk', 'user', 'mfa'],
  acr: 'phr',
  authTime: now,
  singleUseKeys,
})
