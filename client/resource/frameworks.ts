// Runs the guard before a handler in Hono, in a `fetch` handler, and in Express or plain Node. The handler
// runs only if the guard allows the call. An error in a function of the rule refuses the call.
import { refuse, unavailable } from './answers.ts'
import type {
  CallHeaders,
  GuardedCall,
  HonoContext,
  NodeRequest,
  NodeResponse,
  RequestLine,
  StepUpRule,
  Verdict,
} from './types.ts'

type Check = (call: Promise<GuardedCall>) => Promise<Verdict>

/** Creates Hono middleware. It sets the variable `stepUp` to the verdict, also for a refusal. */
export const honoMiddleware =
  <C extends HonoContext>(check: Check, rule: StepUpRule<C>) =>
  async (context: C, next: () => Promise<void>): Promise<Response | undefined> => {
    const verdict = await check(
      callOf(rule, () => context, context.req.raw, context.req.raw.headers),
    )
    context.set('stepUp', verdict)
    if (!verdict.allowed) return verdict.response
    await next()
    return undefined
  }

/** Creates a `fetch` handler. Each function of the rule reads a clone, so that the handler can read the body. */
export const fetchHandler =
  <R extends Request, Rest extends unknown[]>(
    check: Check,
    rule: StepUpRule<R>,
    handler: (request: R, ...rest: Rest) => Response | Promise<Response>,
  ) =>
  async (request: R, ...rest: Rest): Promise<Response> => {
    const verdict = await check(callOf(rule, () => request.clone() as R, request, request.headers))
    return verdict.allowed ? handler(request, ...rest) : verdict.response
  }

/**
 * Creates middleware for Express and plain `http`. It responds to a refusal itself and does not call `next`,
 * because in plain Node `next` is the handler.
 */
export const nodeMiddleware =
  <R extends NodeRequest>(check: Check, rule: StepUpRule<R>) =>
  async (request: R, response: NodeResponse, next: () => unknown): Promise<void> => {
    const headers: CallHeaders = { get: (name) => request.headers[name]?.toString() ?? null }
    const verdict = await check(callOf(rule, () => request, request, headers))
    Object.assign(request, { stepUp: verdict })
    if (verdict.allowed) {
      await next()
      return
    }
    const { response: answer } = verdict
    response.statusCode = answer.status
    for (const [name, value] of answer.headers) response.setHeader(name, value)
    response.end(await answer.text())
  }

/**
 * Evaluates a rule for one request.
 *
 * @throws GuardRefusal `input_invalid` for a SyntaxError, which means that the caller's body is not JSON;
 *   `unavailable` for any other error of a function of the rule
 */
async function callOf<C>(
  rule: StepUpRule<C>,
  requestOf: () => C,
  request: RequestLine,
  headers: CallHeaders,
): Promise<GuardedCall> {
  const { requireDetails = rule.details !== undefined } = rule
  const call: Record<string, unknown> = {}
  const members = { ...rule, requireDetails, request, headers }
  for (const [name, value] of Object.entries(members)) {
    try {
      call[name] = await (typeof value === 'function' ? value(requestOf()) : value)
    } catch (cause) {
      if (cause instanceof SyntaxError)
        refuse('input_invalid', { detail: 'The request could not be read.', cause })
      unavailable('Details or user could not be read.', cause)
    }
  }
  return call as unknown as GuardedCall
}
