// Reads the details of a call once, as JSON represents them. Countersign and the token check get the
// same value. Refuses the values that Countersign refuses, before it is called.
import { canonical, DETAILS_MAX_BYTES, faultIn } from '../../contract/shared/details.ts'
import { isRecord } from '../../contract/shared/wire.ts'
import { refuse } from './answers.ts'

const DETAILS_MAX_DEPTH = 14
const NOT_JSON = 'cannot be sent as JSON'

/** The details to send, and the canonical text of the claim that the token must have. */
export interface BoundDetails {
  sent: Record<string, unknown>
  spelling: string
}

/**
 * Reads the details of a call and binds them to their action.
 *
 * @throws GuardRefusal `input_invalid`
 * @example bindDetails({ to: '0xabc', value: '1' }, 'wallet.waas.sign').spelling
 */
export function bindDetails(details: Record<string, unknown>, action: string): BoundDetails {
  const fault = faultIn(details, refuseOutsideJson)
  if (fault) invalid(fault === 'type' ? 'must not name a `type`: Countersign sets it' : NOT_JSON)
  let text: string
  try {
    // JSON drops members without a value and turns dates into texts.
    text = canonical(details)
  } catch {
    return invalid(NOT_JSON)
  }
  const sent: unknown = JSON.parse(text)
  if (!isRecord(sent)) return invalid('must be an object')
  if (new TextEncoder().encode(text).length > DETAILS_MAX_BYTES) {
    invalid(`are longer than ${DETAILS_MAX_BYTES} bytes`)
  }
  return { sent, spelling: canonical({ ...sent, type: action }) }
}

/** Refuses values that JSON cannot represent. */
function refuseOutsideJson(value: unknown, depth: number): void {
  if (depth > DETAILS_MAX_DEPTH) invalid('are nested too deep')
  if (typeof value === 'function') invalid(NOT_JSON)
  if (!isRecord(value)) return
  // JSON drops the content of a map, a set or an instance, unless it has `toJSON`.
  const isOpaque = Object.getPrototypeOf(Object.getPrototypeOf(value) ?? Object.prototype)
  if (isOpaque && !('toJSON' in value)) invalid(NOT_JSON)
  if (Object.hasOwn(value, '__proto__')) invalid('hold a key named __proto__')
}

function invalid(what: string): never {
  return refuse('input_invalid', { detail: `The details of this call ${what}.` })
}
