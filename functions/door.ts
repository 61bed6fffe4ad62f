// The door of the contract: what a request must be before any of it is looked at. POST, JSON with a
// canonical form, one call, at most 64 KB and not deeper than anything in the contract.
import { Refused, refusal, refuse } from './domain/refusal.ts'

export const BODY_MAX_BYTES = 64 * 1024
export const BODY_MAX_DEPTH = 16

/** Said with status 415 instead of 400. */
export class WrongContentType extends Refused {}

/**
 * The body of a call, as JSON text that was looked through.
 *
 * @throws Refused `method_unsupported`, `input_invalid`, `too_large`
 */
export async function readBody(request: Request): Promise<string> {
  if (request.method !== 'POST') refuse('method_unsupported')
  if (new URL(request.url).searchParams.has('batch'))
    refuse('input_invalid', { message: 'Calls are made one by one, not in batches.' })
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new WrongContentType(
      refusal('input_invalid', { message: 'The body must be application/json.' }),
    )
  }
  const text = await readText(request)
  if (text !== '') checkShape(parse(text), 1)
  return text
}

/**
 * Where a request comes from (ISO 3166-1), as Cloudflare tells it: a header could be anybody's word.
 */
export function countryOf({ cf }: Request): string | undefined {
  const country = cf?.country
  // Tor is T1.
  return typeof country === 'string' && /^[A-Z]{2}$/.test(country) ? country : undefined
}

async function readText(request: Request): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > BODY_MAX_BYTES) refuse('too_large')
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body ?? []) {
    length += chunk.length
    if (length > BODY_MAX_BYTES) refuse('too_large')
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks))
  } catch {
    return refuse('input_invalid', { message: 'The body is not UTF-8.' })
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return refuse('input_invalid', { message: 'The body is not JSON.' })
  }
}

/**
 * What is handed on is not too deep, no key in it could reach a prototype, and all of it has a
 * canonical form (RFC 8785): whatever is compared, bound or stored later relies on that.
 */
function checkShape(value: unknown, depth: number): void {
  if (typeof value === 'number' && !Number.isFinite(value))
    refuse('input_invalid', { message: 'The body holds a number that is too large for one.' })
  if (typeof value === 'string' && !value.isWellFormed())
    refuse('input_invalid', { message: 'The body holds a text that is not well-formed unicode.' })
  if (typeof value !== 'object' || value === null) return
  if (depth > BODY_MAX_DEPTH)
    refuse('input_invalid', { message: `The body is nested deeper than ${BODY_MAX_DEPTH} levels.` })
  if (Object.hasOwn(value, '__proto__'))
    refuse('input_invalid', { message: 'The body holds a key named __proto__.' })
  for (const [key, member] of Object.entries(value)) {
    checkShape(key, depth)
    checkShape(member, depth + 1)
  }
}
