// The typed caller of the contract over HTTP. It is tRPC's own link under a small proxy: the proxy of
// `@trpc/client` comes with web sockets and subscriptions, which the contract does not have and a page
// should not load. step-up.ts, devices.ts and others build on it.
import type { TRPCClient } from '@trpc/client'
import { httpLink } from '@trpc/client/links/httpLink'
import { TOKEN_HEADER } from '../contract/shared/wire.ts'
import type { CountersignErrorData, CountersignRouter } from './generated.ts'

/** Where a client calls, and as whom. */
export interface ClientOptions {
  /** The address of the service, without a path, e.g. `https://countersign.example`. */
  url: string
  /** The environment's id, or `operator` for operator calls. */
  environment: string
  /** The session token, resource key or operator key; asked for at every call. */
  bearer: () => string | undefined | Promise<string | undefined>
  /** The elevated token that the next call is to spend, where it needs one. */
  elevatedToken?: () => string | undefined
  /** Instead of the global `fetch`, e.g. a service binding. */
  fetch?: typeof fetch
}

/**
 * Every procedure of the contract, typed. A single call carries an elevated token where its options
 * say `{ context: { elevatedToken } }`.
 */
export type CountersignClient = TRPCClient<CountersignRouter>

/**
 * Makes a client of the contract.
 *
 * @returns procedures by name: `client.policy.check.query(…)`, `client.challenge.verify.mutate(…)`.
 *   A refusal is thrown; `reasonOf(error)` reads why
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
      // A promise's `then` is no procedure: without this, `await client` would call one.
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
 * Why a call was refused: `error.data` of the contract, or undefined for any other error
 * (no network, say), which a caller treats as "a step-up is required".
 *
 * @example if (reasonOf(error)?.reason === 'invalid_code') askAgain()
 */
export function reasonOf(error: unknown): CountersignErrorData | undefined {
  if (!(error instanceof Error) || error.name !== 'TRPCClientError') return undefined
  const { data } = error as { data?: CountersignErrorData | null }
  return data?.reason ? data : undefined
}
