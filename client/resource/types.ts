// The options and results of a guard. Frameworks are described only by the members that are used, so
// that the package depends on none of them.
import type {
  ElevatedClaims,
  MfaClaims,
  PolicyDecision,
  Reason,
  Requirement,
} from '../../contract/index.ts'
import type { TOKEN_HEADER } from '../../contract/shared/wire.ts'

/** Where Countersign is, and as which resource this API asks it. */
export interface GuardOptions {
  /** The address of the service, e.g. `https://countersign.example`. */
  url: string
  environment: string
  /** This resource, as tokens name it in `aud`. */
  audience: string
  /** `csk_res_…`; it is sent to `url` and nowhere else, and is in no answer. */
  resourceKey: string
  /** `iss` of the tokens; default `{url}/{environment}`. */
  issuer?: string
  /** Instead of the global `fetch`: `(input, init) => env.COUNTERSIGN.fetch(input, init)`. */
  fetch?: typeof fetch
  /** `offline` lets reusable tokens through without asking: a revoked one lives on until `exp`. */
  revocation?: 'online' | 'offline'
  /** `authorization` takes the token there too, where the application's session is elsewhere. */
  tokenHeader?: typeof TOKEN_HEADER | 'authorization'
  /** Epoch seconds; for tests. */
  now?: () => number
}

/** Headers of a request, as far as they are read. */
export interface CallHeaders {
  get(name: string): string | null
}

/** One call that is to be guarded. */
export interface GuardedCall {
  action: string
  /** The user whom the application authenticated; never taken from what the caller says. */
  subject: string
  sessionId?: string | undefined
  sessionToken?: string | undefined
  /** ISO 3166-1, two upper-case letters; anything else counts as unknown. */
  country?: string | undefined
  /**
   * What is about to be done, exactly as it will be done. Details given are details bound: a token
   * without them is refused also where the rule says `details: optional`.
   */
  details?: Record<string, unknown> | undefined
  /** `false` accepts a token without details where the rule says `optional`. Default: whether there are `details`. */
  requireDetails?: boolean | undefined
  headers: CallHeaders
}

/** The action may run: its token was accepted, or the policy permits it without one. */
export interface Allowed {
  allowed: true
  by: 'token' | 'policy'
  claims?: ElevatedClaims | MfaClaims
  decision?: PolicyDecision
}

/** The action must not run, and `response` says why to the caller. */
export interface Blocked {
  allowed: false
  reason: Reason
  response: Response
  requirement?: Requirement
  /** What went wrong behind a 503, for the application's own log; never part of `response`. */
  cause?: unknown
}
export type Verdict = Allowed | Blocked

/** A value, or a function of the request that gives it, now or later. */
export type RuleValue<C, T> = T | ((request: C) => T | Promise<T>)

/** How a route is guarded. */
export interface StepUpRule<C> {
  action: string | ((request: C) => string)
  /** The user whom the application authenticated. Without one nothing runs. */
  subject: RuleValue<C, string>
  sessionId?: RuleValue<C, string | undefined>
  sessionToken?: RuleValue<C, string | undefined>
  country?: RuleValue<C, string | undefined>
  /**
   * What the handler is about to do, from the request. A rule that names `details` binds them: a token
   * without them is refused also where Countersign's rule says `details: optional`.
   */
  details?: RuleValue<C, Record<string, unknown> | undefined>
  /**
   * `false` accepts a token without details where Countersign's rule says `optional`, and requests for
   * which `details` gives nothing. Default: whether this rule names `details`.
   */
  requireDetails?: boolean | undefined
}

/**
 * Of Hono's `Context`, what is used and what a rule is likely to. A rule that reads the application's
 * own variables names its context: `subject: (c: Context<Env>) => c.get('userId')`.
 */
export interface HonoContext {
  req: {
    raw: Request
    header(name: string): string | undefined
    param(name: string): string | undefined
    query(name: string): string | undefined
    json(): Promise<Record<string, unknown>>
  }
  get(key: string): unknown
  set(key: string, value: unknown): void
}

/** What is used of Node's `IncomingMessage`, and so of Express's `Request`. */
export interface NodeRequest {
  headers: Record<string, string | string[] | undefined>
}

/** What is used of Node's `ServerResponse`, and so of Express's `Response`. */
export interface NodeResponse {
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(body: string): unknown
}

/** See `createGuard`. */
export interface Guard {
  /** Decides about one call. Never rejects: what cannot be decided is a 503. */
  check(call: GuardedCall): Promise<Verdict>
  /** Hono middleware; the verdict is `c.get('stepUp')`. */
  requireStepUp<C extends HonoContext>(
    rule: StepUpRule<C>,
  ): (context: C, next: () => Promise<void>) => Promise<Response | undefined>
  /** A `fetch` handler before which the guard stands. Each function of the rule gets a clone. */
  requireStepUpFetch<R extends Request, Rest extends unknown[]>(
    rule: StepUpRule<R>,
    handler: (request: R, ...rest: Rest) => Response | Promise<Response>,
  ): (request: R, ...rest: Rest) => Promise<Response>
  /** Express middleware, and a step of a plain `http` handler; the verdict is `request.stepUp`. */
  requireStepUpNode<R extends NodeRequest>(
    rule: StepUpRule<R>,
  ): (request: R, response: NodeResponse, next: () => unknown) => Promise<void>
}
