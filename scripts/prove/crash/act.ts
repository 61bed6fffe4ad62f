// One call that changes something, and how it came out: answered, refused, or without an answer because
// the service was killed meanwhile. account.ts uses that.
import { randomUUID } from 'node:crypto'
import { type CountersignErrorData, reasonOf } from '../../../client/index.ts'

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

/** What an answer acknowledges, as far as the account goes on with it. */
export interface Acknowledged {
  /** The id of the factor, token or key that came into being. */
  id?: string
  recoveryCodes?: string[]
  /** Whether the answer repeats an earlier one. */
  replayed?: boolean
}

/** A call, and how the model says it. */
export interface Act<C> {
  kind: Kind
  /** Makes the call; each time the same, with the same idempotency key where it has one. */
  call(): Promise<Acknowledged>
  /** The same call for the model; without an answer its ids are made up by `unheard`. */
  model(heard?: Acknowledged): C
  /** What the crash leaves behind where accepting takes two writes: the first of them alone. */
  half?(): C
  /** Whether it may be made again after it was accepted; the model says how that is answered. */
  again?: boolean
  /** Called where it had happened, but nobody knows what the answer was. */
  onUnheard?(): void
  /** A further use of what was accepted, under another idempotency key each time. */
  asNew?(): Act<C>
}

const UNHEARD = 'unheard-'

/** Makes up an id in the place of one that no answer named. */
export const unheard = (): string => UNHEARD + randomUUID()

/** Whether the history cannot know a name, because it contains a made up id. */
export const isUnheard = (name: string): boolean => name.includes(UNHEARD)

/** How a call came out. */
export type Outcome =
  | { accepted: Acknowledged }
  | { refused: CountersignErrorData }
  /** No answer. */
  | { lost: string }

const ANSWER_WITHIN_MILLISECONDS = 60_000

/** The answer as the model says it. */
export function answerOf(outcome: Exclude<Outcome, { lost: string }>): string {
  if ('refused' in outcome) return outcome.refused.reason
  return outcome.accepted.replayed ? 'ok, replayed' : 'ok'
}

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
