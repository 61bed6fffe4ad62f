// Passkeys (WebAuthn Level 3): the stored credential, the faults of a ceremony, and the proof that a verified
// one is. passkey-options.ts begins a ceremony, passkey-verification.ts verifies its answer.
import type { Proof, SingleUseKey } from './proof.ts'

/** COSE algorithms (RFC 9053): EdDSA, ES256, RS256, in the order of preference. */
export const ALGORITHMS = [-8, -7, -257]

/** Why a ceremony failed. It is written to the history; the caller only learns `passkey_rejected`. */
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
  /** The relying party that it was made for. Version 0.1.0 did not store it. */
  rpId?: string
}

/**
 * Whether a passkey can answer for a relying party: an authenticator uses it for no other one.
 * A passkey that does not say what it was made for counts as usable; its next use records that.
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
  singleUseKeys: SingleUseKey[],
): Proof => ({
  factorId,
  method: 'passkey',
  amr: [synced ? 'swk' : 'hwk', 'user', 'mfa'],
  acr: 'phr',
  authTime: now,
  singleUseKeys,
})
