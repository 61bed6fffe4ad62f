// Recovery codes (look-up secrets, NIST SP 800-63B-4, section 3.1.2): 120 random bits each, in 24
// Crockford characters. With so many bits a plain hash keeps them.
import { base32crockford } from '@scure/base'
import { RECOVERY_CODE_COUNT } from '../../../contract/index.ts'
import { hashParts, type Random, toBase64Url } from '../bytes.ts'
import type { Proof } from './proof.ts'

const CODE_BYTES = 15
const CODE_CHARACTERS = 24

/** What a token or an enrollment that a recovery code opened is recorded under. */
export const RECOVERY_FACTOR_ID = 'recovery'

/**
 * Ten new codes, in groups of four as a user writes them down.
 *
 * @example newRecoveryCodes(random)[0] // 'Q4JK-7M2P-…'
 */
export const newRecoveryCodes = (random: Random): string[] =>
  Array.from({ length: RECOVERY_CODE_COUNT }, () =>
    (base32crockford.encode(random(CODE_BYTES)).match(/.{4}/g) ?? []).join('-'),
  )

/** A code as typed, in its one spelling; undefined for what cannot be a code. */
export function normalizeRecoveryCode(typed: string): string | undefined {
  const code = typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1')
  return code.length === CODE_CHARACTERS && /^[0-9A-HJKMNP-TV-Z]+$/.test(code) ? code : undefined
}

/** SHA-256 over (tag, environment, subject, code): no code works for another user. */
export const hashRecoveryCode = (environment: string, subject: string, code: string): string =>
  toBase64Url(hashParts('countersign/recovery/v1', environment, subject, code))

/** The proof of a right recovery code; the object spends the code's row as it accepts the proof. */
export const recoveryProof = (now: number): Proof => ({
  factorId: RECOVERY_FACTOR_ID,
  method: 'recovery',
  amr: ['recovery'],
  acr: 'recovery',
  authTime: now,
  singleUseKeys: [],
})
