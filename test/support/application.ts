// An application with the service: its API behind the guard, and the SDK in its page, in one process. Tests
// decide what the network does to their calls.
import { Hono } from 'hono'
import { type Countersign, type CountersignOptions, createCountersign } from '../../client/index.ts'
import { dpop } from '../../client/resource/dpop.ts'
import { createGuard } from '../../client/resource.ts'
import type { EnvironmentSettings } from '../../contract/index.ts'
import { AUDIENCE, makeEnvironment, PUBLIC_URL, type TestUser, viaWorker } from './service.ts'

const API = 'https://app.example'

/** Where the application's API answers, e.g. `at('/export')`. */
export const at = (path: string): string => API + path

/** An environment, an API with three guarded actions, and pages of it for users. */
export async function makeApplication(settings: Partial<EnvironmentSettings> = {}) {
  const environment = await makeEnvironment(settings)
  const { key } = await environment.resource()
  const guard = createGuard({
    url: PUBLIC_URL,
    environment: environment.id,
    audience: AUDIENCE,
    resourceKey: key,
    fetch: viaWorker,
    dpop: dpop({ publicUrl: API }),
  })
  /** What the API did, in order. */
  const done: { action: string; subject: string; details?: unknown }[] = []
  const subject = (c: { req: { header(name: string): string | undefined } }): string => {
    const [, payload = ''] = (c.req.header('authorization') ?? '').split('.')
    return JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))).sub
  }
  const api = new Hono()
  for (const [path, action] of Object.entries({
    '/export': 'wallet.waas.export',
    '/update': 'user.update',
  })) {
    api.post(path, guard.requireStepUp({ action, subject }), (c) => {
      done.push({ action, subject: subject(c) })
      return c.json({ done: action })
    })
  }
  api.post(
    '/sign',
    guard.requireStepUp({ action: 'wallet.waas.sign', subject, details: (c) => c.req.json() }),
    async (c) => {
      const details = await c.req.json()
      done.push({ action: 'wallet.waas.sign', subject: subject(c), details })
      return c.json({ done: 'wallet.waas.sign' })
    },
  )
  api.post('/open', (c) => c.json({ headers: Object.fromEntries(c.req.raw.headers) }))
  api.post('/away', (c) => c.redirect('https://elsewhere.example/', 307))

  /** A page: the SDK for the user who is signed in there, over a network that a test may cut. */
  const page = (
    user: TestUser,
    more: Partial<CountersignOptions> = {},
    wrap: (options: CountersignOptions) => CountersignOptions = (options) => options,
  ) => {
    const state = { user: user as TestUser | undefined, calls: [] as Request[], cut: false }
    const network: typeof fetch = async (input, init) => {
      const request = new Request(input, init)
      state.calls.push(request.clone())
      if (state.cut) throw new TypeError('The network is cut.')
      return request.url.startsWith(PUBLIC_URL) ? viaWorker(request) : api.fetch(request)
    }
    const options: CountersignOptions = {
      url: PUBLIC_URL,
      environment: environment.id,
      getSessionToken: () => state.user?.bearer(),
      fetch: network,
      isDefault: false,
      ...more,
    }
    const instance: Countersign = createCountersign(wrap(options))
    return { instance, state, calledFor: (word: string) => calledFor(state.calls, word) }
  }
  return { environment, done, page }
}

const calledFor = (calls: Request[], word: string): number =>
  calls.filter(({ url }) => url.includes(word)).length
