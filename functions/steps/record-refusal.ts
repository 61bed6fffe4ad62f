// Records refusals that the Worker decides in the user's history.
import type { Reason } from '../../contract/index.ts'
import type { SubjectCaller } from '../callers/subject.ts'
import { Refused } from '../domain/refusal.ts'
import type { FailedAttempt } from '../edge/objects.ts'

/**
 * Runs a function. Records its refusal and throws it again. Does not record `unavailable`, because then nothing
 * was decided.
 *
 * @param record records the reason in the history
 * @example await recordRefusal(() => checkUse(token, use, terms), (reason) => object.noteRefusal({ …, reason }))
 */
export async function recordRefusal<T>(
  run: () => T | Promise<T>,
  record: (reason: Reason) => Promise<unknown>,
): Promise<T> {
  try {
    return await run()
  } catch (error) {
    const reason = error instanceof Refused ? error.refusal.reason : 'unavailable'
    if (reason !== 'unavailable') await record(reason)
    throw error
  }
}

/** Records a failed attempt of a caller that their object did not check. */
export const recordFailedAttempt = (
  { object, who }: SubjectCaller,
  failed: FailedAttempt,
): Promise<unknown> => object.noteAttempt({ who, ...failed })
