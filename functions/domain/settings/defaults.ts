// What a document leaves out.
import {
  type EnvironmentSettings,
  isBuiltIn,
  NEW_ACTION_RULE,
  overlay,
} from '../../../contract/index.ts'

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
