// The client: a typed caller of the contract over HTTP.

import type { TRPCClient } from '@trpc/client'
import { createTRPCClient, httpLink, TRPCClientError } from '@trpc/client'
import type { CountersignErrorData, CountersignRouter } from './generated.ts'

export type { CountersignErrorData, CountersignRouter } from './generated.ts'

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

/** Every procedure of the contract, typed. */
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
  return createTRPCClient<CountersignRouter>({
    links: [
      httpLink({
        url: `${url}/${environment}/trpc`,
        methodOverride: 'POST',
        ...(fetch && { fetch: (input, init) => fetch(input, init as RequestInit) }),
        headers: async () => {
          const [token, elevated] = [await bearer(), elevatedToken?.()]
          return {
            ...(token && { authorization: `Bearer ${token}` }),
            ...(elevated && { 'countersign-token': elevated }),
          }
        },
      }),
    ],
  })
}

/**
 * Why a call was refused: `error.data` of the contract, or undefined for an error that is none of
 * its refusals (no network, say), which a caller treats as "a step-up is required".
 *
 * @example if (reasonOf(error)?.reason === 'invalid_code') askAgain()
 */
export function reasonOf(error: unknown): CountersignErrorData | undefined {
  return error instanceof TRPCClientError ? (error.data ?? undefined) : undefined
}
