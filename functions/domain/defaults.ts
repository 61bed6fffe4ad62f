// What a document leaves out.
import { type EnvironmentSettings, NEW_ACTION_RULE } from '../../contract/index.ts'
import { isBuiltIn } from './policy.ts'

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

/**
 * Writes the defaults of today into a settings document. A member that is missing in what is stored
 * already keeps the meaning that it had when it was stored.
 *
 * @param stored the document in force; undefined for a new environment
 * @example withDefaults(document).mfaTokens // 'off'
 */
export function withDefaults(
  document: EnvironmentSettings,
  stored?: EnvironmentSettings,
): EnvironmentSettings {
  const before = new Map(stored?.actions?.map((entry) => [entry.action, entry]))
  const actions = document.actions?.map((entry) => {
    const known = before.get(entry.action)
    if (isBuiltIn(entry.action) || (known && known.base?.singleUse === undefined)) return entry
    return { ...entry, base: overlay({ singleUse: NEW_ACTION_RULE.singleUse }, entry.base) }
  })
  return {
    ...(!(stored && stored.mfaTokens === undefined) && { mfaTokens: 'off' as const }),
    ...document,
    ...(actions && { actions }),
  }
}
