// One call that changes something, and how it came out: answered, refused, or without an answer because
// the service was killed meanwhile. What is done with that stands in account.ts.
import { type CountersignErrorData, reasonOf } from '../../../client/index.ts'
import type { Reason } from '../../../contract/index.ts'

/** What is counted apart. */
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

/** What an answer acknowledges. */
export interface Acknowledged {
  /** The things that must stand in the history, by the names that chain.ts gives them. */
  names: string[]
  /** Whether the answer repeats one of before. */
  replayed?: boolean
}

/** A call, and what it means that it was answered. */
export interface Act {
  kind: Kind
  /** Makes the call; each time the same, with the same idempotency key where it has one. */
  call(): Promise<Acknowledged>
  /** Which events the history counts it under, as chain.ts names them. */
  total: string
  /** The refusal that is wanted, where the call is there to be refused. */
  wanted?: Reason
  /** What a repetition is refused with once the call was accepted; without it there is none. */
  again?: Reason
  /** Whether such a repetition is counted as a wrong code. */
  costs?: boolean
  /** Whether accepting takes two writes, so that a crash between them spends without accepting. */
  twoSteps?: boolean
  /** Called where it had happened, but nobody knows what the answer was. */
  unheard?(): void
  /** A use of what was accepted, under another idempotency key each time. */
  otherKey?(): Promise<Acknowledged>
}

/** How a call came out. */
export type Outcome =
  | { accepted: Acknowledged }
  | { refused: CountersignErrorData }
  /** No answer. */
  | { lost: string }

const ANSWER_WITHIN_MILLISECONDS = 60_000

/** Makes a call, and settles with how it came out. */
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
