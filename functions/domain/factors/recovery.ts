// Recovery codes (look-up secrets, NIST SP 800-63B-4, section 3.1.2). Each has 120 random bits in 24 characters of
// Crockford's base32. With 120 bits, a plain hash protects them.
import { base32crockford } from '@scure/base'
import { RECOVERY_CODE_COUNT } from '../../../contract/index.ts'
import { hashParts, type Random, toBase64Url } from '../bytes.ts'
import type { Proof } from './proof.ts'

const CODE_BYTES = 15
const CODE_CHARACTERS = 24

/** The factor id of tokens and enrollments that come from a recovery code. */
export const RECOVERY_FACTOR_ID = 'recovery'

/**
 * Creates ten new codes, in groups of four characters.
 *
 * @example newRecoveryCodes(random)[0] // 'Q4JK-7M2P-…'
 */
export const newRecoveryCodes = (random: Random): string[] =>
  Array.from({ length: RECOVERY_CODE_COUNT }, () =>
    (base32crockford.encode(random(CODE_BYTES)).match(/.{4}/g) ?? []).join('-'),
  )

/** Returns a typed code in its canonical form, or undefined if it cannot be a code. */
export function normalizeRecoveryCode(typed: string): string | undefined {
  const code = typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1')
  return code.length === CODE_CHARACTERS && /^[0-9A-HJKMNP-TV-Z]+$/.test(code) ? code : undefined
}

/** Hashes a code with its environment and user, so that it works for no other user. */
export const hashRecoveryCode = (environment: string, subject: string, code: string): string =>
  toBase64Url(hashParts('countersign/recovery/v1', environment, subject, code))

/** Creates the proof of a valid recovery code. It has no single-use key, because the object marks the code as used. */
export const recoveryProof = (now: number): Proof => ({
  factorId: RECOVERY_FACTOR_ID,
  method: 'recovery',
  amr: ['recovery'],
  acr: 'recovery',
  authTime: now,
  singleUseKeys: [],
})
