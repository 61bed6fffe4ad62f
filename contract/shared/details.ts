// Details of an action: whether they can be bound to a token, and the canonical text by which they are
// compared. The service, the guard, the SDK and the dashboard all use these functions.

/** Limits the length of the canonical text of details, in UTF-8. */
export const DETAILS_MAX_BYTES = 2048

/**
 * Returns the canonical JSON text (RFC 8785) of a value. Two values are equal exactly if their texts are
 * equal. Call `faultIn` first: it finds numbers and texts for which this does not hold.
 *
 * @throws TypeError for a value that JSON cannot represent, such as a bigint or a circular reference
 * @example canonical({ b: 1, a: [2] }) // '{"a":[2],"b":1}'
 */
export const canonical = (value: object): string =>
  // The reviver visits members before the object that holds them, so they are texts already.
  JSON.parse(JSON.stringify(value), (_, member) => {
    if (Array.isArray(member)) return `[${member}]`
    if (Object(member) !== member) return JSON.stringify(member)
    const names = Object.keys(member).sort()
    return `{${names.map((name) => `${JSON.stringify(name)}:${member[name]}`)}}`
  })

/** Why details cannot be bound: they have a `type`, or an ambiguous number or text. */
export type DetailsFault = 'type' | 'number' | 'text'

/**
 * Returns the first fault of details. Numbers beyond 2^53 and texts that are not well-formed Unicode are
 * ambiguous: different values have the same canonical text (RFC 8785, section 3.2.2 and appendix D).
 *
 * @param visit is called with every value before its check, and may throw to refuse it
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
