// What a document leaves out.

/**
 * Defaults with what a part says laid over them; an absent or undefined member says nothing.
 *
 * @example overlay({ digits: 6, enabled: true }, { digits: 8 }) // { digits: 8, enabled: true }
 */
export function overlay<T extends object>(
  defaults: T,
  part: { [K in keyof T]?: T[K] | undefined } = {},
): T {
  const said = Object.entries(part).filter(([, value]) => value !== undefined)
  return Object.assign({ ...defaults }, Object.fromEntries(said))
}
