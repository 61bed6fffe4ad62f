// Details of an action: which ones can be bound to a token, and the canonical text that decides whether
// two of them are the same. Service, guard, SDK and dashboard compare details by these functions alone.
/** How long the canonical text of details may be, in UTF-8. */
export const DETAILS_MAX_BYTES = 2048

/**
 * Returns the canonical text (RFC 8785) of what JSON makes of a value. Two values are the same exactly
 * if their texts are. Details with a number or text that `faultIn` finds must be refused before.
 *
 * @throws TypeError for what JSON cannot say: a bigint, a circle
 * @example canonical({ b: 1, a: [2] }) // '{"a":[2],"b":1}'
 */
export const canonical = (value: object): string =>
  // Members are visited before what holds them, so they are texts by then.
  JSON.parse(JSON.stringify(value), (_, member) => {
    if (Array.isArray(member)) return `[${member}]`
    if (Object(member) !== member) return JSON.stringify(member)
    const names = Object.keys(member).sort()
    return `{${names.map((name) => `${JSON.stringify(name)}:${member[name]}`)}}`
  })

/** Why details cannot be bound: a `type` of the caller's own, or a number or text without one spelling. */
export type DetailsFault = 'type' | 'number' | 'text'

/**
 * Finds the first fault of details. Numbers beyond 2^53 and texts that are not well-formed unicode have
 * more than one spelling with the same canonical form (RFC 8785, section 3.2.2 and appendix D).
 *
 * @param visit sees every value before it is judged, and may throw for what only one side can be given
 * @example faultIn({ amount: 2 ** 53 }) // 'number'
 */
export function faultIn(
  details: object,
  visit?: (value: unknown, depth: number) => void,
): DetailsFault | undefined {
  const search = (value: unknown, depth: number): DetailsFault | undefined => {
    visit?.(value, depth)
    let fault = ambiguityOf(value)
    if (typeof value === 'object')
      for (const [name, member] of Object.entries(value ?? {}))
        fault ??= search(name, depth) ?? search(member, depth + 1)
    return fault
  }
  return Object.hasOwn(details, 'type') ? 'type' : search(details, 1)
}

function ambiguityOf(value: unknown): DetailsFault | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'text'
  const isExact = typeof value !== 'number' || Number.isSafeInteger(value) || value % 1
  return isExact ? undefined : 'number'
}
