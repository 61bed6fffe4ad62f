// Making a call that fails smaller, as long as it still does.
import type { Call } from './calls.ts'
import { withMember, without } from './inputs.ts'

const MOST_TRIES = 200

/** The smallest call found that still fails. */
export async function shrink(call: Call, fails: (call: Call) => Promise<boolean>): Promise<Call> {
  let smallest = call
  let tries = 0
  let found = true
  while (found) {
    found = false
    for (const smaller of smallerThan(smallest)) {
      tries += 1
      if (tries > MOST_TRIES) return smallest
      if (!(await fails(smaller))) continue
      smallest = smaller
      found = true
      break
    }
  }
  return smallest
}

function* smallerThan(call: Call): Generator<Call> {
  for (const name of Object.keys(call.headers)) {
    const { [name]: _gone, ...headers } = call.headers
    yield { ...call, headers }
  }
  if (call.country !== undefined) yield { ...call, country: undefined }
  if (typeof call.body !== 'string') return
  const parsed = parse(call.body)
  if (parsed === undefined) {
    const half = call.body.length >> 1
    if (half > 0) {
      yield { ...call, body: call.body.slice(0, half) }
      yield { ...call, body: call.body.slice(half) }
    }
    return
  }
  for (const value of smallerValues(parsed.value)) yield { ...call, body: JSON.stringify(value) }
}

function* smallerValues(value: unknown): Generator<unknown> {
  if (typeof value === 'string' && value.length > 1) {
    yield value.slice(0, value.length >> 1)
    yield value.slice(value.length >> 1)
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value)) {
    yield without(value, key)
    for (const smaller of smallerValues(member)) yield withMember(value, key, smaller)
  }
}

function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
