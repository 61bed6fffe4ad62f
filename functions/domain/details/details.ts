// Binds the details of a call to their action: refuses ambiguous details, and creates the claim for the token and
// the hash for the history.
import {
  canonical,
  DETAILS_HASH_TAG,
  DETAILS_MAX_BYTES,
  type Details,
  type DetailsFault,
  faultIn,
} from '../../../contract/index.ts'
import { hashParts, toBase64Url, utf8 } from '../bytes.ts'
import { refuse } from '../refusal.ts'

/** Details with their action as `type`. */
export type DetailsClaim = Details & { type: string }

/** Details in their canonical form (RFC 8785), with the action that Countersign adds as `type`. */
export interface BoundDetails {
  /** The member of `authorization_details` (RFC 9396, section 2). */
  claim: DetailsClaim
  /** The hash that events store instead of the details. */
  hash: string
}

const MESSAGES: Record<DetailsFault | 'length', string> = {
  type: '`details.type` is set by Countersign: use another field name.',
  number: '`details` contains a number beyond 2^53: send it as a text.',
  text: '`details` contains a text that is not well-formed Unicode.',
  length: `\`details\` is longer than ${DETAILS_MAX_BYTES} bytes: send a hash of long values instead.`,
}

/**
 * Checks a caller's details and binds them to their action.
 *
 * @throws Refused `input_invalid` for a member `type`, for ambiguous numbers and texts, and for more than 2,048
 *   bytes
 * @example bindDetails({ to: '0xabc', value: '1' }, 'wallet.waas.sign').hash
 */
export function bindDetails(details: Details, action: string): BoundDetails {
  const text = canonical(details)
  const fault = faultIn(details) ?? (utf8(text).length > DETAILS_MAX_BYTES && 'length')
  if (fault) refuse('input_invalid', { message: MESSAGES[fault] })
  // Only a reader who can guess all details can confirm them with this hash.
  const hash = toBase64Url(hashParts('countersign/details/v1', action, text))
  return { claim: { ...details, type: action }, hash }
}

/** The length of the salt of `commitTo`. */
export const DETAILS_SALT_BYTES = 16

/**
 * Returns the hash that a passkey signs in place of details. Without the salt, nobody can confirm a guess of the
 * details; with it and the details, anybody can compute the hash again.
 *
 * The hash is SHA-256 over four parts: the tag `countersign/details/v2`, the name of the action, the 16 bytes of
 * the salt, and the canonical text of the details (RFC 8785) without `type`. The length of each part precedes it,
 * as four bytes in big-endian order. Texts are UTF-8.
 */
export const commitTo = (details: Details, action: string, salt: Uint8Array): Uint8Array =>
  hashParts(DETAILS_HASH_TAG, action, salt, canonical(details))
