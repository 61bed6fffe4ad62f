// The example application as its page calls it: inside workerd, with users made for one test.
import { env, exports } from 'cloudflare:workers'
import { expect } from 'vitest'
import type { WalletView } from '../../../examples/wallet/shared/view.ts'
import type { WalletEnv } from '../../../examples/wallet/worker/env.ts'

export const PUBLIC_URL = 'http://localhost:8790'
export const walletEnv = env as unknown as WalletEnv
const { default: main } = exports as unknown as { default: Fetcher }

export const send = (path: string, init?: RequestInit): Promise<Response> =>
  main.fetch(new Request(PUBLIC_URL + path, init))

let counted = 0
export const uniqueName = (): string =>
  `user ${(counted++).toString(36)} ${crypto.randomUUID().slice(0, 8)}`

/** What came back: the status, and the body as JSON. */
export interface Reply<Body = Record<string, unknown>> {
  status: number
  body: Body
  headers: Headers
}

export interface TestUser {
  name: string
  subject: string
  session: string
  post<Body>(path: string, body?: unknown, token?: string): Promise<Reply<Body>>
  wallet(): Promise<WalletView>
}

/** Signs somebody in; by the same name it is the same user. */
export async function signIn(name = uniqueName()): Promise<TestUser> {
  const answer = await postJson<{ session: string; subject: string }>('/api/sign-in', { name })
  expect(answer.status).toBe(200)
  const { session, subject } = answer.body
  const authorization = `Bearer ${session}`
  return {
    name,
    subject,
    session,
    post: (path, body = {}, token) =>
      postJson(path, body, { authorization, ...(token && { 'countersign-token': token }) }),
    wallet: async () => {
      const reply = await send('/api/wallet', { headers: { authorization } })
      expect(reply.status).toBe(200)
      return reply.json()
    },
  }
}

export async function postJson<Body>(
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Reply<Body>> {
  const response = await send(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, body: await response.json(), headers: response.headers }
}
