// Refusals: the expected failures of rules, objects and procedures, as an error and as a value.
import { REASONS, type Reason, type Requirement, type SettingsPlace } from '../../contract/index.ts'

/** The reason why a call was refused, and the other members that the caller gets. */
export interface Refusal {
  reason: Reason
  message: string
  retryAfterSeconds?: number
  attemptsLeft?: number
  requirement?: Requirement
  place?: SettingsPlace
  /** The nonce for the next DPoP proof. */
  dpopNonce?: string
  /** The challenge for the caller of an API that was refused an action. */
  wwwAuthenticate?: string
}

/** The result of an object's method: a value or a refusal. A thrown error would lose its members on the way. */
export type Answer<T> = T | { refused: Refusal }

/** The error that carries a refusal to the procedure. Thrown in a transaction, it rolls the transaction back. */
export class Refused extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(refusal.message, options)
    this.name = 'Refused'
    this.refusal = refusal
  }
}

/** The default `retryAfterSeconds` of `unavailable`. */
const RETRY_SECONDS = 1

/**
 * Creates a refusal as a value, for failures that are recorded and not rolled back.
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
 * Refuses a call with a reason.
 *
 * @param more replaces the default message, or adds data that the client needs
 * @example if (!action) refuse('unknown_action')
 */
export function refuse(reason: Reason, more?: Partial<Refusal>): never {
  throw new Refused(refusal(reason, more))
}

/**
 * Returns the value of an answer, or throws its refusal.
 *
 * @example const { proof } = unwrap(await subject.stepUpTotp(call))
 */
export function unwrap<T extends object>(answer: Answer<T>): T {
  if ('refused' in answer) throw new Refused(answer.refused)
  return answer
}

/**
 * Runs a function, and returns a thrown refusal as a value. Throws any other error again.
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

/** Does the same as `answering` for an asynchronous function. */
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
