// Compares a value with the expected members.

/**
 * Returns whether a value has all wanted members. Other members are ignored, but lists must have the same length.
 *
 * @example covers({ decision: 'permit', acr: 'mfa' }, { decision: 'permit' }) // true
 */
export function covers(actual: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return Object.is(actual, wanted)
  if (typeof actual !== 'object' || actual === null) return false
  if (Array.isArray(wanted) && !(Array.isArray(actual) && actual.length === wanted.length))
    return false
  return Object.entries(wanted).every(([key, value]) => covers(Reflect.get(actual, key), value))
}
