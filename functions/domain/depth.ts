// Limits how deeply untrusted values are traversed. The entry bounds the body of a call; a signed token
// (RFC 7519) is as deep as its issuer lets its users make it.

/** Lists and objects further inside are not gone into. */
export const VALUE_MAX_DEPTH = 16

/**
 * A copy in which every list or object beyond the greatest depth is an empty list: it is there to be seen
 * as too deep, and whatever goes through the copy by recursion comes to an end.
 *
 * @example cutOff({ a: { b: 1 } }, 1) // { a: [] }
 */
export function cutOff(value: unknown, levels = VALUE_MAX_DEPTH): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (levels === 0) return []
  if (Array.isArray(value)) return value.map((member) => cutOff(member, levels - 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, cutOff(member, levels - 1)]),
  )
}
