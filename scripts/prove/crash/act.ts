// A call that changes something, and its outcome: accepted, refused, or without an answer because the service was
// killed.
import { randomUUID } from 'node:crypto'
import { type CountersignErrorData, reasonOf } from '../../../client/index.ts'

/** The kinds of calls, each with its own counts. */
export const KINDS = [
  'enrollment',
  'confirmation',
  'wrong code',
  'TOTP step',
  'recovery code',
  'passkey challenge',
  'signature count',
  'assertion',
  'consumption',
  'resource key',
] as const
export type Kind = (typeof KINDS)[number]

/** The parts of an answer that the account needs. */
export interface Acknowledged {
  /** The id of the new factor, token or key. */
  id?: string
  recoveryCodes?: string[]
  /** True if the answer repeats an earlier one. */
  replayed?: boolean
}

/** A call, and the same call for the model. */
export interface Act<C> {
  kind: Kind
  /** Makes the call. Each time it is the same call with the same idempotency key, if any. */
  call(): Promise<Acknowledged>
  /** Returns the call for the model. Without an answer, `unheard` invents its ids. */
  model(heard?: Acknowledged): C
  /** If the call needs two writes, returns the first write alone, which a crash can leave. */
  half?(): C
  /** True if the call can be repeated after it was accepted. */
  again?: boolean
  /** Called if the call happened but its answer was lost. */
  onUnheard?(): void
  /** Returns the same call with another idempotency key. */
  asNew?(): Act<C>
}

const UNHEARD = 'unheard-'

/** Invents an id for one whose answer was lost. */
export const unheard = (): string => UNHEARD + randomUUID()

/** Returns whether a name contains an invented id, which the history cannot contain. */
export const isUnheard = (name: string): boolean => name.includes(UNHEARD)

/** The outcome of a call. */
export type Outcome =
  | { accepted: Acknowledged }
  | { refused: CountersignErrorData }
  /** There was no answer. */
  | { lost: string }

const ANSWER_WITHIN_MILLISECONDS = 60_000

/** Returns the answer in the form of the model. */
export function answerOf(outcome: Exclude<Outcome, { lost: string }>): string {
  if ('refused' in outcome) return outcome.refused.reason
  return outcome.accepted.replayed ? 'ok, replayed' : 'ok'
}

/** Makes a call, and returns its outcome. */
export async function tried(call: () => Promise<Acknowledged>): Promise<Outcome> {
  const { promise, reject } = Promise.withResolvers<never>()
  const late = setTimeout(() => reject(new Error('too late')), ANSWER_WITHIN_MILLISECONDS)
  try {
    return { accepted: await Promise.race([call(), promise]) }
  } catch (error) {
    const refused = reasonOf(error)
    return refused ? { refused } : { lost: String(error instanceof Error ? error.message : error) }
  } finally {
    clearTimeout(late)
  }
}
