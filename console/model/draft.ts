// What an operator has typed and not saved: one draft for each environment, kept while they walk from
// page to page. It remembers the version that it started from, and what a field holds that is no value yet.
import { EnvironmentSettings, type EnvironmentView } from 'countersign/contract'
import { useSyncExternalStore } from 'react'
import { isSame } from './diff.ts'
import { type Problem, problemsOf } from './problems.ts'

export interface Draft {
  /** What it started from. */
  base: EnvironmentView
  settings: EnvironmentSettings
  /** Text of fields that is not what the field asks for, by the field's path. */
  texts: Readonly<Record<string, { text: string; problem: string }>>
  /** A problem that only the service finds; shown until something is edited. */
  refused?: Problem
}

const drafts = new Map<string, Draft>()
const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function put(environment: string, draft: Draft | undefined): void {
  const isClean =
    !draft || (isSame(draft.base.settings, draft.settings) && Object.keys(draft.texts).length === 0)
  if (isClean) drafts.delete(environment)
  else drafts.set(environment, draft)
  for (const listener of listeners) listener()
}

/** Whether anything anywhere would be lost with the page. */
export const hasDrafts = (): boolean => drafts.size > 0

/** The environments that have a draft, in this browser tab; renders again when one comes or goes. */
export function useDrafted(): string[] {
  const names = useSyncExternalStore(subscribe, () => [...drafts.keys()].join(' '))
  return names.split(' ').filter(Boolean)
}

/** Throws every draft away: somebody else sits here now. */
export function dropDrafts(): void {
  drafts.clear()
  for (const listener of listeners) listener()
}

/** A draft, and how it is written. */
export interface Drafting extends Draft {
  isDirty: boolean
  /** Somebody saved another version since this draft was begun. */
  isBehind: boolean
  problems: readonly Problem[]
  edit: (change: (settings: EnvironmentSettings) => EnvironmentSettings) => void
  /** Keeps text that is no value; without it the field holds one again. */
  note: (path: string, text?: { text: string; problem: string }) => void
  /** Shows at its field what the service found wrong. */
  showRefused: (problem: Problem) => void
  discard: () => void
  /** Goes on from a newer version. */
  rebase: (base: EnvironmentView, settings: EnvironmentSettings) => void
}

/** The draft of an environment; `view` is what is in force, as far as this page knows. */
export function useDraft(view: EnvironmentView): Drafting {
  const { environment } = view
  const kept = useSyncExternalStore(subscribe, () => drafts.get(environment))
  const draft = kept ?? { base: view, settings: view.settings, texts: {} }
  const latest = () => drafts.get(environment) ?? draft
  return {
    ...draft,
    isDirty: kept !== undefined,
    isBehind: kept !== undefined && view.version > draft.base.version,
    problems: problemsOf(EnvironmentSettings, draft.settings),
    edit(change) {
      const { refused: _, ...now } = latest()
      put(environment, { ...now, settings: change(now.settings) })
    },
    note(path, text) {
      const now = latest()
      const { [path]: _, ...others } = now.texts
      put(environment, { ...now, texts: text ? { ...others, [path]: text } : others })
    },
    showRefused: (refused) => put(environment, { ...latest(), refused }),
    discard: () => put(environment, undefined),
    rebase: (base, settings) => put(environment, { base, settings, texts: latest().texts }),
  }
}
