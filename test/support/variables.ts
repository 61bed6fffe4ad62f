// The same Worker and the same objects with other variables, as after a deployment that changed them.
import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { type ClientOptions, createClient } from '../../client/index.ts'
import worker from '../../functions/worker.ts'
import { PUBLIC_URL } from './service.ts'

export interface Variables {
  ROOT_SECRET?: string
  OPERATOR_KEY?: string
  PUBLIC_URL?: string
  RESTORE_EPOCH?: string
}

/**
 * The Worker as it answers with these variables. An isolate keeps an environment for 20 s whatever
 * its variables are, so what was asked for lately must be older than that.
 */
export function withVariables(variables: Variables) {
  const fetchThere = async (request: Request): Promise<Response> =>
    worker.fetch(request, { ...env, ...variables } as Env, createExecutionContext())
  return {
    send: (path: string, init?: RequestInit) => fetchThere(new Request(PUBLIC_URL + path, init)),
    call: (options: Omit<ClientOptions, 'url' | 'fetch'>) =>
      createClient({
        url: PUBLIC_URL,
        fetch: ((input: RequestInfo, init?: RequestInit) =>
          fetchThere(new Request(input, init))) as typeof fetch,
        ...options,
      }),
  }
}
