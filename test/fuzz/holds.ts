// The checks of every answer: no 5xx, no fault in the log, and the form of the contract.
import * as z from 'zod/mini'
import { safeParse } from 'zod/v4/core'
import { REASONS, type Reason } from '../../contract/index.ts'
import { endpoints } from '../../reference/openapi.ts'
import { Problem } from '../../reference/schemas.ts'
import { PUBLIC_URL } from '../support/service.ts'
import type { Call } from './calls.ts'
import type { Endpoint } from './endpoints.ts'

export interface Answer {
  status: number
  type: string
  milliseconds: number
  text: string
}

/** How a call came out: accepted, or refused with a reason; or what is wrong with the answer. */
export type Outcome = { accepted: true } | { reason: Reason } | { wrong: string }

const Refusal = z.strictObject({
  error: z.strictObject({
    message: z.string().check(z.minLength(10), z.maxLength(600)),
    code: z.optional(z.number()),
    data: z.strictObject({
      reason: z.custom<Reason>((reason) => Object.hasOwn(REASONS, String(reason))),
      retryAfterSeconds: z.optional(z.number()),
      attemptsLeft: z.optional(z.number()),
      requirement: z.optional(z.unknown()),
      place: z.optional(
        z.strictObject({
          action: z.string(),
          entry: z.optional(z.number()),
          at: z.optional(z.number()),
        }),
      ),
      dpopNonce: z.optional(z.string().check(z.regex(/^[\w-]{43}$/))),
      wwwAuthenticate: z.optional(
        z.string().check(z.regex(/^(?:Bearer|DPoP) error="[\x20-\x7e]+$/)),
      ),
    }),
  }),
})
/** Paths of the HTTP API, which answers a refusal as problem details. */
const JSON_API = /^\/[^/]+\/v1\//
const Accepted = z.strictObject({ result: z.strictObject({ data: z.unknown() }) })
/** Of a stack, a place in the source, or a schema's own words. */
const INTERNALS =
  /\.ts:\d|\.js:\d|node_modules|\bat \w+ \(|"issues"|TypeError|ReferenceError|SqlError/
/** The one 503 that is nobody's bug: the key set of somebody else is not there, as none is here. */
const FOREIGN_KEYS = /^The key set of the session's issuer/
const UNREADABLE = 415
/** On a machine with nothing else to do a call takes about a millisecond. */
export const LONGEST_MILLISECONDS = 10_000

/** Judges an answer. `fault` is what the Worker logged as one; `secrets` are what no answer may show. */
export function judge(
  endpoint: Endpoint,
  call: Call,
  answer: Answer,
  { fault, secrets }: { fault: string | undefined; secrets: readonly string[] },
): Outcome {
  const { status, text } = answer
  if (answer.milliseconds > LONGEST_MILLISECONDS)
    return { wrong: `answered after ${answer.milliseconds} ms` }
  if (secrets.some((secret) => text.includes(secret))) return { wrong: 'a secret in the answer' }
  if (fault !== undefined) return { wrong: `a fault was logged: ${fault}` }
  if (status >= 200 && status < 300) return judgeAccepted(endpoint, call, answer)
  if (call.method === 'HEAD' && text === '') return { reason: 'not_found' }
  const isProblem = JSON_API.test(new URL(PUBLIC_URL + call.path).pathname)
  if (!answer.type.startsWith(isProblem ? 'application/problem+json' : 'application/json'))
    return { wrong: `refused as ${answer.type}` }
  if (INTERNALS.test(text)) return { wrong: 'internals in the answer' }
  const refusal = isProblem ? Problem.safeParse(parse(text)) : Refusal.safeParse(parse(text))
  if (!refusal.success)
    return { wrong: `refused in another form, at ${refusal.error.issues[0]?.path.join('.')}` }
  const { data } = refusal
  const message = 'error' in data ? data.error.message : data.detail
  const { reason } = 'error' in data ? data.error.data : data
  if (status >= 500 && !FOREIGN_KEYS.test(message))
    return { wrong: `${status} ${reason}: ${message}` }
  const unreadable = status === UNREADABLE && reason === 'input_invalid'
  if (status !== REASONS[reason].status && !unreadable)
    return { wrong: `${reason} with status ${status}` }
  if (isUndescribed(endpoint, call, reason))
    return { wrong: `${reason}, which the description of the HTTP API does not name` }
  return { reason }
}

const described = endpoints()

/** Returns whether the description of the HTTP API leaves out the reason of a refusal. */
function isUndescribed({ procedure }: Endpoint, { method, path }: Call, reason: Reason): boolean {
  const { pathname } = new URL(PUBLIC_URL + path)
  const [, route] = pathname.split('/')
  const ones = described.filter(({ noun, verb }) => `${noun}.${verb}` === procedure)
  const isHere = route === 'operator' || ones.some((one) => one.path.startsWith('/{environment}'))
  if (method !== 'POST' || pathname !== `/${route}/trpc/${procedure}` || !isHere) return false
  return !ones.some(({ refusals }) => refusals.includes(reason))
}

function judgeAccepted(endpoint: Endpoint, call: Call, { status, type, text }: Answer): Outcome {
  if (text === '' && (call.method === 'HEAD' || call.method === 'OPTIONS'))
    return { accepted: true }
  if (status === 204) return { wrong: '204 to what is no preflight' }
  // As it is asked for: `/x/../health` is `/health`.
  const { pathname } = new URL(PUBLIC_URL + call.path)
  if (/^\/console(\/|$)/.test(pathname) && type.startsWith('text/html')) return { accepted: true }
  const body = parse(text)
  if (!type.startsWith('application/json') || !z.looseObject({}).safeParse(body).success)
    return { wrong: `accepted as ${type}` }
  if (!pathname.includes('/trpc/'))
    return text.startsWith('{"error"') ? { wrong: '200 error' } : { accepted: true }
  const accepted = Accepted.safeParse(body)
  if (!accepted.success) return { wrong: 'accepted in another form' }
  const isAsked = endpoint.procedure && pathname.endsWith(`/trpc/${endpoint.procedure}`)
  if (isAsked && !safeParse(endpoint.output ?? z.unknown(), accepted.data.result.data).success)
    return { wrong: 'accepted with what is not the output of the contract' }
  return { accepted: true }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
