// Refusals of the guard: the reasons it gives, and each as an HTTP answer (RFC 6750, section 3; RFC
// 9470, section 3; RFC 9457). Whether to refuse is not decided here.
import { ACRS, acrReaches } from '../../contract/assurance.ts'
import type { Reason, Requirement } from '../../contract/index.ts'

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
  step_up_required: ['challenge', 'A fresh proof of who you are is needed: step up, then retry.'],
  enrollment_required: ['challenge', 'There is no factor to verify with: enroll one, then retry.'],
  token_expired: ['challenge', 'The token has expired: step up again.'],
  token_used: ['challenge', 'The token was used already: step up again.'],
  token_revoked: ['challenge', 'The token was revoked: step up again.'],
  details_mismatch: ['challenge', 'The token is bound to other details: step up for these.'],
  scope_not_allowed: ['challenge', 'The token is for another action: step up for this one.'],
  token_invalid: ['invalid', 'The token is not valid here.'],
  unauthenticated: ['anonymous', 'Nobody is signed in: sign in, then retry.'],
  denied: ['denied', 'The rule denies this action.'],
  unknown_action: ['denied', 'There is no such action for this resource.'],
  input_invalid: ['input', 'The request cannot be checked.'],
  details_required: ['unavailable', 'This resource sent no details.'],
  unavailable: ['unavailable', 'The action cannot be checked now: try again.'],
}
const UNAVAILABLE: [kind: Kind, title: string] = [
  'unavailable',
  'The action cannot be checked now.',
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

/** Whether a step-up, rather than a sign-in or a developer, mends a refusal. */
export const isChallenge = (reason: Reason): boolean => ANSWERS[reason]?.[0] === 'challenge'

/** Whether a refusal by Countersign is about the guarded call. All others are about the guard's own setup. */
export const isAboutCall = (reason: string): reason is Reason =>
  Object.hasOwn(ANSWERS, reason) && reason !== 'unauthenticated' && reason !== 'unavailable'

/**
 * The answer to a caller who is refused. Nothing of it may be kept (`no-store`).
 *
 * @example answerTo('token_used', { requirement }) // 401, insufficient_user_authentication
 */
export function answerTo(reason: Reason, members: RefusalMembers): Response {
  const [kind, title] = ANSWERS[reason] ?? UNAVAILABLE
  const { requirement, detail = title } = members
  const status = STATUS[kind] ?? 401
  const retryAfterSeconds =
    members.retryAfterSeconds ?? (status === 503 ? RETRY_AFTER_SECONDS : undefined)
  const challenge = challengeOf(kind, title, requirement)
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

function challengeOf(kind: Kind, title: string, requirement: Requirement | undefined) {
  if (kind === 'anonymous') return 'Bearer'
  if (kind === 'invalid')
    return `Bearer error="invalid_token", error_description="${printable(title)}"`
  if (kind !== 'challenge') return undefined
  const parameters = {
    error: 'insufficient_user_authentication',
    error_description: title,
    ...(requirement && {
      acr_values: ACRS.filter((acr) => acrReaches(acr, requirement.acr)).join(' '),
      max_age: `${requirement.freshnessSeconds}`,
      scope: requirement.scope,
    }),
  }
  const written = Object.entries(parameters).map(([name, value]) => `${name}="${printable(value)}"`)
  return `Bearer ${written.join(', ')}`
}

/** Removes characters that a parameter of the header may not contain (RFC 6750, section 3). */
const printable = (text: string): string => text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '')
