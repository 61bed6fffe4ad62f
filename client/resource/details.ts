// The details of a call: read as JSON has them, once, for what is asked about, what a token is bound to,
// and what is executed. The same values are refused as by Countersign itself, before it is asked.
import { canonical, DETAILS_MAX_BYTES, faultIn } from '../../contract/shared/details.ts'
import { isRecord } from '../../contract/shared/wire.ts'
import { refuse } from './answers.ts'

const DETAILS_MAX_DEPTH = 14
const NOT_JSON = 'must be JSON values'

/** Details as they are sent, and the canonical text of the claim that a token must be bound to. */
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
    // What JSON makes of them: members without a value are gone, dates are texts.
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

/** Refuses values that never were JSON. */
function refuseOutsideJson(value: unknown, depth: number): void {
  if (depth > DETAILS_MAX_DEPTH) invalid('are nested too deep')
  if (typeof value === 'function') invalid(NOT_JSON)
  if (!isRecord(value)) return
  // A map, a set, an instance: JSON sees little or nothing of it, unless it says its JSON itself.
  const isOpaque = Object.getPrototypeOf(Object.getPrototypeOf(value) ?? Object.prototype)
  if (isOpaque && !('toJSON' in value)) invalid(NOT_JSON)
  if (Object.hasOwn(value, '__proto__')) invalid('hold a key named __proto__')
}

function invalid(what: string): never {
  return refuse('input_invalid', { detail: `The details of this call ${what}.` })
}
