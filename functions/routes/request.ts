// Checks a request before the contract parses it. It must be one POST call with at most 64 KB of JSON that is
// not nested too deep and has a canonical form.
import { Refused, refusal, refuse } from '../domain/refusal.ts'

export const BODY_MAX_BYTES = 64 * 1024
export const BODY_MAX_DEPTH = 16
const LOGGED_PATH_CHARACTERS = 200

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A refusal with status 415 instead of 400. */
export class WrongContentType extends Refused {}

/**
 * Returns the checked value of the body of a call, or undefined for an empty body.
 *
 * @throws Refused `method_unsupported`, `input_invalid`, `too_large`
 */
export async function readBody(request: Request): Promise<unknown> {
  if (request.method !== 'POST') refuse('method_unsupported')
  if (request.url.includes('?') && new URL(request.url).searchParams.has('batch'))
    refuse('input_invalid', { message: 'Batches are not supported: send one call per request.' })
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new WrongContentType(
      refusal('input_invalid', { message: 'The body must be application/json.' }),
    )
  }
  const text = await readText(request)
  if (text === '') return undefined
  const value = parse(text)
  checkShape(value, 1)
  return value
}

/**
 * Returns the path of an address for the log, at most 200 characters of it. workerd leaves controls of a terminal in an
 * address, so everything outside printable ASCII is encoded. Hono's path is decoded, and `new URL` takes about 10 µs.
 *
 * @example pathOf('http://localhost/demo/v1/policy/check?a=1') // '/demo/v1/policy/check'
 */
export function pathOf(url: string): string {
  const [, path = ''] = /^[^:]+:\/\/[^/?#]*([^?#]*)/.exec(url) ?? []
  const sent = path.slice(0, LOGGED_PATH_CHARACTERS).toWellFormed()
  return sent.replace(/[^!-~]/gu, encodeURIComponent).slice(0, LOGGED_PATH_CHARACTERS)
}

/**
 * Returns the country of a request (ISO 3166-1) from Cloudflare's data, because any caller can send a header.
 */
export function countryOf({ cf }: Request): string | undefined {
  const country = cf?.country
  // Cloudflare reports T1 for Tor.
  return typeof country === 'string' && /^[A-Z]{2}$/.test(country) ? country : undefined
}

async function readText(request: Request): Promise<string> {
  const bytes = await readBytes(request)
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return refuse('input_invalid', { message: 'The body is not UTF-8.' })
  }
}

async function readBytes(request: Request): Promise<Uint8Array> {
  const declared = request.headers.get('content-length')
  if (Number(declared ?? 0) > BODY_MAX_BYTES) refuse('too_large')
  // The runtime reads no more bytes than were declared.
  if (declared !== null) {
    const bytes = await request.bytes()
    return bytes.length > BODY_MAX_BYTES ? refuse('too_large') : bytes
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body ?? []) {
    length += chunk.length
    if (length > BODY_MAX_BYTES) refuse('too_large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return refuse('input_invalid', { message: 'The body is not JSON.' })
  }
}

/**
 * Makes sure that a value is not nested too deep, has no key `__proto__`, and has a canonical form (RFC 8785).
 * Later comparisons, bindings and hashes rely on this.
 */
function checkShape(value: unknown, depth: number): void {
  if (typeof value === 'number' && !Number.isFinite(value))
    refuse('input_invalid', {
      message: 'The body contains a number that is too large: send it as a text.',
    })
  if (typeof value === 'string' && !value.isWellFormed())
    refuse('input_invalid', {
      message: 'The body contains a text that is not well-formed Unicode.',
    })
  if (typeof value !== 'object' || value === null) return
  if (depth > BODY_MAX_DEPTH)
    refuse('input_invalid', { message: `The body is nested deeper than ${BODY_MAX_DEPTH} levels.` })
  if (Object.hasOwn(value, '__proto__'))
    refuse('input_invalid', { message: 'The body contains a key named __proto__.' })
  for (const [key, member] of Object.entries(value)) {
    checkShape(key, depth)
    checkShape(member, depth + 1)
  }
}
