// tRPC: the context of a call, who makes it, and how a refusal is told. Procedures start from
// `calledBy(…)`, so that none can be written without saying who may call it.
import { initTRPC, TRPCError } from '@trpc/server'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import { REASONS, type Reason, type Requirement } from '../contract/index.ts'
import {
  asSubject,
  bearerOf,
  checkOrigin,
  type OperatorCaller,
  verifyOperator,
} from './callers/operator.ts'
import { fromBase64Url, sameBytes } from './domain/bytes.ts'
import { hashKey, OPERATOR_KEY_PREFIX, RESOURCE_KEY_PREFIX } from './domain/names.ts'
import { OPERATOR_ENVIRONMENT } from './domain/operators.ts'
import { type Refusal, Refused, refusal, refuse } from './domain/refusal.ts'
import type { Session } from './domain/tokens/session.ts'
import { type LiveEnvironment, openEnvironment } from './edge/environment.ts'
import { type SubjectObject, subjectObject } from './edge/objects.ts'
import { authenticate } from './edge/sessions.ts'
import type { Bindings } from './env.ts'
import type { Who } from './state/subject/ledger.ts'

/** The first segment of the operators' route; no other environment may be named so. */
export const OPERATOR_ROUTE = OPERATOR_ENVIRONMENT

/** What a call comes with, before anything of it is believed. */
export interface Context {
  bindings: Bindings
  /** The first segment of the address: an environment's id, or `operator`. */
  route: string
  headers: Headers
  /** Where the call comes from (ISO 3166-1), as the platform says: never what a header says. */
  country?: string | undefined
}

/** A verified caller. */
export type Caller = SubjectCaller | ResourceCaller | OperatorCaller
export interface SubjectCaller {
  kind: 'subject'
  environment: LiveEnvironment
  session: Session
  who: Who
  object: SubjectObject
  country?: string | undefined
}
export interface ResourceCaller {
  kind: 'resource'
  environment: LiveEnvironment
  keyId: string
  audience: string
}
/** `error.data` of every refusal, as the typed client sees it. */
export interface ErrorData {
  reason: Reason
  retryAfterSeconds?: number
  attemptsLeft?: number
  requirement?: Requirement
}

const t = initTRPC.context<Context>().create({
  errorFormatter: ({ shape, error }) => {
    const { message, ...data } = refusalOf(error)
    return { message, code: shape.code, data: data satisfies ErrorData as ErrorData }
  },
})

export const { router } = t

/** What is told of an error: a refusal as it is, a fault of tRPC's in our words, a bug as `unavailable`. */
export function refusalOf(error: TRPCError): Refusal {
  if (error.cause instanceof Refused) return error.cause.refusal
  const reason = FRAMEWORK_REASONS[error.code]
  return reason ? refusal(reason, describeIssue(error.cause)) : refusal('unavailable')
}

const FRAMEWORK_REASONS: Partial<Record<TRPCError['code'], Reason>> = {
  PARSE_ERROR: 'input_invalid',
  BAD_REQUEST: 'input_invalid',
  UNSUPPORTED_MEDIA_TYPE: 'input_invalid',
  NOT_FOUND: 'not_found',
  METHOD_NOT_SUPPORTED: 'method_unsupported',
  PAYLOAD_TOO_LARGE: 'too_large',
}

/** Names the place of the first fault that a schema found; never a value, which may be a secret. */
function describeIssue(cause: unknown): Partial<Refusal> {
  const issue = firstIssue(cause)
  if (!issue) return {}
  const keys = issue.keys?.map(String).join(', ')
  const what = keys
    ? `has an unknown field (${keys})`
    : issue.expected
      ? `must be ${issue.expected}`
      : 'has the wrong format'
  const where = issue.path.length > 0 ? `\`${issue.path.map(String).join('.')}\`` : 'The input'
  return { message: `${where} ${what}.`.slice(0, 300) }
}

interface Issue {
  path: PropertyKey[]
  expected?: string
  keys?: string[]
  errors?: Issue[][]
}

function firstIssue(cause: unknown): Issue | undefined {
  if (
    typeof cause !== 'object' ||
    cause === null ||
    !('issues' in cause) ||
    !Array.isArray(cause.issues)
  )
    return undefined
  let issue: Issue | undefined = cause.issues[0]
  // Of a union, the member that got furthest tells most.
  while (issue?.errors?.length) {
    const path: PropertyKey[] = issue.path
    const [nested] = issue.errors.toSorted((a, b) => a.length - b.length)
    const inner: Issue | undefined = nested?.[0]
    if (!inner) break
    issue = { ...inner, path: [...path, ...inner.path] }
  }
  return issue
}

/** The HTTP status of a refusal to tRPC's name for it. */
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

const codeOf = (reason: Reason): TRPCError['code'] =>
  CODE_OF_STATUS[REASONS[reason].status] ?? 'INTERNAL_SERVER_ERROR'

/** `error.code` of a refusal: without it a typed client does not read the rest. */
export const codeNumberOf = (reason: Reason): number => TRPC_ERROR_CODES_BY_KEY[codeOf(reason)]

const refusing = t.procedure.use(async ({ next }) => {
  const result = await next()
  if (!result.ok && result.error.cause instanceof Refused) {
    const { reason, message } = result.error.cause.refusal
    throw new TRPCError({ code: codeOf(reason), message, cause: result.error.cause })
  }
  return result
})

/**
 * A procedure for some kinds of caller. Its `ctx.caller` is one of them, verified.
 *
 * @example calledBy('subject').input(NoInput).query(({ ctx: { caller } }) => caller.object.list({ who: caller.who }))
 */
export const calledBy = <K extends Caller['kind']>(...kinds: K[]) =>
  refusing.use(async ({ ctx, next }) => {
    const caller = await identify(ctx, kinds)
    return next({ ctx: { ...ctx, caller } })
  })

async function identify<K extends Caller['kind']>(
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

/** At an environment: a user by their session, or a resource by its key. */
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
    refuse('forbidden', { message: 'Make operator calls under /operator/trpc.' })
  return claimed === 'resource'
    ? verifyResource(environment, shown)
    : { ...(await verifySubject(bindings, environment, shown)), country }
}

/** At the operators' route: an operator, and for what users do, the user that this operator is there. */
async function identifyOperator(
  { bindings, headers }: Context,
  kinds: Caller['kind'][],
  bearer: string | undefined,
): Promise<Caller> {
  checkOrigin(headers, [bindings.publicUrl])
  const served = kinds.includes('operator') || kinds.includes('subject')
  if (bearer !== undefined && !(served && kindOf(bearer) === 'operator'))
    refuse('forbidden', { message: 'Make this call under /{environment}/trpc.' })
  const operator = await verifyOperator(bindings, headers, bearer)
  if (kinds.includes('operator')) return operator
  return served ? asSubject(bindings, operator) : refuse('forbidden')
}

/** Any page may read this one, so it holds nothing but what the page knows. */
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

function verifyResource(environment: LiveEnvironment, bearer: string): ResourceCaller {
  const presented = fromBase64Url(hashKey(bearer)) ?? new Uint8Array()
  const known = environment
    .secrets()
    .resourceKeys.find(({ hash }) => sameBytes(fromBase64Url(hash) ?? new Uint8Array(), presented))
  if (!known)
    refuse('unauthenticated', { message: 'This resource key is not known in this environment.' })
  return { kind: 'resource', environment, keyId: known.id, audience: known.audience }
}

async function verifySubject(
  bindings: Bindings,
  environment: LiveEnvironment,
  bearer: string,
): Promise<SubjectCaller> {
  const session = await authenticate(environment, bindings.publicUrl, bearer)
  return {
    kind: 'subject',
    environment,
    session,
    who: whoIs(environment, session.subject),
    object: subjectObject(bindings, environment.id, session.subject),
  }
}

/** Identifies a user to their Subject object, with the settings that hold for every call. */
export const whoIs = ({ id, epoch, settings }: LiveEnvironment, subject: string): Who => ({
  environment: id,
  subject,
  epoch,
  keepDays: settings.history.keepDays,
  rpId: settings.rpId,
})
