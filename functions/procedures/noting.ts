// Attempts that fail before the user's object is asked: they are counted in the user's history too.
import { Refused } from '../domain/refusal.ts'
import type { FailedAttempt } from '../state/spending.ts'
import type { SubjectCaller } from '../trpc.ts'

/**
 * Runs what reads an attempt, and counts in the user's history what it refuses. What could not be
 * decided, because something was away, was no attempt.
 *
 * @example await noting(caller, { type: 'step_up.failed', method: 'passkey' }, () => read(carried))
 */
export async function noting<T>(
  { object, who }: SubjectCaller,
  told: Pick<FailedAttempt, 'type' | 'method'>,
  read: () => T | Promise<T>,
): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof Refused && error.refusal.reason !== 'unavailable') {
      await object.noteAttempt({ who, ...told, reason: error.refusal.reason })
    }
    throw error
  }
}
