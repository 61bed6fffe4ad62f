// The defaults that are written into a settings document when it is saved.
import {
  type EnvironmentSettings,
  isBuiltIn,
  NEW_ACTION_RULE,
  overlay,
  type RulePart,
} from '../../../contract/index.ts'

/**
 * Returns a settings document with today's defaults written into it. A member that the stored document leaves out
 * stays out, so that it keeps the default of the version that stored it.
 *
 * @param stored the current document; undefined for a new environment
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
    const defaults: RulePart = {
      singleUse: NEW_ACTION_RULE.singleUse,
      ...(!known && entry.detailsSchema && { details: 'required' }),
    }
    return { ...entry, base: overlay(defaults, entry.base) }
  })
  return {
    ...(!(stored && stored.mfaTokens === undefined) && { mfaTokens: 'off' as const }),
    ...document,
    ...(actions && { actions }),
  }
}
