// Differences between two settings documents, and how two operators' changes come together: by
// top-level member, and by action within `actions`.
import type { ActionEntry, EnvironmentSettings, SettingChange } from 'countersign/contract'

/** Whether two values are the same JSON, whatever the order of their members. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return false
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const [a, b] = [one as Record<string, unknown>, other as Record<string, unknown>]
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].every((name) => isSame(a[name], b[name]))
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Every difference, with its path as the service writes it. Says nothing of what is weaker. */
export function differences(before: unknown, after: unknown, path = ''): SettingChange[] {
  if (isSame(before, after)) return []
  const [one, other] = [byAction(before, path), byAction(after, path)]
  if (!isRecord(one) || !isRecord(other)) {
    return [
      {
        path,
        ...(before !== undefined && { before }),
        ...(after !== undefined && { after }),
        weaker: false,
      },
    ]
  }
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])]
  return names.flatMap((name) =>
    differences(
      one[name],
      other[name],
      path === 'actions' ? `actions[${name}]` : path ? `${path}.${name}` : name,
    ),
  )
}

/** Actions by their names, so that their order is no difference. */
function byAction(value: unknown, path: string): unknown {
  if (path !== 'actions') return value
  const entries = (value ?? []) as ActionEntry[]
  return Object.fromEntries(entries.map((entry) => [entry.action, entry]))
}

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
      if (isClash) clashes.push({ path, base: b[name], mine: m[name], theirs: t[name] })
      const value = iChanged && !(isClash && keepTheirs.has(path)) ? m[name] : t[name]
      if (value !== undefined) merged[name] = value
    }
    return merged
  }
  const settings = together([base, mine, theirs], (name) => name)
  const actions = together(
    [base, mine, theirs].map((one) => byAction(one.actions, 'actions') as Record<string, unknown>),
    (name) => `actions[${name}]`,
  )
  return {
    settings: { ...settings, actions: Object.values(actions) } as EnvironmentSettings,
    clashes,
  }
}
