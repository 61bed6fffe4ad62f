// The entry point of the Worker: the routes and the object classes. For every request, it applies the limits,
// CORS and headers, and writes one line of log.
import type { Context as HonoContext } from 'hono'
import { cors } from 'hono/cors'
import { Hono } from 'hono/tiny'
import {
  DPOP_HEADER,
  DPOP_NONCE_HEADER,
  EnvironmentId,
  REASONS,
  type Reason,
  TOKEN_HEADER,
} from '../contract/index.ts'
import { OPERATOR_ROUTE } from './callers/identify.ts'
import { type Refusal, Refused, refusal, refuse } from './domain/refusal.ts'
import { flushWhenDue } from './edge/counting.ts'
import { openEnvironment } from './edge/environment.ts'
import { type Bindings, readBindings } from './env.ts'
import { codeNumberOf, metaOf } from './errors.ts'
import { callProcedure, PROBLEM_TYPE, problemOf } from './routes/call-procedure.ts'
import { CONSOLE_ROUTE, servePage, signIn, signOut } from './routes/dashboard.ts'
import { OPENAPI_ROUTE, REFERENCE_FILES, serveDocument, servePageFile } from './routes/files.ts'
import { describeHealth } from './routes/health.ts'
import { describeIssuer } from './routes/metadata.ts'
import { countryOf, pathOf, readBody, WrongContentType } from './routes/request.ts'
import { describeService } from './routes/root.ts'
import { ConfigurationError } from './variables.ts'
import { warmUp } from './warm-up.ts'

export { Counts } from './state/counts.ts'
export { Directory } from './state/directory/directory.ts'
export { Environment } from './state/environment/environment.ts'
export { Subject } from './state/subject/subject.ts'

type App = {
  Bindings: Env
  Variables: { bindings: Bindings; requestId: string; reason?: Reason; fault?: string | undefined }
}
type Ctx = HonoContext<App>

const JSON_TYPE = 'application/json'
/** Paths of the HTTP API, which answers a refusal as problem details. */
const JSON_API = /^\/[^/]+\/v1\//
const KEY_SET_CACHE = 'public, max-age=300'
const app = new Hono<App>()

app.use(async (c, next) => {
  const startedAt = Date.now()
  c.set('requestId', requestIdOf(c.req.header('cf-ray')) ?? crypto.randomUUID())
  await next()
  // `c.header` would create a new response each time.
  const { headers } = c.res
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
  headers.set('x-content-type-options', 'nosniff')
  headers.set('x-request-id', c.get('requestId'))
  log(c, Date.now() - startedAt)
})

app.use(async (c, next) => {
  const bindings = readBindings(c.env)
  c.set('bindings', bindings)
  if (endsWithSlash(c.req.path)) refuse('not_found')
  await next()
  flushWhenDue(bindings, (work) => c.executionCtx.waitUntil(work))
})

app.get('/', (c) => describeService(c.get('bindings'), c.req.raw.headers))

app.get('/health', async (c) => {
  const { healthy, ...body } = await describeHealth(c.get('bindings'))
  return c.json(body, healthy ? 200 : 503)
})

for (const path of [
  '/:environment/.well-known/oauth-authorization-server',
  '/.well-known/oauth-authorization-server/:environment',
]) {
  app.get(path, cors({ origin: '*' }), async (c) => {
    const environment = await openEnvironment(c.get('bindings'), environmentId(c))
    return c.json(describeIssuer(environment), 200, { 'cache-control': KEY_SET_CACHE })
  })
}

app.get('/:environment/.well-known/jwks.json', cors({ origin: '*' }), async (c) => {
  const { keySet } = await openEnvironment(c.get('bindings'), environmentId(c))
  return c.json(keySet, 200, { 'cache-control': KEY_SET_CACHE })
})

app.get('/:environment/receipts/jwks.json', cors({ origin: '*' }), async (c) => {
  const { secrets } = await openEnvironment(c.get('bindings'), environmentId(c))
  return c.json(secrets().receiptKeySet, 200, { 'cache-control': KEY_SET_CACHE })
})

app.post(`${CONSOLE_ROUTE}/session`, (c) => signIn(c.get('bindings'), c.req.raw.headers))
app.delete(`${CONSOLE_ROUTE}/session`, (c) => signOut(c.get('bindings'), c.req.raw.headers))
app.all(`${CONSOLE_ROUTE}/session`, () => refuse('method_unsupported'))
for (const path of [CONSOLE_ROUTE, `${CONSOLE_ROUTE}/*`])
  app.get(path, (c) => servePage(c.get('bindings'), new URL(c.req.url)))

for (const path of REFERENCE_FILES)
  app.get(path, (c) => servePageFile(c.get('bindings'), new URL(c.req.url), path))
app.get(OPENAPI_ROUTE, cors({ origin: '*' }), (c) =>
  serveDocument(c.get('bindings'), new URL(c.req.url)),
)

for (const calls of ['/:environment/trpc/*', '/:environment/v1/*']) {
  const readable = cors({
    origin: (origin, c: Ctx) => readerOf(origin, c),
    allowMethods: ['POST'],
    allowHeaders: ['authorization', 'content-type', TOKEN_HEADER, DPOP_HEADER],
    exposeHeaders: ['www-authenticate', 'retry-after', DPOP_NONCE_HEADER, 'date'],
    maxAge: 600,
  })
  app.use(calls, async (c, next) => {
    // Programs send no `Origin`, and nobody reads the headers.
    if (c.req.header('origin') === undefined) return next()
    const preflight = await readable(c, next)
    if (c.get('reason') === 'origin_not_allowed' && c.req.param('environment') !== OPERATOR_ROUTE)
      c.header('access-control-allow-origin', '*')
    return preflight
  })
}

app.all('/:environment/trpc/*', async (c) => {
  const name = c.req.path.slice(`/${c.req.param('environment')}/trpc/`.length)
  return Response.json({ result: { data: await answer(c, name) } })
})

app.all('/:environment/v1/:noun/:verb', async (c) => {
  const { noun, verb } = c.req.param()
  return Response.json(await answer(c, `${noun}.${verb}`))
})

/** Returns whether an address ends with a slash. The router would take it for the address without the slash. */
const endsWithSlash = (path: string): boolean =>
  path.endsWith('/') &&
  path !== '/' &&
  (!path.startsWith(`${CONSOLE_ROUTE}/`) || path === `${CONSOLE_ROUTE}/session/`)

/** Calls the procedure of a name with the body of the request. */
async function answer(c: Ctx, name: string): Promise<unknown> {
  const route = c.req.param('environment') ?? ''
  if (route !== OPERATOR_ROUTE) environmentId(c)
  const input = await readBody(c.req.raw)
  return callProcedure(name, input, {
    bindings: c.get('bindings'),
    route,
    path: c.req.path,
    headers: c.req.raw.headers,
    country: () => countryOf(c.req.raw),
  })
}

app.notFound((c) => respond(c, refusal('not_found')))

app.onError((error, c) => {
  if (error instanceof WrongContentType) return respond(c, error.refusal, 415)
  if (error instanceof Refused) {
    c.set('fault', faultOf(error))
    return respond(c, error.refusal)
  }
  if (!(error instanceof ConfigurationError)) c.set('fault', error.message)
  const message = error instanceof ConfigurationError ? error.message : REASONS.unavailable.message
  return respond(c, refusal('unavailable', { message }))
})

/**
 * Returns the `Access-Control-Allow-Origin` of a response. A page whose origin is listed can read every
 * response. The preflight of any other page gets `*`, so that the page can send its call and read why it is
 * refused; the route adds `*` to that refusal only. Under `/operator`, only pages of the service can call.
 */
async function readerOf(origin: string, c: Ctx): Promise<string | null> {
  const bindings = readBindings(c.env)
  const route = c.req.param('environment') ?? ''
  if (route === OPERATOR_ROUTE) return origin === bindings.publicUrl ? origin : null
  if (origin === '' || !isEnvironmentId(route)) return null
  const environment = await openEnvironment(bindings, route).catch(() => undefined)
  if (environment?.settings.origins.includes(origin)) return origin
  return environment && c.req.method === 'OPTIONS' ? '*' : null
}

/**
 * Returns whether an application's environment can have an id. Ids that are reserved now are accepted, because
 * an environment may be older than the reservation.
 */
const isEnvironmentId = (id: string): boolean =>
  EnvironmentId.safeParse(id).success && id !== OPERATOR_ROUTE

function environmentId(c: Ctx): string {
  const id = c.req.param('environment') ?? ''
  return isEnvironmentId(id) ? id : refuse('unknown_environment')
}

/** Returns the message of the cause of an `unavailable` refusal, for the log. */
const faultOf = ({ cause }: Refused): string | undefined =>
  cause instanceof Error ? cause.message : undefined

/** Creates the response to a refusal by a route, in the same form as a refusal by a procedure. */
function respond(c: Ctx, refused: Refusal, statusInstead?: number): Response {
  const { message, ...data } = refused
  const { headers, ...meta } = metaOf(refused)
  const status = statusInstead ?? meta.status
  c.set('reason', refused.reason)
  if (JSON_API.test(c.req.path)) {
    const problem = JSON.stringify(problemOf(refused, status))
    return c.body(problem, status as 400, { ...headers, 'content-type': PROBLEM_TYPE })
  }
  const error = { message, code: codeNumberOf(refused.reason), data }
  return c.body(JSON.stringify({ error }), status as 400, {
    ...headers,
    'content-type': JSON_TYPE,
  })
}

/** Returns Cloudflare's id of a request. Ignores any other value, because callers can send the header too. */
const requestIdOf = (ray: string | undefined): string | undefined =>
  ray !== undefined && /^[0-9a-f]{16}(-[A-Z]{3})?$/.test(ray) ? ray : undefined

/** Logs one line of JSON for a request. Paths contain no secrets; headers and bodies are not logged. */
function log(c: Ctx, milliseconds: number): void {
  const reason = c.get('reason')
  const fault = c.get('fault')
  const entry = {
    level: fault ? 'error' : 'info',
    requestId: c.get('requestId'),
    method: c.req.method,
    path: pathOf(c.req.url),
    status: c.res.status,
    ...(reason && { reason }),
    ...(fault && { fault: fault.slice(0, 300) }),
    milliseconds,
  }
  console.log(JSON.stringify(entry))
}

// If the warm-up fails, the first check is slower. Nothing else depends on it.
warmUp().catch(() => {})

export default app
