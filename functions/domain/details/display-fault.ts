// Checks the keyword `display` of a details schema, which says how a property is shown to people. It is checked
// strictly, because a mistake would show a user something else than what they confirm.
import { DISPLAY_KINDS, type Display, isRecord, UNIT } from '../../../contract/index.ts'

const DECIMALS_MAX = 36
const ORDER_MAX = 999

/** The properties of the object that a property belongs to, and its own name. */
export interface Siblings {
  name: string
  properties: Record<string, unknown>
}

type Check = (value: unknown, siblings: Siblings) => string | undefined

const wholeUpTo =
  (max: number): Check =>
  (value) =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) <= max
      ? undefined
      : `must be a whole number from 0 to ${max}`
const sibling: Check = (value, { name, properties }) =>
  typeof value === 'string' && value !== name && Object.hasOwn(properties, value)
    ? undefined
    : 'must name another property of the same object'
const isHash = (schema: unknown): boolean =>
  isRecord(schema) && isRecord(schema.display) && schema.display.as === 'hash'

/** Maps each member besides `as` to its check, and to the only kind that may have it. */
const MEMBERS: { [K in Exclude<keyof Display, 'as'>]-?: [check: Check, kind?: Display['as']] } = {
  unit: [
    (value) =>
      typeof value === 'string' && UNIT.test(value)
        ? undefined
        : 'must be up to 40 letters and currency signs, such as EUR',
    'amount',
  ],
  unitFrom: [sibling, 'amount'],
  decimals: [wholeUpTo(DECIMALS_MAX), 'amount'],
  of: [
    (value, siblings) =>
      sibling(value, siblings) ??
      (isHash(siblings.properties[String(value)]) ? 'must not name a hash' : undefined),
    'hash',
  ],
  order: [wholeUpTo(ORDER_MAX)],
}

/**
 * Returns the first fault of a `display`, or undefined for a valid one.
 *
 * @param type the `type` of the same schema
 * @example displayFault({ as: 'amount', decimals: 37 }, 'integer', siblings) // '`decimals` must be …'
 */
export function displayFault(
  display: unknown,
  type: unknown,
  siblings: Siblings,
): string | undefined {
  if (!isRecord(display)) return 'it must be an object'
  const { as, ...members } = display
  if (!DISPLAY_KINDS.some((kind) => kind === as))
    return `\`as\` must be one of ${DISPLAY_KINDS.join(', ')}`
  for (const [member, value] of Object.entries(members)) {
    const known = Object.entries(MEMBERS).find(([name]) => name === member)
    if (!known) return `\`${member}\` is not known`
    const [, [check, kind]] = known
    if (kind && kind !== as) return `\`${member}\` is only for ${kind}`
    const fault = check(value, siblings)
    if (fault) return `\`${member}\` ${fault}`
  }
  if ('unit' in members && 'unitFrom' in members) return '`unit` and `unitFrom` exclude each other'
  if (as === 'hash' && !('of' in members))
    return '`of` must name the property that it is the hash of'
  return as === 'list' && type !== 'array' ? 'list is only for `type: array`' : undefined
}
