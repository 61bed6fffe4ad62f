// Identifies the caller of a procedure by the route, the bearer and the page that calls.
import { OPERATOR_KEY_PREFIX, RESOURCE_KEY_PREFIX } from '../domain/names.ts'
import { OPERATOR_ENVIRONMENT } from '../domain/operators.ts'
import { refuse } from '../domain/refusal.ts'
import { openEnvironment } from '../edge/environment.ts'
import type { Bindings } from '../env.ts'
import { type OperatorCaller, verifyOperator } from './operator.ts'
import { bearerOf, checkOrigin } from './request.ts'
import { type ResourceCaller, verifyResource } from './resource.ts'
import { asSubject, type SubjectCaller, verifySubject } from './subject.ts'

/** The first path segment of the operators' calls. No application's environment can have this id. */
export const OPERATOR_ROUTE = OPERATOR_ENVIRONMENT

/** The unverified parts of a call. */
export interface Context {
  bindings: Bindings
  /** The first path segment: an environment's id, or `operator`. */
  route: string
  /** The path of the call, which a DPoP proof must name. */
  path: string
  headers: Headers
  /** Returns the country of the call (ISO 3166-1) from the platform, never from a header. */
  country: () => string | undefined
}

/** A verified caller. */
export type Caller = SubjectCaller | ResourceCaller | OperatorCaller

/**
 * Returns the caller of a request.
 *
 * @param kinds the kinds of caller that the procedure accepts
 * @throws Refused `unauthenticated`, `forbidden` for a caller of another kind, `origin_not_allowed`,
 *   `unknown_environment`
 */
export async function identify<K extends Caller['kind']>(
  context: Context,
  kinds: K[],
): Promise<Extract<Caller, { kind: K }>> {
  const { route, headers } = context
  const bearer = bearerOf(headers)
  const caller =
    route === OPERATOR_ROUTE
      ? await identifyOperator(context, kinds, bearer)
      : await identifyAt(context, kinds, bearer)
  return caller as Extract<Caller, { kind: K }>
}

/** Identifies a user by their session token, or a resource by its key. */
async function identifyAt(
  { bindings, route, headers, country }: Context,
  kinds: Caller['kind'][],
  bearer: string | undefined,
): Promise<Caller> {
  const environment = await openEnvironment(bindings, route)
  checkOrigin(headers, environment.settings.origins, unlisted)
  const shown = bearer ?? refuse('unauthenticated')
  const claimed = claimedKind(shown, kinds)
  if (claimed === 'operator')
    refuse('forbidden', { message: 'Make operator calls under /operator/.' })
  return claimed === 'resource'
    ? verifyResource(environment, shown)
    : { ...(await verifySubject(bindings, environment, shown)), country }
}

/** Identifies an operator. For procedures of users, returns the operator as a user of Countersign itself. */
async function identifyOperator(
  { bindings, headers }: Context,
  kinds: Caller['kind'][],
  bearer: string | undefined,
): Promise<Caller> {
  checkOrigin(headers, [bindings.publicUrl])
  const served = kinds.includes('operator') || kinds.includes('subject')
  if (bearer !== undefined && !(served && kindOf(bearer) === 'operator'))
    refuse('forbidden', { message: 'Make this call under /{environment}/.' })
  const operator = await verifyOperator(bindings, headers, bearer)
  if (kinds.includes('operator')) return operator
  return served ? asSubject(bindings, operator) : refuse('forbidden')
}

/** Any page can read this message, so it contains only what the page knows already. */
const unlisted = (origin: string): string =>
  `This page's origin ${origin.slice(0, 255)} is not in the environment's origins. Add it in the dashboard under Settings.`

function claimedKind(bearer: string, kinds: Caller['kind'][]): Caller['kind'] {
  const claimed = kindOf(bearer)
  if (!kinds.includes(claimed))
    refuse('forbidden', { message: `This call is not for ${CREDENTIALS[claimed]}.` })
  return claimed
}

const CREDENTIALS = {
  subject: 'a session token',
  resource: 'a resource key',
  operator: 'an operator key',
} as const satisfies Record<Caller['kind'], string>

function kindOf(bearer: string): Caller['kind'] {
  if (bearer.startsWith(OPERATOR_KEY_PREFIX)) return 'operator'
  return bearer.startsWith(RESOURCE_KEY_PREFIX) ? 'resource' : 'subject'
}
