// Refusals as callers see them: the message for an invalid input, the status and headers, and the tRPC code.
import type { TRPCError } from '@trpc/server'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import { DPOP_NONCE_HEADER, REASONS, type Reason } from '../contract/index.ts'
import type { Refusal } from './domain/refusal.ts'

/** An issue that a schema found. In a union, each option has issues of its own. */
export interface Issue {
  path: PropertyKey[]
  expected?: string
  keys?: string[]
  errors?: Issue[][]
}

/** Names the field of the first issue that a schema found. Never includes a value, which may be a secret. */
export function describeIssue([first]: readonly Issue[]): Partial<Refusal> {
  if (!first) return {}
  const issue = innermost(first)
  const keys = issue.keys?.map(String).join(', ')
  const what = keys
    ? `has an unknown field (${keys})`
    : issue.expected
      ? `must be ${issue.expected}`
      : 'has the wrong format'
  const where = issue.path.length > 0 ? `\`${issue.path.map(String).join('.')}\`` : 'The input'
  return { message: `${where} ${what}.`.slice(0, 300) }
}

/** Returns the first issue of a union's option with the fewest issues. */
function innermost({ errors = [], ...issue }: Issue): Issue {
  const [nested] = errors.toSorted((a, b) => a.length - b.length)
  const inner = nested?.[0]
  return inner ? innermost({ ...inner, path: [...issue.path, ...inner.path] }) : issue
}

/** Maps the HTTP status of a refusal to the tRPC error code. */
const CODE_OF_STATUS: Record<number, TRPCError['code']> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_SUPPORTED',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  429: 'TOO_MANY_REQUESTS',
  503: 'SERVICE_UNAVAILABLE',
}

/** Returns the `error.code` of a refusal, which a typed client needs to read the other members. */
export const codeNumberOf = (reason: Reason): number =>
  TRPC_ERROR_CODES_BY_KEY[CODE_OF_STATUS[REASONS[reason].status] ?? 'INTERNAL_SERVER_ERROR']

/**
 * Returns the status and headers of a refusal (RFC 9110, sections 10.2.3 and 15.5.6; RFC 6750, section 3;
 * RFC 9449, section 8).
 */
export function metaOf({ reason, retryAfterSeconds, dpopNonce }: Refusal) {
  const { status } = REASONS[reason]
  return {
    status,
    headers: {
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
      ...(dpopNonce !== undefined && { [DPOP_NONCE_HEADER]: dpopNonce }),
      ...(status === 405 && { allow: 'POST' }),
      ...(status === 401 && {
        'www-authenticate':
          reason === 'step_up_required'
            ? 'Bearer error="insufficient_user_authentication"'
            : 'Bearer error="invalid_token"',
      }),
    },
  }
}
