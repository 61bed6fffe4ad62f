// The OpenAPI document (3.1) of the HTTP API: every procedure of the router with the contract's schemas, the callers
// that it accepts, and the words of operations.ts.
import { DPOP_HEADER, NoInput, REASONS, type Reason, TOKEN_HEADER } from '../contract/index.ts'
import { appRouter } from '../functions/router.ts'
import type { ProcedureMeta } from '../functions/trpc.ts'
import { NOUNS, OPERATIONS, type Operation } from './operations.ts'
import { namedSchemas, refTo, type Schema, schemaName } from './schemas.ts'

type Caller = ProcedureMeta['callers'][number]

/** The members of tRPC's definition of a procedure that are read here. */
interface Definition {
  type: 'query' | 'mutation'
  meta: ProcedureMeta
  inputs: unknown[]
  output: unknown
}

/** A procedure at one of its paths. A procedure for users and for operators has two. */
export interface Endpoint extends Operation {
  noun: string
  verb: string
  path: string
  kind: Definition['type']
  callers: Caller[]
  input: string
  output: string
  /** Every reason for which it refuses a call. */
  refusals: Reason[]
}

/** The security scheme of each caller. */
export const SCHEMES = {
  subject: {
    name: 'sessionToken',
    scheme: {
      ...{ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      description:
        'The session token of a user: a JWT that your login signs, with `iss`, `sub`, `exp`, and `aud` or `azp`. To add a first factor it also needs `auth_time`, the time of the sign-in in epoch seconds. `sid` binds elevated tokens to the session. An operator tries a token with `environment/trySession`.',
    },
  },
  resource: {
    name: 'resourceKey',
    scheme: {
      ...{ type: 'http', scheme: 'bearer' },
      description: 'The key of an API. It starts with `csk_res_`.',
    },
  },
  operator: {
    name: 'operatorKey',
    scheme: {
      ...{ type: 'http', scheme: 'bearer' },
      description: 'The key of an operator. It starts with `csk_op_`.',
    },
  },
} as const satisfies Record<Caller, { name: string; scheme: object }>

/** The reasons that every operation has. */
const COMMON: readonly Reason[] = [
  ...(['input_invalid', 'unauthenticated', 'forbidden', 'origin_not_allowed'] as const),
  ...(['too_large', 'unavailable'] as const),
]
const UNSUPPORTED_MEDIA_TYPE = 415

const DESCRIPTION = `Countersign asks a user to prove who they are again, at the moment of a sensitive action.

Every operation is a \`POST\` of JSON, at most 64 KB. Users and APIs call under the id of their environment, operators under \`/operator\`. Operators also enroll factors and step up: they make the calls of users with their operator key, under \`/operator\`.

A refusal is \`application/problem+json\` (RFC 9457) with a \`reason\`.`

/** Returns every operation, in the order of the document. */
export function endpoints(): Endpoint[] {
  const procedures = appRouter._def.procedures as unknown as Record<string, { _def: Definition }>
  return Object.entries<Record<string, Operation>>(OPERATIONS).flatMap(([noun, verbs]) =>
    Object.entries(verbs).flatMap(([verb, operation]) => {
      const def = procedures[`${noun}.${verb}`]?._def
      if (!def) throw new Error(`${noun}.${verb} is no procedure of the router.`)
      const { type: kind, meta, inputs, output } = def
      const types = { kind, input: schemaName(inputs[0]), output: schemaName(output) }
      return [meta.callers.filter((one) => one !== 'operator'), meta.callers.filter(isOperator)]
        .filter((callers) => callers.length > 0)
        .map((callers) => {
          const root = callers.some(isOperator) ? '/operator' : '/{environment}'
          return {
            ...{ ...operation, ...types, noun, verb, callers },
            path: `${root}/v1/${noun}/${verb}`,
            refusals: refusalsOf(operation, root),
          }
        })
    }),
  )
}

const isOperator = (caller: Caller): boolean => caller === 'operator'

function refusalsOf({ reasons }: Operation, root: string): Reason[] {
  const all: Reason[] = [...COMMON, ...reasons]
  if (root !== '/operator') all.push('unknown_environment')
  return (Object.keys(REASONS) as Reason[]).filter((reason) => all.includes(reason))
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

/** A name for clients, such as `environmentCreate`. */
export const operationId = ({ noun, verb, path }: Endpoint): string => {
  const isSecond = path.startsWith('/operator') && ['audit', 'receipt'].includes(noun)
  return `${isSecond ? `operator${capital(noun)}` : noun}${capital(verb)}`
}

/**
 * Returns the document.
 *
 * @param version the version of the package
 */
export function describeApi(version: string) {
  const all = endpoints()
  return {
    openapi: '3.1.0',
    info: {
      title: 'Countersign',
      version,
      summary: 'Step-up authentication at the edge',
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(NOUNS).map(([name, description]) => ({ name, description })),
    paths: Object.fromEntries(all.map((endpoint) => [endpoint.path, { post: describe(endpoint) }])),
    components: {
      schemas: namedSchemas(),
      securitySchemes: Object.fromEntries(
        Object.values(SCHEMES).map(({ name, scheme }) => [name, scheme]),
      ),
      parameters: { environment: ENVIRONMENT },
      headers: HEADERS,
      responses: Object.fromEntries(
        [...SHARED].map(([status, problem]) => [`refused${status}`, problem]),
      ),
    },
  }
}

const ENVIRONMENT = {
  ...{ name: 'environment', in: 'path', required: true },
  ...{ description: 'The id of the environment.', schema: refTo('EnvironmentId') },
}

const HEADERS = {
  retryAfter: {
    ...{ description: 'When to try again, in seconds.', schema: { type: 'integer' } },
  },
  wwwAuthenticate: {
    ...{ description: 'What the call needs (RFC 6750, RFC 9470).', schema: { type: 'string' } },
  },
}

function describe(endpoint: Endpoint) {
  const { noun, summary, description, callers, takes, path, input, output } = endpoint
  return {
    ...{ operationId: operationId(endpoint), tags: [noun], summary, description },
    security: callers.map((caller) => ({ [SCHEMES[caller].name]: [] })),
    parameters: [
      ...(path.includes('{environment}') ? [{ $ref: '#/components/parameters/environment' }] : []),
      ...(takes === undefined ? [] : [tokenHeader(takes)]),
      ...(takesProof(endpoint) ? [PROOF_HEADER] : []),
    ],
    requestBody: {
      required: input !== schemaName(NoInput),
      content: { 'application/json': { schema: refTo(input), example: endpoint.example } },
    },
    responses: {
      200: {
        description: 'The call was accepted.',
        content: { 'application/json': { schema: refTo(output), example: endpoint.answer } },
      },
      ...responsesTo(endpoint.refusals),
    },
  }
}

const tokenHeader = (scope: string) => ({
  ...{ name: TOKEN_HEADER, in: 'header', required: false, schema: refTo('CompactJwt') },
  description: `An elevated token with the scope \`${scope}\`. Needed once the caller has a factor.`,
})

/** A caller sends the proof of its own key in a header; an API passes on the one of its caller in `dpop`. */
const takesProof = ({ refusals, callers }: Endpoint): boolean =>
  refusals.includes('proof_invalid') && !callers.includes('resource')

const PROOF_HEADER = {
  ...{ name: DPOP_HEADER, in: 'header', required: false, schema: refTo('CompactJwt') },
  description:
    'A DPoP proof for this call (RFC 9449). The token that is issued is bound to its key; a bound token needs one of the same key.',
}

/** Describes the refusals, by their status. */
function problemsOf(refusals: readonly Reason[]): Map<number, object> {
  const byStatus = Map.groupBy(refusals, (reason) => REASONS[reason].status)
  const unreadable = [UNSUPPORTED_MEDIA_TYPE, ['input_invalid']] as const
  return new Map(
    [...byStatus, unreadable].map(([status, reasons]) => [status, problemOf(status, reasons)]),
  )
}

function problemOf(status: number, reasons: readonly Reason[]): object {
  const lines = reasons.map((reason) => `- \`${reason}\`: ${REASONS[reason].message}`)
  const only: Schema = { properties: { reason: { enum: [...reasons] } }, required: ['reason'] }
  return {
    description:
      status === UNSUPPORTED_MEDIA_TYPE ? 'The body is not `application/json`.' : lines.join('\n'),
    headers: {
      ...(status === 401 && { 'www-authenticate': headerOf('wwwAuthenticate') }),
      ...([403, 429, 503].includes(status) && { 'retry-after': headerOf('retryAfter') }),
    },
    content: { 'application/problem+json': { schema: { allOf: [refTo('Problem'), only] } } },
  }
}

const headerOf = (name: keyof typeof HEADERS) => ({ $ref: `#/components/headers/${name}` })

/** The refusals that most operations share. */
const SHARED = problemsOf([...COMMON, 'unknown_environment'])

/** Returns the refusals of an operation, where it has the shared ones by reference. */
const responsesTo = (refusals: readonly Reason[]): Record<string, object> =>
  Object.fromEntries(
    [...problemsOf(refusals)].map(([status, problem]) => [
      status,
      JSON.stringify(problem) === JSON.stringify(SHARED.get(status))
        ? { $ref: `#/components/responses/refused${status}` }
        : problem,
    ]),
  )
