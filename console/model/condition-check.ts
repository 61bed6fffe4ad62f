// Whether the service accepts a condition, asked while it is typed.
import { useQuery } from '@tanstack/react-query'
import { reasonOf } from 'countersign'
import type { ActionEntry } from 'countersign/contract'
import { service } from '../api.ts'
import { useDebounced } from './debounced.ts'
import type { Draft } from './draft.ts'
import { having } from './editing.ts'
import { refusedField } from './problems.ts'

const REST_MILLISECONDS = 400

/** A condition of an action, as it is typed. */
export interface TypedCondition {
  base: Draft['base']
  entry: ActionEntry
  /** Its index in the stricter cases of the action. */
  index: number
  when: string
}

/** Returns what the service finds wrong with a condition, once its text has rested. */
export function useConditionProblem(typed: TypedCondition): string | undefined {
  const { base, entry, index } = typed
  const when = useDebounced(typed.when.trim(), REST_MILLISECONDS)
  const { environment } = base
  const { data } = useQuery({
    queryKey: ['condition', environment, entry.action, entry.detailsSchema, index, when],
    queryFn: () => problemOf({ base, entry, index, when }),
    enabled: when !== '',
    staleTime: 60_000,
    gcTime: 60_000,
    // What was wrong stays until it is known whether it still is.
    placeholderData: (before) => before,
  })
  return typed.when.trim() && data ? data : undefined
}

/** Asks with this condition alone, so that nothing else in the draft can be what is refused. */
async function problemOf({ base, entry, index, when }: TypedCondition): Promise<string | null> {
  const { action, scope, detailsSchema } = entry
  const stricter = [...Array.from({ length: index }, () => ({ when: 'true' })), { when }]
  const alone = having<ActionEntry>({ action, stricter }, { scope, detailsSchema })
  const { environment, settings } = base
  try {
    const asked = { ...settings, actions: [alone] }
    await service.environment.preview.query({ environment, settings: asked })
    return null
  } catch (error) {
    const { place } = reasonOf(error) ?? {}
    if (place?.entry !== index || !(error instanceof Error)) return null
    return refusedField({ message: error.message, place }, [alone])?.problem.text ?? null
  }
}
