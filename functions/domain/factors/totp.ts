// Time-based one-time passwords (RFC 6238), computed by otpauth.
import { Secret, TOTP } from 'otpauth'
import type { Random } from '../bytes.ts'
import type { Proof } from './proof.ts'

/** The parameters of a TOTP factor. They never change after its enrollment. */
export interface TotpParameters {
  algorithm: 'SHA1' | 'SHA256' | 'SHA512'
  digits: 6 | 8
  periodSeconds: 30 | 60
}

/** A stored TOTP factor with its sealed secret. */
export interface StoredTotp extends TotpParameters {
  sealed: string
}

/** Returns the context that the secret of a TOTP factor is sealed with, so that it opens for no other factor. */
export const sealedFor = (
  { environment, subject }: { environment: string; subject: string },
  factorId: string,
): string[] => [environment, subject, factorId]

/** A secret is as long as the output of its hash (RFC 4226, section 4, R6; RFC 6238, section 1.2). */
const SECRET_BYTES = { SHA1: 20, SHA256: 32, SHA512: 64 } as const

export const newTotpSecret = (algorithm: TotpParameters['algorithm'], random: Random): Uint8Array =>
  random(SECRET_BYTES[algorithm])

/**
 * Returns what an authenticator app needs: the secret in base32, and the `otpauth` URI of the QR code.
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
 * Returns the time step of a code: the current step or the one before (RFC 6238, section 5.2). Checks each step by
 * itself, because otpauth's window also includes future steps.
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

/** Creates the proof of a correct code. It claims the step, and with it every earlier step of the factor. */
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
