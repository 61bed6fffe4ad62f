// Making a call, and the log of the Worker while it is made. A call that does not end in time hangs.
import { type Call, requestOf } from './calls.ts'
import type { Door } from './doors.ts'
import { judge, type Outcome } from './holds.ts'
import type { Lab } from './lab.ts'

/** On a machine with nothing else to do a call takes about a millisecond. */
export const LONGEST_MILLISECONDS = 10_000
const LOG_LINES = 2_000

export interface Shot {
  outcome: Outcome
  status: number
  text: string
  milliseconds: number
}

/** Faults by the id of their request, as the Worker's log tells them. */
const faults = new Map<string, string>()
let counted = 0

/** Reads the log instead of printing it; returns what puts it back, and does the same with `fetch`. */
export function takeLog(): () => void {
  const { log } = console
  const { fetch } = globalThis
  console.log = (line: unknown) => {
    if (typeof line !== 'string' || !line.includes('"fault"')) return
    const { requestId, fault } = JSON.parse(line)
    if (faults.size < LOG_LINES) faults.set(requestId, fault)
  }
  // Nothing leaves this machine: a key set that is asked for is not there.
  globalThis.fetch = async () => new Response(null, { status: 404 })
  return () => {
    console.log = log
    globalThis.fetch = fetch
  }
}

/** Makes one call; undefined for one that no client could send. */
export async function shoot(lab: Lab, door: Door, call: Call): Promise<Shot | undefined> {
  const id = `fuzz-${(counted++).toString(36)}`
  const request = requestOf({ ...call, headers: { ...call.headers, 'cf-ray': id } })
  if (!request) return undefined
  const startedAt = performance.now()
  const { answer, timer } = withinTime(lab, request)
  const shot = await answer.catch((error: Error) => ({ wrong: `threw ${error.message}` }))
  clearTimeout(timer)
  const milliseconds = performance.now() - startedAt
  if ('wrong' in shot) return { outcome: shot, status: 0, text: '', milliseconds }
  const fault = faults.get(id)
  faults.delete(id)
  const { status, text } = shot
  return { outcome: judge(door, call, shot, fault), status, text, milliseconds }
}

function withinTime(lab: Lab, request: Request) {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const hangs = new Error(`no answer within ${LONGEST_MILLISECONDS} ms`)
    timer = setTimeout(() => reject(hangs), LONGEST_MILLISECONDS)
  })
  const asked = async () => {
    const response = await lab.fetch(request)
    return {
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      cache: response.headers.get('cache-control') ?? '',
      text: await response.text(),
    }
  }
  return { answer: Promise.race([asked(), late]), timer }
}
