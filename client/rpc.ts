// The typed client of the contract over HTTP. It uses tRPC's HTTP link with a small proxy of its own: the
// proxy of `@trpc/client` would add code for web sockets and subscriptions, which the contract does not use.
import type { TRPCClient } from '@trpc/client'
import { httpLink } from '@trpc/client/links/httpLink'
import { TOKEN_HEADER } from '../contract/shared/wire.ts'
import type { CountersignErrorData, CountersignRouter } from './generated.ts'

/** The options of a client. */
export interface ClientOptions {
  /** The address of the service, without a path, e.g. `https://countersign.example`. */
  url: string
  /** The environment's id, or `operator` for operator calls. */
  environment: string
  /** Returns the session token, resource key or operator key. Called before every call. */
  bearer: () => string | undefined | Promise<string | undefined>
  /** Returns the elevated token for the next call, if it needs one. */
  elevatedToken?: () => string | undefined
  /** Replaces the global `fetch`, for example with a service binding. */
  fetch?: typeof fetch
}

/**
 * The typed procedures of the contract. To send an elevated token with one call, pass the options
 * `{ context: { elevatedToken } }`.
 */
export type CountersignClient = TRPCClient<CountersignRouter>

/**
 * Creates a client of the contract.
 *
 * @returns procedures by name: `client.policy.check.query(…)`, `client.challenge.verify.mutate(…)`. They
 *   throw if a call is refused; `reasonOf(error)` returns the reason
 * @example
 * const client = createClient({ url, environment: 'demo', bearer: () => sessionToken })
 * const { decision } = await client.policy.check.query({ action: 'wallet.waas.export' })
 */
export function createClient({
  url,
  environment,
  bearer,
  elevatedToken,
  fetch,
}: ClientOptions): CountersignClient {
  const link = httpLink<CountersignRouter>({
    url: `${url}/${environment}/trpc`,
    methodOverride: 'POST',
    ...(fetch && { fetch: (input, init) => fetch(input, init as RequestInit) }),
    headers: async ({ op }) => {
      const carried = op.context.elevatedToken as string | undefined
      const [token, elevated] = [await bearer(), carried ?? elevatedToken?.()]
      return {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(elevated && { [TOKEN_HEADER]: elevated }),
      }
    },
  })({})
  const send = (path: string[], [input, options]: [unknown, CallOptions?]) => {
    const type = path.pop() === 'query' ? 'query' : 'mutation'
    const { signal = null, context = {} } = options ?? {}
    const op = { id: 0, type, path: path.join('.'), input, signal, context } as const
    return new Promise((resolve, reject) => {
      link({ op, next: noFurtherLink }).subscribe({
        next: ({ result }) => resolve(result.data),
        error: reject,
      })
    })
  }
  const at = (path: string[]): unknown =>
    new Proxy(() => {}, {
      // Without this, `await client` would call a procedure named `then`.
      get: (_, name) => (name === 'then' ? undefined : at([...path, String(name)])),
      apply: (_, __, args) => send([...path], args as [unknown, CallOptions?]),
    })
  return at([]) as CountersignClient
}

interface CallOptions {
  signal?: AbortSignal
  context?: Record<string, unknown>
}

/** `httpLink` is the last link and never calls another. */
function noFurtherLink(): never {
  throw new TypeError()
}

/**
 * Returns why a call was refused (`error.data` of the contract), or undefined for any other error, such as a
 * missing network. Treat such an error as "a step-up is required".
 *
 * @example if (reasonOf(error)?.reason === 'invalid_code') askAgain()
 */
export function reasonOf(error: unknown): CountersignErrorData | undefined {
  if (!(error instanceof Error) || error.name !== 'TRPCClientError') return undefined
  const { data } = error as { data?: CountersignErrorData | null }
  return data?.reason ? data : undefined
}
