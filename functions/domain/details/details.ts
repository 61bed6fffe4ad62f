// The details of an action as the service binds them: which it refuses, the claim that a token carries,
// and the hash that events keep.
import {
  canonical,
  DETAILS_MAX_BYTES,
  type Details,
  type DetailsFault,
  faultIn,
} from '../../../contract/index.ts'
import { hashParts, toBase64Url, utf8 } from '../bytes.ts'
import { refuse } from '../refusal.ts'

/** Details in their canonical form (RFC 8785), with the action that Countersign adds as `type`. */
export interface BoundDetails {
  /** The member of `authorization_details` (RFC 9396, section 2). */
  claim: Record<string, unknown>
  /** What an event keeps instead of the details. */
  hash: string
}

const MESSAGES: Record<DetailsFault | 'length', string> = {
  type: '`details.type` is set by Countersign: name the kind of payload in another field.',
  number: '`details` holds a number beyond 2^53: send it as a text.',
  text: '`details` holds a text that is not well-formed unicode.',
  length: `\`details\` is longer than ${DETAILS_MAX_BYTES} bytes: put a hash of the payload in a field of its own.`,
}

/**
 * Checks a caller's details and binds them to their action.
 *
 * @throws Refused `input_invalid` for a `type` of the caller's own, for values that have no one
 *   spelling, and for more than 2,048 bytes
 * @example bindDetails({ to: '0xabc', value: '1' }, 'wallet.waas.sign').hash
 */
export function bindDetails(details: Details, action: string): BoundDetails {
  const text = canonical(details)
  const fault = faultIn(details) ?? (utf8(text).length > DETAILS_MAX_BYTES && 'length')
  if (fault) refuse('input_invalid', { message: MESSAGES[fault] })
  // The hash shows nothing of the details to anyone who cannot guess all of them.
  const hash = toBase64Url(hashParts('countersign/details/v1', action, text))
  return { claim: { ...details, type: action }, hash }
}
