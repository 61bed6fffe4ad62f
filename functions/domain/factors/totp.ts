// Time-based one-time passwords (RFC 6238), computed by otpauth.
import { Secret, TOTP } from 'otpauth'
import type { Random } from '../bytes.ts'
import type { Proof } from './proof.ts'

/** The parameters of one TOTP factor; they stay as they were when it was enrolled. */
export interface TotpParameters {
  algorithm: 'SHA1' | 'SHA256' | 'SHA512'
  digits: 6 | 8
  periodSeconds: 30 | 60
}

/** How a TOTP factor is stored: its secret is sealed. */
export interface StoredTotp extends TotpParameters {
  sealed: string
}

/** Returns what the secret of a TOTP factor is sealed for: it opens for no other user or factor. */
export const sealedFor = (
  { environment, subject }: { environment: string; subject: string },
  factorId: string,
): string[] => [environment, subject, factorId]

/** A secret as long as its hash's output (RFC 4226, section 4, R6; RFC 6238, section 1.2). */
const SECRET_BYTES = { SHA1: 20, SHA256: 32, SHA512: 64 } as const

export const newTotpSecret = (algorithm: TotpParameters['algorithm'], random: Random): Uint8Array =>
  random(SECRET_BYTES[algorithm])

/**
 * What an authenticator app is shown: the secret in base32, and the `otpauth` address of the QR code.
 *
 * @example describeTotp(secret, parameters, 'Wallet', 'alice').uri // 'otpauth://totp/…'
 */
export function describeTotp(
  secret: Uint8Array,
  parameters: TotpParameters,
  issuer: string,
  account: string,
): { secret: string; uri: string } {
  const totp = totpOf(secret, parameters, { issuer, label: account })
  return { secret: totp.secret.base32, uri: totp.toString() }
}

/**
 * The time step that a code belongs to: the current one or the one before (RFC 6238, section 5.2),
 * asked for one by one, since otpauth's own window also reaches into the future.
 *
 * @param now epoch seconds
 * @returns the step, or undefined for a wrong code
 */
export function totpStepOf(
  secret: Uint8Array,
  parameters: TotpParameters,
  code: string,
  now: number,
): number | undefined {
  const token = code.replaceAll(' ', '')
  if (token.length !== parameters.digits) return undefined
  const totp = totpOf(secret, parameters)
  const step = Math.floor(now / parameters.periodSeconds)
  return [step, step - 1].find(
    (candidate) =>
      totp.validate({
        token,
        window: 0,
        timestamp: candidate * parameters.periodSeconds * 1000,
      }) === 0,
  )
}

/** The proof of a right code: it uses up its step and every earlier one of the factor. */
export const totpProof = (factorId: string, step: number, now: number): Proof => ({
  factorId,
  method: 'totp',
  amr: ['otp'],
  acr: 'mfa',
  authTime: now,
  singleUseKeys: [{ key: totpKey(factorId), ordinal: step, expiresAt: null }],
})

export const totpKey = (factorId: string): string => `totp:${factorId}`

const totpOf = (
  secret: Uint8Array,
  { algorithm, digits, periodSeconds }: TotpParameters,
  names: { issuer?: string; label?: string } = {},
): TOTP =>
  new TOTP({
    ...names,
    algorithm,
    digits,
    period: periodSeconds,
    secret: new Secret({ buffer: new Uint8Array(secret).buffer }),
  })
