// Raw requests, as an attacker writes them without the typed client, and the checks of every refusal.
import { expect } from 'vitest'
import type { CountersignErrorData } from '../../client/index.ts'
import type { Reason } from '../../contract/index.ts'
import { OPERATOR_KEY, send } from './service.ts'

/** A call written by hand. `body` is sent as it stands when it is a text or bytes, else as JSON. */
export interface RawCall {
  method?: string
  bearer?: string | undefined
  headers?: Record<string, string>
  body?: unknown
}

export type Send = (path: string, init?: RequestInit) => Promise<Response>

/** Calls a procedure by its address, with whatever is given in place of what a client would send. */
export function post(
  environment: string,
  procedure: string,
  { method = 'POST', bearer, headers = {}, body = {} }: RawCall = {},
  through: Send = send,
): Promise<Response> {
  const bodiless = method === 'GET' || method === 'HEAD' || body === undefined
  return through(`/${environment}/trpc/${procedure}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      ...headers,
    },
    ...(!bodiless && {
      body: typeof body === 'string' || isBytes(body) ? body : JSON.stringify(body),
    }),
  })
}

export const postAsOperator = (procedure: string, raw: RawCall = {}): Promise<Response> =>
  post('operator', procedure, { bearer: OPERATOR_KEY, ...raw })

const isBytes = (body: unknown): body is BodyInit =>
  body instanceof Uint8Array || body instanceof ReadableStream || body instanceof FormData

/** `error` of a refusal, after making sure that the answer holds that and nothing besides. */
export async function errorOf(response: Response) {
  const text = await response.text()
  expect(text).not.toMatch(/stack|\.ts:\d|node_modules|"path"|"input"/)
  const body: { error: { message: string; data: CountersignErrorData } } = JSON.parse(text)
  expect(Object.keys(body)).toEqual(['error'])
  const { data, message } = body.error
  expect(message.length).toBeGreaterThan(10)
  expect(['code', 'data', 'message']).toEqual(expect.arrayContaining(Object.keys(body.error)))
  expect(['reason', 'retryAfterSeconds', 'attemptsLeft', 'requirement']).toEqual(
    expect.arrayContaining(Object.keys(data)),
  )
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  expect(response.headers.get('cache-control')).toBe('no-store')
  return { message, ...data }
}

/** Asserts that an answer is a refusal of this status and reason, in the form that all have. */
export async function expectRefusal(response: Response, status: number, reason: Reason) {
  const error = await errorOf(response)
  expect({ status: response.status, reason: error.reason }).toEqual({ status, reason })
  return error
}

/** The value that a call was answered with. */
export async function answerOf<T>(response: Response): Promise<T> {
  const body: { result?: { data: T } } = await response.json()
  if (!body.result) throw new Error(`refused: ${JSON.stringify(body)}`)
  return body.result.data
}
