// The options and results of a guard. The types of frameworks hold only the members that the guard uses, so
// that the package depends on no framework.
import type {
  ElevatedClaims,
  MfaClaims,
  PolicyDecision,
  PresentedDpop,
  Reason,
  Requirement,
} from '../../contract/index.ts'
import type { TOKEN_HEADER } from '../../contract/shared/wire.ts'

/** The options of a guard. */
export interface GuardOptions {
  /** The address of the service, for example `https://countersign.example`. */
  url: string
  environment: string
  /** The name of this resource, as in the claim `aud` of its tokens. */
  audience: string
  /** The key `csk_res_…`. It is sent only to `url`, and appears in no response. */
  resourceKey: string
  /** The claim `iss` of the tokens. Default: `{url}/{environment}`. */
  issuer?: string
  /** Replaces the global `fetch`, for example `(input, init) => env.COUNTERSIGN.fetch(input, init)`. */
  fetch?: typeof fetch
  /** `offline` accepts reusable tokens without a call. A revoked token then stays valid until `exp`. */
  revocation?: 'online' | 'offline'
  /** `authorization` also accepts the token in that header, if the application does not use it for its session. */
  tokenHeader?: typeof TOKEN_HEADER | 'authorization'
  /** Accepts tokens that are bound to a key: `dpop()` of `countersign/resource/dpop`. Default: refuses them. */
  dpop?: BoundTokens
  /** Returns epoch seconds. For tests. */
  now?: () => number
}

/** The headers of a request. */
export interface CallHeaders {
  get(name: string): string | null
}

/** The method and address of a request, of which only the path is read. */
export interface RequestLine {
  method?: string | undefined
  url?: string | undefined
  /** The address before Express took off the path of a router. */
  originalUrl?: string | undefined
}

/** A use of a token that is bound to a key. */
export interface BoundUse extends Pick<GuardedCall, 'headers' | 'request'> {
  /** The token. */
  presented: string
  cnf: { jkt: string }
  now: () => number
}

/** Lets a guard accept tokens that are bound to a key. `dpop()` of `countersign/resource/dpop` creates it. */
export interface BoundTokens {
  /** Checks the proof of a bound token, and returns it for Countersign, which checks it again. */
  check(use: BoundUse): Promise<PresentedDpop>
  /** Refuses the call if Countersign refused the proof. Throws any other error again. */
  rethrow(cause: unknown): never
}

/** A call that the guard checks. */
export interface GuardedCall {
  action: string
  /** The user whom the application authenticated. Never take it from the caller's input. */
  subject: string
  sessionId?: string | undefined
  sessionToken?: string | undefined
  /** Two upper-case letters (ISO 3166-1). Anything else counts as unknown. */
  country?: string | undefined
  /**
   * Describes exactly what the action will do. If you give details, a token that is not bound to them is
   * refused, even if the rule says `details: optional`.
   */
  details?: Record<string, unknown> | undefined
  /** `false` accepts a token without details if the rule says `optional`. Default: true if there are `details`. */
  requireDetails?: boolean | undefined
  headers: CallHeaders
  /** The request. A token that is bound to a key needs it. */
  request?: RequestLine | undefined
}

/** The verdict that the action may run: its token was accepted, or the policy needs no token. */
export interface Allowed {
  allowed: true
  by: 'token' | 'policy'
  /** The claims of the token, if one was needed. */
  claims?: ElevatedClaims | MfaClaims
  /** The decision of the policy, if no token was needed. */
  decision?: PolicyDecision
}

/** The verdict that the action must not run. Send `response` to the caller. */
export interface Blocked {
  allowed: false
  reason: Reason
  response: Response
  requirement?: Requirement
  /** The cause of a 503, for the application's log. It is not part of `response`. */
  cause?: unknown
}
export type Verdict = Allowed | Blocked

/** A value, or a function of the request that returns it or a promise of it. */
export type RuleValue<C, T> = T | ((request: C) => T | Promise<T>)

/** The rule of a guarded route. */
export interface StepUpRule<C> {
  action: string | ((request: C) => string)
  /** The user whom the application authenticated. Without a user, every call is refused. */
  subject: RuleValue<C, string>
  sessionId?: RuleValue<C, string | undefined>
  sessionToken?: RuleValue<C, string | undefined>
  country?: RuleValue<C, string | undefined>
  /**
   * Describes what the handler will do for the request. With `details`, a token that is not bound to them is
   * refused, even if Countersign's rule says `details: optional`.
   */
  details?: RuleValue<C, Record<string, unknown> | undefined>
  /**
   * `false` accepts a token without details if Countersign's rule says `optional`, and requests for which
   * `details` returns nothing. Default: true if this rule has `details`.
   */
  requireDetails?: boolean | undefined
}

/**
 * The members of Hono's `Context` that the guard uses or a rule is likely to use. A rule that reads the
 * application's variables names its own type: `subject: (c: Context<Env>) => c.get('userId')`.
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

/** The members of Node's `IncomingMessage` and Express's `Request` that the guard uses. */
export interface NodeRequest extends Omit<RequestLine, 'originalUrl'> {
  headers: Record<string, string | string[] | undefined>
}

/** The members of Node's `ServerResponse` and Express's `Response` that the guard uses. */
export interface NodeResponse {
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(body: string): unknown
}

/** See `createGuard`. */
export interface Guard {
  /** Decides whether a call may run. Never rejects: a call that cannot be checked is refused with a 503. */
  check(call: GuardedCall): Promise<Verdict>
  /** Creates Hono middleware. The verdict is `c.get('stepUp')`. */
  requireStepUp<C extends HonoContext>(
    rule: StepUpRule<C>,
  ): (context: C, next: () => Promise<void>) => Promise<Response | undefined>
  /** Creates a guarded `fetch` handler. Each function of the rule gets a clone of the request. */
  requireStepUpFetch<R extends Request, Rest extends unknown[]>(
    rule: StepUpRule<R>,
    handler: (request: R, ...rest: Rest) => Response | Promise<Response>,
  ): (request: R, ...rest: Rest) => Promise<Response>
  /** Creates middleware for Express and plain `http`. The verdict is `request.stepUp`. */
  requireStepUpNode<R extends NodeRequest>(
    rule: StepUpRule<R>,
  ): (request: R, response: NodeResponse, next: () => unknown) => Promise<void>
}
