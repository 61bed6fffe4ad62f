// Every endpoint: each procedure of the router at each route that serves it, and the routes outside tRPC. New
// procedures of the router are included without being listed.
import type { $ZodType } from 'zod/v4/core'
import { appRouter } from '../../functions/router.ts'
import { cookieOf } from '../support/operators.ts'
import { PUBLIC_URL } from '../support/service.ts'
import { type Call, callOf } from './calls.ts'
import { OPERATOR_ROUTE } from './fixtures.ts'
import { type Context, VALID_CALLS } from './valid-calls.ts'

type Fresh = (context: Context) => Promise<Call>

export interface Endpoint {
  name: string
  /** A call that is good, and not yet made. */
  fresh: Fresh
  input?: $ZodType | undefined
  output?: $ZodType | undefined
  procedure?: string
  /** Whether an accepted call may change what is stored. */
  changes: boolean
  /** Whether operators guard themselves by then. */
  guarded: boolean
  /** Whether any call is accepted there. */
  accepts: boolean
}

interface Definition {
  type: 'query' | 'mutation'
  inputs: $ZodType[]
  output?: $ZodType
}
const procedures = appRouter._def.procedures as unknown as Record<string, { _def: Definition }>

const names = Object.keys(procedures)
/** What operators alone call; everything else is called by users or resources. */
const OPERATORS = /^(environment|subject|operator|stats)\.|^policy\.simulate$/
/** What is served to both, each in a place of their own. */
const BOTH = /^(audit|receipt)\./
/** What resources alone call: operators are users of Countersign, and have no resource. */
const RESOURCES = ['policy.list', 'token.consume', 'action.authorize']

/** Operators have no backend that could vouch for them. */
const NEVER_ACCEPTING = ['unknown paths', 'operator/token.exchange']

const endpointOf = (name: string, fresh: Fresh, more: Partial<Endpoint> = {}): Endpoint => {
  return {
    name,
    fresh,
    changes: false,
    guarded: false,
    accepts: !NEVER_ACCEPTING.includes(name),
    ...more,
  }
}

function procedureAt(name: string, procedure: string, guarded = false): Endpoint {
  const def = procedures[procedure]?._def
  const makeCall = VALID_CALLS[name] ?? VALID_CALLS[procedure]
  if (!def || !makeCall) throw new Error(`valid-calls.ts makes no call of ${name}: add one`)
  const { type, inputs, output } = def
  const more = { procedure, guarded, input: inputs[0], output, changes: type === 'mutation' }
  return endpointOf(name, (context) => makeCall(context, procedure), more)
}

const METADATA = '.well-known/oauth-authorization-server'
const get =
  (pathOf: (environment: string) => string): Fresh =>
  async ({ fixture }) => ({ method: 'GET', path: pathOf(fixture.realm.id), headers: {} })
const PAGES: Record<string, Fresh> = {
  'key set': get((environment) => `/${environment}/.well-known/jwks.json`),
  metadata: get((environment) => `/${environment}/${METADATA}`),
  'metadata by path': get((environment) => `/${METADATA}/${environment}`),
  ...{ health: get(() => '/health'), console: get(() => '/console') },
}

/** The headers by which a page calls after it has signed in. */
const asPage = async ({ fixture }: Context) => {
  const cookie = await cookieOf(fixture.operatorKey)
  return { cookie, origin: PUBLIC_URL, 'countersign-csrf': '1' }
}
const path = '/console/session'
const SESSIONS: Record<string, Fresh> = {
  'sign-in': async ({ fixture: { operatorKey } }) => {
    const headers = { authorization: `Bearer ${operatorKey}`, origin: PUBLIC_URL }
    return { method: 'POST', path, headers }
  },
  'sign-out': async (context) => ({ method: 'DELETE', path, headers: await asPage(context) }),
  'a page with its cookie': async (context) => {
    const call = callOf(OPERATOR_ROUTE, 'operator.self', undefined, {})
    return { ...call, headers: { ...call.headers, ...(await asPage(context)) } }
  },
}

const unknownPath: Fresh = async ({ fixture: { realm }, pick }) => ({
  ...{ method: pick('GET', 'POST', 'PUT'), headers: { 'content-type': 'application/json' } },
  path: pick(
    ...['/', '/favicon.ico', '/.env', '/health/x', '/trpc/x', '/console/../health', '//x'],
    ...[`/${realm.id}`, `/${realm.id}/x`, `/${realm.id}/trpc`, '/%00', '/x'.repeat(300)],
    ...['/operator/.well-known/jwks.json', '/access/trpc/policy.check', '/__proto__/trpc/x.y'],
    ...[`/${realm.id}/trpc/no.such`, `/${realm.id}/trpc/`, `/${realm.id}/v1/no/such`],
  ),
})

/** Changes of operators that are tried once more when a step-up is asked for them. */
const CHANGES = ['environment.update', 'operator.create', 'subject.resetFactors']

/** Every endpoint that is fuzzed. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...names.map((name) => procedureAt(name, name)),
  ...names.filter((name) => BOTH.test(name)).map((name) => procedureAt(`operator/${name}`, name)),
  ...Object.entries(PAGES).map(([name, fresh]) => endpointOf(name, fresh)),
  ...Object.entries(SESSIONS).map(([name, fresh]) => endpointOf(name, fresh, { changes: true })),
  endpointOf('unknown paths', unknownPath),
  ...names
    .filter((name) => !OPERATORS.test(name) && !BOTH.test(name) && !RESOURCES.includes(name))
    .map((name) => procedureAt(`operator/${name}`, name, true)),
  ...CHANGES.map((name) => procedureAt(`guarded ${name}`, name, true)),
]
