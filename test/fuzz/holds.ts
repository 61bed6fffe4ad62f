// What must hold of every answer, whatever was asked: no 5xx, no fault in the log, the contract's form.
import { safeParse } from 'zod/v4/core'
import { REASONS, type Reason } from '../../contract/index.ts'
import { type Call, PUBLIC_URL } from './calls.ts'
import type { Door } from './doors.ts'

export interface Answer {
  status: number
  type: string
  cache: string
  text: string
}

/** How a call came out: accepted, or refused with a reason; or what is wrong with the answer. */
export type Outcome = { accepted: true } | { reason: Reason } | { wrong: string }

const ERROR_MEMBERS = ['message', 'code', 'data']
const DATA_MEMBERS = ['reason', 'retryAfterSeconds', 'attemptsLeft', 'requirement']
/** Of a stack, a place in the source, or a schema's own words. */
const INTERNALS =
  /\.ts:\d|\.js:\d|node_modules|\bat \w+ \(|"issues"|TypeError|ReferenceError|SqlError/
/** The one 503 that is nobody's bug: the key set of somebody else is not there, as none is here. */
const FOREIGN_KEYS = /^The key set of the session's issuer/
const UNREADABLE = 415

/** Judges an answer. `fault` is what the Worker logged as one. */
export function judge(door: Door, call: Call, answer: Answer, fault: string | undefined): Outcome {
  const { status, text } = answer
  if (fault !== undefined) return { wrong: `a fault was logged: ${fault}` }
  if (status >= 200 && status < 300) return judgeAccepted(door, call, answer)
  if (call.method === 'HEAD' && text === '') return { reason: 'not_found' }
  if (!answer.type.startsWith('application/json')) return { wrong: `refused as ${answer.type}` }
  if (INTERNALS.test(text)) return { wrong: 'internals in the answer' }
  const body = parse(text)
  if (!isObject(body) || Object.keys(body).join() !== 'error')
    return { wrong: 'refused in another form' }
  return judgeRefusal(status, body.error)
}

function judgeRefusal(status: number, error: unknown): Outcome {
  if (!isObject(error) || !isObject(error.data)) return { wrong: 'refused without data' }
  const { message, data } = error
  const { reason } = data
  if (typeof reason !== 'string' || !isReason(reason)) return { wrong: `unknown reason ${reason}` }
  if (!only(error, ERROR_MEMBERS) || !only(data, DATA_MEMBERS))
    return { wrong: `unknown members ${Object.keys(error)} ${Object.keys(data)}` }
  if (typeof message !== 'string' || message.length < 10 || message.length > 600)
    return { wrong: 'refused without a sentence' }
  if (status >= 500 && !FOREIGN_KEYS.test(message))
    return { wrong: `${status} ${reason}: ${message}` }
  const unreadable = status === UNREADABLE && reason === 'input_invalid'
  if (status !== REASONS[reason].status && !unreadable)
    return { wrong: `${reason} with status ${status}` }
  return { reason }
}

function judgeAccepted(door: Door, call: Call, { status, type, text }: Answer): Outcome {
  if (text === '' && (call.method === 'HEAD' || call.method === 'OPTIONS'))
    return { accepted: true }
  if (status === 204) return { wrong: '204 to what is no preflight' }
  // As it is asked for: `/x/../health` is `/health`.
  const { pathname } = new URL(PUBLIC_URL + call.path)
  if (/^\/console(\/|$)/.test(pathname) && type.startsWith('text/html')) return { accepted: true }
  const body = parse(text)
  if (!type.startsWith('application/json') || !isObject(body))
    return { wrong: `accepted as ${type}` }
  if (!pathname.includes('/trpc/'))
    return 'error' in body ? { wrong: '200 error' } : { accepted: true }
  if (!isObject(body.result) || !('data' in body.result))
    return { wrong: 'accepted in another form' }
  const asked = door.procedure && pathname.endsWith(`/trpc/${door.procedure}`)
  const output = asked ? door.output : undefined
  if (output && !safeParse(output, body.result.data).success)
    return { wrong: 'accepted with what is not the output of the contract' }
  return { accepted: true }
}

const isReason = (text: string): text is Reason => Object.hasOwn(REASONS, text)
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const only = (value: object, known: readonly string[]): boolean =>
  Object.keys(value).every((key) => known.includes(key))

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
