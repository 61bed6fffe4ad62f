// Listening to an instance for as long as a component is there.
import { useEffect, useRef } from 'react'
import type { Countersign, CountersignEvents } from '../instance.ts'
import { useCountersign } from './provider.ts'

function useEvent<E extends keyof CountersignEvents>(
  event: E,
  listener: (detail: CountersignEvents[E]) => void,
  given: Countersign | undefined,
): void {
  const instance = useCountersign(given)
  const latest = useRef(listener)
  useEffect(() => {
    latest.current = listener
  })
  useEffect(() => instance.on(event, (detail) => latest.current(detail)), [instance, event])
}

/**
 * Listens for a verified user.
 *
 * @example useOnMfaCompleted(({ method, scopes }) => track('step-up', { method, scopes }))
 */
export const useOnMfaCompleted = (
  listener: (completed: CountersignEvents['mfaCompleted']) => void,
  instance?: Countersign,
): void => useEvent('mfaCompleted', listener, instance)

/**
 * Listens for a verification that failed.
 *
 * @example useOnMfaFailed(({ error }) => track('step-up failed', { reason: error.reason }))
 */
export const useOnMfaFailed = (
  listener: (failed: CountersignEvents['mfaFailed']) => void,
  instance?: Countersign,
): void => useEvent('mfaFailed', listener, instance)

/**
 * Listens for tokens that came or went.
 *
 * @example useOnTokensChanged(() => refreshBadge())
 */
export const useOnTokensChanged = (listener: () => void, instance?: Countersign): void =>
  useEvent('tokensChanged', listener, instance)
