// One spelling of a JSON value, to tell whether two are the same. It is neither signed nor hashed: what
// is, is spelled by RFC 8785, at the service. A library for that would weigh more than this page may.

/**
 * A value as JSON, whatever the order of its members.
 *
 * @returns undefined for undefined
 * @throws TypeError for what JSON cannot say: a bigint, a circle
 * @example spellingOf({ b: 1, a: 2 }) === spellingOf({ a: 2, b: 1 })
 */
export const spellingOf = (value: object | undefined): string | undefined =>
  JSON.stringify(value, (_, member) =>
    member && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
