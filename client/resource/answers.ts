// Refusals of the guard: the reasons it gives, and each as an HTTP answer (RFC 6750, section 3; RFC
// 9470, section 3; RFC 9457). Whether to refuse is not decided here.
import type { Reason, Requirement } from '../../contract/index.ts'
import { CHALLENGES, challengeOf, isChallenge, printable } from '../../contract/shared/challenge.ts'

const PROBLEM_TYPE = 'urn:countersign:reason:'
export const RETRY_AFTER_SECONDS = 2

/** `challenge`: a step-up mends it. `invalid`: the token is not for here. The others say it themselves. */
type Kind = 'challenge' | 'invalid' | 'anonymous' | 'denied' | 'input' | 'unavailable'

/** The status of each kind; of the others it is 401. */
const STATUS: Partial<Record<Kind, number>> = {
  denied: 403,
  input: 400,
  unavailable: 503,
}

const ANSWERS: Partial<Record<Reason, [kind: Kind, title: string]>> = {
  token_invalid: ['invalid', 'The token is not valid here.'],
  unauthenticated: ['anonymous', 'Sign in, then retry.'],
  denied: ['denied', 'The rule denies this action.'],
  unknown_action: ['denied', 'This resource has no such action.'],
  input_invalid: ['input', 'The request cannot be checked.'],
  details_required: ['unavailable', 'This resource sent no details.'],
}
const UNAVAILABLE: [kind: Kind, title: string] = [
  'unavailable',
  'The action cannot be checked now: try again.',
]

/** What is known of a refusal beside its reason. */
export interface RefusalMembers {
  /** A better sentence than the table's. It goes to the caller: no secret, no value of theirs. */
  detail?: string | undefined
  requirement?: Requirement | undefined
  retryAfterSeconds?: number | undefined
  cause?: unknown
}

/** Carries a refusal up to `check`, the only place that catches it. */
export class GuardRefusal extends Error {
  readonly reason: Reason
  readonly members: RefusalMembers
  constructor(reason: Reason, members: RefusalMembers) {
    super(members.detail ?? reason, { cause: members.cause })
    this.reason = reason
    this.members = members
  }
}

/** Ends a check with a reason. */
export function refuse(reason: Reason, members: RefusalMembers = {}): never {
  throw new GuardRefusal(reason, members)
}

/**
 * Ends a check that cannot be made.
 *
 * @param detail for the developer: what to look at
 */
export const unavailable = (detail?: string, cause?: unknown): never =>
  refuse('unavailable', { detail, cause })

/** Whether a refusal by Countersign is about the guarded call. All others are about the guard's own setup. */
export const isAboutCall = (reason: string): reason is Reason =>
  reason !== 'unauthenticated' && (Object.hasOwn(ANSWERS, reason) || isChallenge(reason))

/**
 * The answer to a caller who is refused. Nothing of it may be kept (`no-store`).
 *
 * @example answerTo('token_used', { requirement }) // 401, insufficient_user_authentication
 */
export function answerTo(reason: Reason, members: RefusalMembers): Response {
  const [kind, title] = isChallenge(reason)
    ? (['challenge', CHALLENGES[reason]] as const)
    : (ANSWERS[reason] ?? UNAVAILABLE)
  const { requirement, detail = title } = members
  const status = STATUS[kind] ?? 401
  const retryAfterSeconds =
    members.retryAfterSeconds ?? (status === 503 ? RETRY_AFTER_SECONDS : undefined)
  const challenge = headerOf(kind, title, requirement)
  const type = PROBLEM_TYPE + reason
  // JSON leaves out members that are undefined.
  const problem = { type, title, status, detail, reason, requirement, retryAfterSeconds }
  return new Response(JSON.stringify(problem), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(challenge && { 'www-authenticate': challenge }),
      ...(retryAfterSeconds !== undefined && { 'retry-after': `${retryAfterSeconds}` }),
    },
  })
}

function headerOf(kind: Kind, title: string, requirement: Requirement | undefined) {
  if (kind === 'anonymous') return 'Bearer'
  if (kind === 'challenge') return challengeOf(title, requirement)
  return kind === 'invalid'
    ? `Bearer error="invalid_token", error_description="${printable(title)}"`
    : undefined
}
