// A resource with its guard and the real service. Tests can watch and change the calls between the two, and see
// the guard's answers as a caller does.
import { expect } from 'vitest'
import {
  createGuard,
  type GuardedCall,
  type GuardOptions,
  type Verdict,
} from '../../client/resource.ts'
import type { EnvironmentSettings, Reason } from '../../contract/index.ts'
import { advance } from './clock.ts'
import { AUDIENCE, enrollTotp, makeEnvironment, PUBLIC_URL, stepUp, viaWorker } from './service.ts'

export const SIGN = 'wallet.waas.sign'
export const UPDATE = 'user.update'

/** One call of the guard's to the service. */
export interface Sent {
  /** `policy.list`, `action.authorize` or `jwks.json`. */
  name: string
  body: Record<string, unknown>
  headers: Headers
  redirect: RequestInit['redirect']
}
export type Bend = (sent: Sent, pass: () => Promise<Response>) => Response | Promise<Response>

/** A `fetch` that notes what is sent, and lets a test answer in the service's place. */
export function watchedFetch(through: typeof fetch = viaWorker) {
  const sent: Sent[] = []
  const line: { bend: Bend } = { bend: (_sent, pass) => pass() }
  const watched = (async (input: RequestInfo | URL, init?: RequestInit) => {
    const name = new URL(String(input)).pathname.split('/').at(-1) ?? ''
    const body = init?.body ? JSON.parse(String(init.body)) : {}
    const one = { name, body, headers: new Headers(init?.headers), redirect: init?.redirect }
    sent.push(one)
    return line.bend(one, () => through(input, init))
  }) as typeof fetch
  return {
    sent,
    line,
    fetch: watched,
    named: (name: string) => sent.filter((s) => s.name === name),
    /** The calls that carried a token to the service. */
    presented: () => sent.filter(({ body }) => 'token' in body),
  }
}

/** A user with a TOTP factor, and a resource with its guard. */
export async function guardScene(
  settings: Partial<EnvironmentSettings> = {},
  options: Partial<GuardOptions> = {},
) {
  const environment = await makeEnvironment(settings)
  const user = await environment.user({ sid: 'session-1' })
  const totp = await enrollTotp(user)
  const resource = await environment.resource()
  const wire = watchedFetch()
  const base: GuardOptions = {
    url: PUBLIC_URL,
    environment: environment.id,
    audience: AUDIENCE,
    resourceKey: resource.key,
    fetch: wire.fetch,
  }
  const guard = createGuard({ ...base, ...options })
  const check = (token?: string, more: Partial<GuardedCall> = {}) =>
    guard.check({ action: SIGN, subject: user.subject, headers: carrying(token), ...more })
  const earn = async (scopes: string[] = ['wallet:sign'], details?: Record<string, unknown>) => {
    const { token } = await stepUp(user, totp.secret, scopes, details)
    advance(30)
    return token
  }
  return { environment, user, totp, resource, wire, base, guard, check, earn }
}
export type GuardScene = Awaited<ReturnType<typeof guardScene>>

export const carrying = (token?: string): Headers =>
  new Headers(token === undefined ? {} : { 'countersign-token': token })

/** The body of a refusal (RFC 9457). */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  reason: Reason
  requirement?: Record<string, unknown>
  retryAfterSeconds?: number
}

/** Asserts that an answer is a refusal of this status and reason, in the form that all have. */
export async function expectProblem(response: Response, status: number, reason: Reason) {
  const problem: Problem = await response.clone().json()
  expect({ status: response.status, reason: problem.reason }).toEqual({ status, reason })
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(problem).toMatchObject({ type: `urn:countersign:reason:${reason}`, status })
  expect(problem.detail.length).toBeGreaterThan(10)
  const told = JSON.stringify(problem) + [...response.headers].join()
  expect(told).not.toMatch(/csk_|eyJ|stack|\.ts:\d/)
  const authenticate = response.headers.get('www-authenticate')
  if (status === 401) expect(authenticate).toMatch(/^Bearer(?: error="[\x20-\x7e]+)?$/)
  else expect(authenticate).toBeNull()
  if (status === 503) expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  return { problem, authenticate }
}

/** Asserts that a verdict is a no, for a reason, and returns what the caller is told. */
export async function expectBlocked(verdict: Verdict, status: number, reason: Reason) {
  if (verdict.allowed) throw new Error(`allowed by ${verdict.by}`)
  expect(verdict.reason).toBe(reason)
  return { ...(await expectProblem(verdict.response, status, reason)), verdict }
}

/** Asserts that a verdict is a challenge (RFC 9470) for a reason. */
export async function expectChallenge(verdict: Verdict, reason: Reason) {
  const told = await expectBlocked(verdict, 401, reason)
  expect(told.authenticate).toContain('error="insufficient_user_authentication"')
  expect(told.problem.requirement).toMatchObject({ action: expect.any(String) })
  return told
}
