// What the compiler must know of the guard: that it fits real Hono and real Express, whose types the
// package does not import. It is checked with all other types.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Express, Request as ExpressRequest } from 'express'
import { type Context, Hono } from 'hono'
import type { Guard, GuardOptions, StepUpRule, Verdict } from '../../client/resource.ts'

export function inHono(guard: Guard): Hono {
  const app = new Hono()
  app.use('/wallet/*', guard.requireStepUp({ action: 'wallet.waas.export', subject: 'alice' }))
  app.post(
    '/orders/:id',
    guard.requireStepUp({
      action: 'order.refund',
      subject: (c) => c.req.header('x-user') ?? '',
      details: async (c) => ({ order: c.req.param('id'), ...(await c.req.json()) }),
    }),
    (c) => c.json({ refunded: c.req.param('id') }),
  )
  return app
}

type Variables = { userId: string; stepUp: Verdict }
type Ctx = Context<{ Variables: Variables }>

export function inTypedHono(guard: Guard) {
  const app = new Hono<{ Variables: Variables }>()
  app.post(
    '/export',
    guard.requireStepUp<Ctx>({ action: 'wallet.waas.export', subject: (c) => c.get('userId') }),
    (c) => c.json({ by: c.get('stepUp').allowed }),
  )
  app.post(
    '/sign',
    guard.requireStepUp({
      action: 'wallet.waas.sign',
      subject: (c: Ctx) => c.get('userId'),
      sessionToken: (c: Ctx) => c.req.header('authorization')?.slice(7),
      details: (c: Ctx) => c.req.json<{ to: string }>(),
    }),
    (c) => c.text(c.get('userId')),
  )
  return app
}

export function inExpress(guard: Guard, app: Express): void {
  app.use('/wallet', guard.requireStepUpNode({ action: 'wallet.waas.export', subject: 'alice' }))
  app.post(
    '/orders/:id',
    guard.requireStepUpNode({
      action: 'order.refund',
      subject: (request: ExpressRequest) => request.header('x-user') ?? '',
      details: (request: ExpressRequest) => request.body,
    }),
    (request, response) => {
      response.json({ refunded: request.params.id })
    },
  )
}

export const inNode =
  (guard: Guard) =>
  (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    guard.requireStepUpNode({
      action: 'user.update',
      subject: (incoming: IncomingMessage) => String(incoming.headers['x-user']),
    })(request, response, () => response.end('done'))

interface Env {
  word: string
}

export const onWorkers = (guard: Guard): ExportedHandler<Env> => ({
  fetch: guard.requireStepUpFetch(
    {
      action: 'user.update',
      subject: 'alice',
      country: (request: Request<unknown, IncomingRequestCfProperties>) => request.cf?.country,
    },
    (_request, env: Env, _context: ExecutionContext) => new Response(env.word),
  ),
})

// @ts-expect-error a rule without a subject guards nobody
export const anybody: StepUpRule<Request> = { action: 'user.update' }

// @ts-expect-error a guard without a key may ask nothing
export const keyless: GuardOptions = { url: 'https://a.example', environment: 'a', audience: 'b' }

export function read(verdict: Verdict): Response | undefined {
  // @ts-expect-error an allowed call has no refusal to answer with
  verdict.response
  return verdict.allowed ? undefined : verdict.response
}
