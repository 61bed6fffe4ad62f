// Limits how deeply untrusted values are traversed. routes/request.ts limits the body of a call. A session token
// (RFC 7519) can be nested as deeply as its issuer allows.

/** The greatest depth at which lists and objects are traversed. */
export const VALUE_MAX_DEPTH = 16

/**
 * Returns a copy in which every list or object beyond the greatest depth is an empty list. A check can still
 * find that the value is too deep, and recursion through the copy always ends.
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
