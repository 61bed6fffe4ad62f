// Differences between two settings documents, and how two operators' changes come together: by
// top-level member, by action within `actions`, and by part of the rule where both changed one action.
import {
  type ActionEntry,
  BUILT_IN_ACTIONS,
  baseRuleOf,
  canonical,
  type EnvironmentSettings,
  isBuiltIn,
  isRecord,
  type SettingChange,
} from 'countersign/contract'

/** Whether two values are the same JSON, whatever the order of their members. */
export const isSame = (one: unknown, other: unknown): boolean =>
  canonical({ value: one }) === canonical({ value: other })

/**
 * Every difference, with its path as the service writes it: each action with its whole rule, and a case
 * of its own for every one that came or went. Says nothing of what is weaker.
 */
export function differences(
  before: EnvironmentSettings,
  after: EnvironmentSettings,
): SettingChange[] {
  const names = new Set([...(before.actions ?? []), ...(after.actions ?? [])].map((e) => e.action))
  const actions = [...names].flatMap((name) =>
    between(wholeEntry(before, name), wholeEntry(after, name), `actions[${name}]`),
  )
  const { actions: _, ...rest } = before
  const { actions: __, ...others } = after
  return [...between(rest, others, ''), ...actions]
}

/** An action as it holds; a built-in one that is not written at its defaults. */
function wholeEntry({ actions = [], audiences }: EnvironmentSettings, action: string) {
  const written = actions.find((entry) => entry.action === action)
  if (!written && !isBuiltIn(action)) return undefined
  const entry = written ?? { action }
  return {
    ...entry,
    scope: isBuiltIn(action) ? BUILT_IN_ACTIONS[action] : entry.scope,
    audience: entry.audience ?? audiences[0],
    base: baseRuleOf(entry),
    stricter: entry.stricter ?? [],
  }
}

/** Settings that are objects and change as a whole. */
const WHOLES = ['session.keys', 'session.authTime', 'assertions.keys']

function between(before: unknown, after: unknown, path: string): SettingChange[] {
  if (isSame(before, after)) return []
  if (Array.isArray(before) && Array.isArray(after) && path.endsWith('.stricter')) {
    const missing = (from: unknown[], than: unknown[]) =>
      than.filter((one) => !from.some((other) => isSame(one, other)))
    return [
      ...missing(after, before).map((one) => ({ path, before: one, weaker: false })),
      ...missing(before, after).map((one) => ({ path, after: one, weaker: false })),
    ]
  }
  if (!isRecord(before) || !isRecord(after) || WHOLES.includes(path)) {
    const [was, is] = [before !== undefined && { before }, after !== undefined && { after }]
    return [{ path, ...was, ...is, weaker: false }]
  }
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) =>
    between(before[name], after[name], path ? `${path}.${name}` : name),
  )
}

/** Actions by their names, so that their order is no difference. */
const byAction = ({ actions = [] }: EnvironmentSettings): Record<string, ActionEntry> =>
  Object.fromEntries(actions.map((entry) => [entry.action, entry]))

/** Where both changed the same thing, and differently. */
export interface Clash {
  /** `rpId`, or `actions[order.refund]`. */
  path: string
  base: unknown
  mine: unknown
  theirs: unknown
}

/** Both changes together, and where they clash: there mine stands, until somebody chooses. */
export interface Merged {
  settings: EnvironmentSettings
  clashes: Clash[]
}

/** Of an action that both changed, the three entries with whole rules; of such rules, they themselves. */
function partsOfEntry(
  path: string,
  all: readonly unknown[],
): Record<string, unknown>[] | undefined {
  const { action, base } = /^actions\[(?<action>[^\]]+)\](?<base>\.base)?$/.exec(path)?.groups ?? {}
  if (!action) return undefined
  const [before, ...others] = all
  const known = before === undefined && isBuiltIn(action) ? { action } : before
  const entries = [known, ...others].filter(isRecord)
  if (entries.length < all.length) return undefined
  if (base) return entries
  return entries.map((entry) => ({ ...entry, base: baseRuleOf(entry as ActionEntry) }))
}

/** Puts my changes on top of theirs. `keepTheirs` names the clashes in which theirs shall stand. */
export function merge(
  base: EnvironmentSettings,
  mine: EnvironmentSettings,
  theirs: EnvironmentSettings,
  keepTheirs: ReadonlySet<string> = new Set(),
): Merged {
  const clashes: Clash[] = []
  const together = (all: readonly Record<string, unknown>[], place: (name: string) => string) => {
    const [b = {}, m = {}, t = {}] = all
    const merged: Record<string, unknown> = {}
    for (const name of new Set([...Object.keys(t), ...Object.keys(m)])) {
      const path = place(name)
      if (path === 'actions') continue
      const iChanged = !isSame(b[name], m[name])
      const isClash = iChanged && !isSame(b[name], t[name]) && !isSame(m[name], t[name])
      const parts = isClash && partsOfEntry(path, [b[name], m[name], t[name]])
      if (parts) {
        merged[name] = together(parts, (part) => `${path}.${part}`)
        continue
      }
      if (isClash) clashes.push({ path, base: b[name], mine: m[name], theirs: t[name] })
      const value = iChanged && !(isClash && keepTheirs.has(path)) ? m[name] : t[name]
      if (value !== undefined) merged[name] = value
    }
    return merged
  }
  const settings = together([base, mine, theirs], (name) => name)
  const actions = together([base, mine, theirs].map(byAction), (name) => `actions[${name}]`)
  return {
    settings: { ...settings, actions: Object.values(actions) } as EnvironmentSettings,
    clashes,
  }
}
