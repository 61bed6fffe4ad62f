// Refusals: every reason with its status, and the one form in which they are told (RFC 9457).

/** What a caller can be refused for, beside what the guard says itself. */
export const PROBLEMS = {
  input_invalid: [400, 'The input is not valid'],
  unauthenticated: [401, 'Sign in first'],
  origin_not_allowed: [403, 'Another site may not call this'],
  not_found: [404, 'There is nothing here'],
  method_unsupported: [405, 'This address does not know the method'],
  conflict: [409, 'The wallet is not in a state for this'],
  too_large: [413, 'The body is too large'],
  content_type_unsupported: [415, 'The body must be application/json'],
  unavailable: [503, 'The application cannot answer now'],
} as const satisfies Record<string, readonly [number, string]>

export type ProblemReason = keyof typeof PROBLEMS

/** Thrown where a request is refused; the entry tells it. */
export class Problem extends Error {
  readonly reason: ProblemReason

  constructor(reason: ProblemReason, detail: string) {
    super(detail)
    this.reason = reason
  }
}

/**
 * Refuses a request.
 *
 * @example if (!to) refuse('input_invalid', 'Name somebody.')
 */
export function refuse(reason: ProblemReason, detail: string): never {
  throw new Problem(reason, detail)
}

/** The response of a refusal. */
export function tell({ reason, message }: Problem): Response {
  const [status, title] = PROBLEMS[reason]
  const body = { type: 'about:blank', title, status, detail: message, reason }
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(status === 401 && { 'www-authenticate': 'Bearer error="invalid_token"' }),
    },
  })
}
