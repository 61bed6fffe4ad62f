// An expected failure: the one error that rules, objects and procedures throw on purpose.
import { REASONS, type Reason, type Requirement, type SettingsPlace } from '../../contract/index.ts'

/** Why something was refused, and what the caller may learn about it. */
export interface Refusal {
  reason: Reason
  message: string
  retryAfterSeconds?: number
  attemptsLeft?: number
  requirement?: Requirement
  place?: SettingsPlace
  /** The challenge for the caller of an API that was refused an action. */
  wwwAuthenticate?: string
}

/** What an object answers: the value, or why not. Errors do not cross between objects. */
export type Answer<T> = T | { refused: Refusal }

/** Carries a refusal up to the procedure, or out of a transaction, which it rolls back. */
export class Refused extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(refusal.message, options)
    this.name = 'Refused'
    this.refusal = refusal
  }
}

/** The default number of seconds after which to try again when something was away. */
const RETRY_SECONDS = 1

/**
 * A refusal as a value, for the failures that are recorded rather than rolled back.
 *
 * @example return { refused: refusal('invalid_code', { attemptsLeft: 3 }) }
 */
export const refusal = (reason: Reason, more: Partial<Refusal> = {}): Refusal => ({
  message: REASONS[reason].message,
  ...(reason === 'unavailable' && { retryAfterSeconds: RETRY_SECONDS }),
  ...more,
  reason,
})

/**
 * Ends a call with a reason.
 *
 * @param more a better sentence than the table's, or what the client needs to go on
 * @example if (!action) refuse('unknown_action')
 */
export function refuse(reason: Reason, more?: Partial<Refusal>): never {
  throw new Refused(refusal(reason, more))
}

/**
 * The value of an object's answer, or its refusal thrown.
 *
 * @example const { proof } = unwrap(await subject.stepUpTotp(call))
 */
export function unwrap<T extends object>(answer: Answer<T>): T {
  if ('refused' in answer) throw new Refused(answer.refused)
  return answer
}

/**
 * Runs what may refuse and gives its refusal as a value; any other error stays one.
 *
 * @example return answering(() => storage.transactionSync(run))
 */
export function answering<T extends object>(run: () => Answer<T>): Answer<T> {
  try {
    return run()
  } catch (error) {
    return refusedBy(error)
  }
}

/** Does the same for an asynchronous function. */
export async function answeringLater<T extends object>(
  run: () => Promise<Answer<T>>,
): Promise<Answer<T>> {
  try {
    return await run()
  } catch (error) {
    return refusedBy(error)
  }
}

function refusedBy(error: unknown): { refused: Refusal } {
  if (error instanceof Refused) return { refused: error.refusal }
  throw error
}
