// The details of an action: what may stand in them, and the one spelling that is compared and signed.
import type { Details } from '../../contract/index.ts'
import { hashParts, toBase64Url, utf8 } from './bytes.ts'
import { refuse } from './refusal.ts'
import { canonical } from './statement.ts'

export const DETAILS_MAX_BYTES = 2048

/** Details in their canonical form (RFC 8785), with the action that Countersign adds as `type`. */
export interface BoundDetails {
  /** The member of `authorization_details` (RFC 9396, section 2). */
  claim: Record<string, unknown>
  /** What an event keeps instead of the details. */
  hash: string
}

/**
 * Checks a caller's details and binds them to their action.
 *
 * Numbers beyond 2^53 and texts that are not well-formed unicode have more than one spelling with
 * the same canonical form (RFC 8785, section 3.2.2 and appendix D), so they are refused.
 *
 * @throws Refused `input_invalid` for a `type` of the caller's own, for values that have no one
 *   spelling, and for more than 2,048 bytes
 * @example bindDetails({ to: '0xabc', value: '1' }, 'wallet.waas.sign').hash
 */
export function bindDetails(details: Details, action: string): BoundDetails {
  if (Object.hasOwn(details, 'type')) {
    refuse('input_invalid', {
      message: '`details.type` is set by Countersign: name the kind of payload in another field.',
    })
  }
  refuseAmbiguous(details)
  const text = canonical(details)
  if (utf8(text).length > DETAILS_MAX_BYTES) {
    refuse('input_invalid', {
      message: `\`details\` is longer than ${DETAILS_MAX_BYTES} bytes: put a hash of the payload in a field of its own.`,
    })
  }
  return { claim: { ...details, type: action }, hash: hashDetails(details, action) }
}

/** A hash of details that shows nothing of them to whoever cannot guess them whole. */
const hashDetails = (details: Details, action: string): string =>
  toBase64Url(hashParts('countersign/details/v1', action, canonical(details)))

/**
 * Whether two members of `authorization_details` are the same thing to do.
 *
 * @example sameDetails(claims.authorization_details[0], bindDetails(details, action).claim)
 */
export const sameDetails = (a: Record<string, unknown>, b: Record<string, unknown>): boolean =>
  canonical(a) === canonical(b)

function refuseAmbiguous(value: unknown): void {
  if (
    typeof value === 'number' &&
    (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
  ) {
    refuse('input_invalid', { message: '`details` holds a number beyond 2^53: send it as a text.' })
  }
  if (typeof value === 'string' && !value.isWellFormed()) {
    refuse('input_invalid', { message: '`details` holds a text that is not well-formed unicode.' })
  }
  if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      refuseAmbiguous(key)
      refuseAmbiguous(member)
    }
  }
}
