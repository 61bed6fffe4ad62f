// Turns refusals of the guard into HTTP responses (RFC 6750, section 3; RFC 9470, section 3; RFC 9457).
import type { Reason, Requirement } from '../../contract/index.ts'
import { CHALLENGES, challengeOf, isChallenge, printable } from '../../contract/shared/challenge.ts'

export const PROBLEM_TYPE = 'urn:countersign:reason:'
export const RETRY_AFTER_SECONDS = 2

type Answer = readonly [status: number, title: string]

/** The answers to refusals that no step-up resolves. */
const ANSWERS: Partial<Record<Reason, Answer>> = {
  token_invalid: [401, 'The token is not valid here.'],
  unauthenticated: [401, 'Sign in, then retry.'],
  denied: [403, 'The rule denies this action.'],
  unknown_action: [403, 'This resource has no such action.'],
  input_invalid: [400, 'The request cannot be checked.'],
  details_required: [503, 'The guard of this action needs `details`.'],
}
const UNAVAILABLE: Answer = [503, 'The action cannot be checked now: try again.']

/** The members of a refusal besides its reason. */
export interface RefusalMembers {
  /** Replaces the sentence of the table. The caller sees it, so it holds no secret and none of their values. */
  detail?: string | undefined
  requirement?: Requirement | undefined
  retryAfterSeconds?: number | undefined
  cause?: unknown
  /** Replaces the response of the table. */
  response?: Response | undefined
}

/** The error that carries a refusal to `check`, which catches it. */
export class GuardRefusal extends Error {
  readonly reason: Reason
  readonly members: RefusalMembers
  constructor(reason: Reason, members: RefusalMembers) {
    super(members.detail ?? reason, { cause: members.cause })
    this.reason = reason
    this.members = members
  }
}

/** Refuses the call with a reason. */
export function refuse(reason: Reason, members: RefusalMembers = {}): never {
  throw new GuardRefusal(reason, members)
}

/**
 * Refuses a call that cannot be checked.
 *
 * @param detail tells the developer what is wrong
 * @param cause what the application logs
 */
export const unavailable = (detail: string, cause: unknown = new Error(detail)): never =>
  refuse('unavailable', { detail, cause })

/** Returns whether a refusal by Countersign concerns the guarded call, not the configuration of the guard. */
export const isAboutCall = (reason: string): reason is Reason =>
  reason !== 'unauthenticated' && (Object.hasOwn(ANSWERS, reason) || isChallenge(reason))

/**
 * Creates the response to a refused caller. It must not be cached (`no-store`).
 *
 * @example answerTo('token_used', { requirement }) // 401, insufficient_user_authentication
 */
export function answerTo(reason: Reason, members: RefusalMembers): Response {
  const [status, title]: Answer = isChallenge(reason)
    ? [401, CHALLENGES[reason]]
    : (ANSWERS[reason] ?? UNAVAILABLE)
  const { requirement, detail = title } = members
  const retryAfterSeconds =
    members.retryAfterSeconds ?? (status === 503 ? RETRY_AFTER_SECONDS : undefined)
  const challenge = headerOf(reason, title, requirement)
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

function headerOf(reason: Reason, title: string, requirement: Requirement | undefined) {
  if (reason === 'unauthenticated') return 'Bearer'
  if (isChallenge(reason)) return challengeOf(title, requirement)
  return reason === 'token_invalid'
    ? `Bearer error="invalid_token", error_description="${printable(title)}"`
    : undefined
}
