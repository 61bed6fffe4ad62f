// Time-based one-time passwords (RFC 6238).
import { createHmac } from 'node:crypto'
import { base32nopad } from '@scure/base'
import { type Random, sameBytes, utf8 } from '../bytes.ts'
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
  const base32 = base32nopad.encode(secret)
  const names = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`
  const query = [
    ['issuer', encodeURIComponent(issuer)],
    ['secret', base32],
    ['algorithm', parameters.algorithm],
    ['digits', parameters.digits],
    ['period', parameters.periodSeconds],
  ]
  const parts = query.map((pair) => pair.join('='))
  return { secret: base32, uri: `otpauth://totp/${names}?${parts.join('&')}` }
}

/**
 * Returns the time step of a code: the current step or the one before (RFC 6238, section 5.2).
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
  const step = Math.floor(now / parameters.periodSeconds)
  return [step, step - 1].find((candidate) =>
    sameBytes(utf8(codeAt(secret, parameters, candidate)), utf8(token)),
  )
}

/** Returns the code of a time step (RFC 4226, section 5.3). */
function codeAt(secret: Uint8Array, { algorithm, digits }: TotpParameters, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigInt64BE(BigInt(step))
  const hash = createHmac(algorithm, secret).update(counter).digest()
  const offset = hash.readUInt8(hash.length - 1) & 0xf
  const truncated = hash.readUInt32BE(offset) & 0x7fffffff
  return String(truncated % 10 ** digits).padStart(digits, '0')
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
