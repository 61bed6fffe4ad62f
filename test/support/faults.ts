// Bindings with a fault: objects and KV that fail as the platform's do. The Worker behind them is the real one,
// and so are the objects that a fault lets through.
import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import worker from '../../functions/worker.ts'
import type { Send } from './http.ts'
import { PUBLIC_URL } from './service.ts'

/** Sends a request to the Worker with some bindings in place of its own. */
export const sendWith =
  (bindings: object): Send =>
  async (path, init) =>
    worker.fetch(
      new Request(PUBLIC_URL + path, init),
      { ...env, ...bindings } as Env,
      createExecutionContext(),
    )

/** What happens to a call of an object: `call` makes it, on the stub that was asked. */
export type Bend = (verb: string, call: () => Promise<unknown>) => Promise<unknown>
type Verbs = Record<string, (...input: unknown[]) => Promise<unknown>>

/**
 * A namespace of which one object is called through a fault, and which calls came that way.
 *
 * @param only the name of that object
 */
export function bent(namespace: { getByName(name: string): unknown }, only: string, bend: Bend) {
  const asked: { verb: string; stub: number }[] = []
  let stubs = 0
  const getByName = (name: string) => {
    const stub = namespace.getByName(name) as Verbs
    if (name !== only) return stub
    const number = stubs++
    return new Proxy(stub, {
      get:
        (_, verb) =>
        (...input: unknown[]) => {
          asked.push({ verb: String(verb), stub: number })
          return bend(String(verb), async () => stub[String(verb)]?.(...input))
        },
    })
  }
  return { namespace: { getByName }, asked }
}

/** How the platform tells that an object did not answer. */
export const TROUBLES = {
  overloaded: () =>
    Object.assign(new Error('Durable Object is overloaded. Too many requests queued.'), {
      overloaded: true,
      retryable: true,
    }),
  reset: () =>
    Object.assign(new Error('Durable Object reset because its code was updated.'), {
      remote: true,
      durableObjectReset: true,
    }),
  broken: () => new TypeError('The RPC receiver was disposed.'),
  away: () => Object.assign(new Error('Network connection lost.'), { retryable: true }),
}
export type Trouble = keyof typeof TROUBLES

/** Fails before the object hears of the call. */
export const failing =
  (trouble: Trouble): Bend =>
  () =>
    Promise.reject(TROUBLES[trouble]())

/** Fails the first call of some verb, before or after the object carried it out. */
export function failingOnce(trouble: Trouble, when: 'before' | 'after'): Bend {
  let failed = false
  return async (_verb, call) => {
    if (failed) return call()
    failed = true
    if (when === 'after') await call()
    throw TROUBLES[trouble]()
  }
}
