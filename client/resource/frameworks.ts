// The guard in front of a handler: in Hono, in a `fetch` handler, in Express and plain Node. The
// handler runs after a yes and never otherwise; what a rule's functions throw is a no.
import { refuse, unavailable } from './answers.ts'
import type {
  CallHeaders,
  GuardedCall,
  HonoContext,
  NodeRequest,
  NodeResponse,
  RuleValue,
  StepUpRule,
  Verdict,
} from './types.ts'

type Check = (call: Promise<GuardedCall>) => Promise<Verdict>

/** Hono: the verdict becomes the variable `stepUp`, also where it is a refusal. */
export const honoMiddleware =
  <C extends HonoContext>(check: Check, rule: StepUpRule<C>) =>
  async (context: C, next: () => Promise<void>): Promise<Response | undefined> => {
    const verdict = await check(callOf(rule, () => context, context.req.raw.headers))
    context.set('stepUp', verdict)
    if (!verdict.allowed) return verdict.response
    await next()
    return undefined
  }

/** A `fetch` handler. Each function of the rule reads a clone, so that the body is left for the handler. */
export const fetchHandler =
  <R extends Request, Rest extends unknown[]>(
    check: Check,
    rule: StepUpRule<R>,
    handler: (request: R, ...rest: Rest) => Response | Promise<Response>,
  ) =>
  async (request: R, ...rest: Rest): Promise<Response> => {
    const verdict = await check(callOf(rule, () => request.clone() as R, request.headers))
    return verdict.allowed ? handler(request, ...rest) : verdict.response
  }

/**
 * Express and plain `http`. A refusal is answered here and never handed to `next`, which in plain
 * Node is the handler itself.
 */
export const nodeMiddleware =
  <R extends NodeRequest>(check: Check, rule: StepUpRule<R>) =>
  async (request: R, response: NodeResponse, next: () => unknown): Promise<void> => {
    const headers: CallHeaders = { get: (name) => request.headers[name]?.toString() ?? null }
    const verdict = await check(callOf(rule, () => request, headers))
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
 * Reads what a rule says of one request.
 *
 * @throws GuardRefusal `input_invalid` for a body that is not JSON, which is the caller's fault, and
 *   `unavailable` for anything else that a function of the rule throws
 */
async function callOf<C>(
  rule: StepUpRule<C>,
  requestOf: () => C,
  headers: CallHeaders,
): Promise<GuardedCall> {
  const { action, subject, sessionId, sessionToken, country, details } = rule
  const { requireDetails = details !== undefined } = rule
  const read = async <T>(value: RuleValue<C, T>): Promise<T> => {
    try {
      return isFunction(value) ? await value(requestOf()) : value
    } catch (cause) {
      return cause instanceof SyntaxError
        ? refuse('input_invalid', { detail: 'The request could not be read.', cause })
        : unavailable('Details or user could not be read.', cause)
    }
  }
  return {
    action: await read(action),
    subject: await read(subject),
    sessionId: await read(sessionId),
    sessionToken: await read(sessionToken),
    country: await read(country),
    details: await read(details),
    requireDetails,
    headers,
  }
}

const isFunction = <C, T>(value: RuleValue<C, T>): value is (request: C) => T | Promise<T> =>
  typeof value === 'function'
