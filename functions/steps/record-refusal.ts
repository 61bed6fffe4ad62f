// Counts refusals in the user's history that happen outside of the user's object.
import type { Reason } from '../../contract/index.ts'
import type { SubjectCaller } from '../callers/subject.ts'
import { Refused } from '../domain/refusal.ts'
import type { FailedAttempt } from '../edge/objects.ts'

/**
 * Runs a function and records its refusal in the user's history before it is thrown on. `unavailable` is not
 * recorded, because nothing was decided.
 *
 * @param note records the reason in the user's object
 * @example await noting(() => checkUse(token, use, terms), (reason) => object.noteRefusal({ …, reason }))
 */
export async function noting<T>(
  run: () => T | Promise<T>,
  note: (reason: Reason) => Promise<unknown>,
): Promise<T> {
  try {
    return await run()
  } catch (error) {
    const reason = error instanceof Refused ? error.refusal.reason : 'unavailable'
    if (reason !== 'unavailable') await note(reason)
    throw error
  }
}

/** Notes an attempt of a caller that failed before their object had anything to check. */
export const noteFailure = (
  { object, who }: SubjectCaller,
  failed: FailedAttempt,
): Promise<unknown> => object.noteAttempt({ who, ...failed })
