// What a form of settings needs: the document, how it is changed, and what is wrong at a field. The
// forms are the same for a draft of an environment and for one that does not exist yet.
import { EnvironmentSettings } from 'countersign/contract'
import { useState } from 'react'
import type { Draft, Drafting } from './draft.ts'
import { type Problem, problemAt, problemsOf } from './problems.ts'

export interface Editing {
  settings: EnvironmentSettings
  edit: Drafting['edit']
  texts: Draft['texts']
  note: Drafting['note']
  /** What is wrong at a path; `note` is where text stands that is no value. */
  error: (path: string, note?: string) => string | undefined
}

/** A draft as forms see it: it began valid, so problems are shown at once. */
export const editingOf = (draft: Drafting): Editing => ({
  settings: draft.settings,
  edit: draft.edit,
  texts: draft.texts,
  note: draft.note,
  error: (path, note = path) =>
    draft.texts[note]?.problem ??
    problemAt(draft.refused ? [...draft.problems, draft.refused] : draft.problems, path),
})

/** Settings that are nowhere yet: problems are shown once they were sent. */
export function useNewSettings(initial: EnvironmentSettings) {
  const [settings, setSettings] = useState(initial)
  const [texts, setTexts] = useState<Draft['texts']>({})
  const [wasSent, setSent] = useState(false)
  const problems: readonly Problem[] = problemsOf(EnvironmentSettings, settings)
  const editing: Editing = {
    settings,
    edit: setSettings,
    texts,
    note: (path, text) =>
      setTexts(({ [path]: _, ...others }) => (text ? { ...others, [path]: text } : others)),
    error: (path, note = path) =>
      texts[note]?.problem ?? (wasSent ? problemAt(problems, path) : undefined),
  }
  return {
    editing,
    /** Whether they may go; if not, every problem is shown from now on. */
    send: () => {
      setSent(true)
      return problems.length === 0 && Object.keys(texts).length === 0
    },
  }
}

/** Returns a copy with some members replaced; undefined removes a member. */
export function having<T extends object>(value: T, part: { [K in keyof T]?: T[K] | undefined }): T {
  const next = { ...value, ...part }
  for (const name of Object.keys(part) as (keyof T)[]) {
    if (part[name] === undefined) delete next[name]
  }
  return next
}
