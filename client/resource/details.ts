// The details of a call: one spelling for what is asked about, what a token is bound to, and what is
// executed. The same values are refused as by Countersign itself, before it is asked.
import { isRecord } from '../../contract/shared/wire.ts'
import { spellingOf } from '../spelling.ts'
import { refuse } from './answers.ts'

const DETAILS_MAX_BYTES = 2048
const DETAILS_MAX_DEPTH = 14

/** Details as they are sent, and as a token's `authorization_details` must spell them. */
export interface BoundDetails {
  sent: Record<string, unknown>
  spelling: string
}

/**
 * Reads the details of a call and binds them to their action.
 *
 * Numbers beyond 2^53 and texts that are not well-formed unicode have more than one spelling with
 * the same canonical form (RFC 8785, section 3.2.2 and appendix D), so they are refused.
 *
 * @throws GuardRefusal `input_invalid`
 * @example bindDetails({ to: '0xabc', value: '1' }, 'wallet.waas.sign').spelling
 */
export function bindDetails(details: Record<string, unknown>, action: string): BoundDetails {
  if (Object.hasOwn(details, 'type')) invalid('must not name a `type`: Countersign sets it')
  refuseAmbiguous(details, 1)
  // What JSON makes of them: members without a value are gone, dates are texts.
  const text = spell(details)
  const sent: unknown = JSON.parse(text)
  if (!isRecord(sent)) return invalid('must be an object')
  if (new TextEncoder().encode(text).length > DETAILS_MAX_BYTES) {
    invalid(`are longer than ${DETAILS_MAX_BYTES} bytes`)
  }
  return { sent, spelling: spell({ ...sent, type: action }) }
}

/** Whether a member of a token's `authorization_details` (RFC 9396, section 2) is what is asked. */
export const isBoundTo = (member: Record<string, unknown>, { spelling }: BoundDetails): boolean =>
  spell(member) === spelling

function spell(value: object): string {
  try {
    const text = spellingOf(value) ?? ''
    JSON.parse(text)
    return text
  } catch {
    return invalid('hold what JSON cannot say')
  }
}

function refuseAmbiguous(value: unknown, depth: number): void {
  if (depth > DETAILS_MAX_DEPTH) invalid('are nested too deep')
  if (isAmbiguous(value)) invalid('hold what JSON cannot say')
  if (typeof value !== 'object' || value === null) return
  if (Object.hasOwn(value, '__proto__')) invalid('hold a key named __proto__')
  for (const [key, member] of Object.entries(value)) {
    refuseAmbiguous(key, depth)
    refuseAmbiguous(member, depth + 1)
  }
}

const isAmbiguous = (value: unknown): boolean =>
  typeof value === 'number'
    ? !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))
    : typeof value === 'string'
      ? !value.isWellFormed()
      : typeof value === 'function' || isOpaque(value)

/** A map, a set, an instance: JSON sees little or nothing of it. What says its JSON itself is none. */
const isOpaque = (value: unknown): boolean =>
  isRecord(value) &&
  !('toJSON' in value) &&
  Object.getPrototypeOf(Object.getPrototypeOf(value) ?? Object.prototype) !== null

function invalid(what: string): never {
  return refuse('input_invalid', { detail: `The details of this call ${what}.` })
}
