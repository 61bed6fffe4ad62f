// The body of a request: JSON, at most 64 KB, not deeper than anything that is asked for, and parsed
// once. What a schema does not name is refused, so nothing unseen rides along.
import { createMiddleware } from 'hono/factory'
import type * as z from 'zod/mini'
import { refuse } from './problem.ts'

const BODY_MAX_BYTES = 64 * 1024
const BODY_MAX_DEPTH = 16

/**
 * Reads the body of a request into `c.var.input`.
 *
 * @example api.post('/sign-in', input(SignInRequest), (c) => c.json(c.var.input.name))
 */
export const input = <Schema extends z.ZodMiniType>(schema: Schema) =>
  createMiddleware<{ Variables: { input: z.infer<Schema> } }>(async (c, next) => {
    const parsed = schema.safeParse(await readJson(c.req.raw))
    if (!parsed.success) refuse('input_invalid', describe(parsed.error))
    c.set('input', parsed.data)
    await next()
  })

/** The body as a value; nothing at all is an empty object, for what takes no input. */
async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type')
  if (type !== null && !/^application\/json\s*(;|$)/i.test(type)) refuseType()
  const text = await readText(request)
  if (text === '') return {}
  if (type === null) refuseType()
  const value = parse(text)
  checkShape(value, 1)
  return value
}

const refuseType = () => refuse('content_type_unsupported', 'Send the body as application/json.')

async function readText(request: Request): Promise<string> {
  const tooLarge = () => refuse('too_large', `A body has at most ${BODY_MAX_BYTES} bytes.`)
  if (Number(request.headers.get('content-length') ?? 0) > BODY_MAX_BYTES) tooLarge()
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body ?? []) {
    length += chunk.length
    if (length > BODY_MAX_BYTES) tooLarge()
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks))
  } catch {
    return refuse('input_invalid', 'The body is not UTF-8.')
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return refuse('input_invalid', 'The body is not JSON.')
  }
}

/** Not too deep, no key that could reach a prototype, no text that has more than one spelling. */
function checkShape(value: unknown, depth: number): void {
  if (typeof value === 'string' && !value.isWellFormed())
    refuse('input_invalid', 'The body contains a text that is not well-formed Unicode.')
  if (typeof value !== 'object' || value === null) return
  if (depth > BODY_MAX_DEPTH)
    refuse('input_invalid', `The body is nested deeper than ${BODY_MAX_DEPTH} levels.`)
  if (Object.hasOwn(value, '__proto__'))
    refuse('input_invalid', 'The body contains a key named __proto__.')
  for (const member of Object.values(value)) checkShape(member, depth + 1)
}

/** The first thing that is wrong, and where. */
function describe({ issues: [issue] }: z.core.$ZodError): string {
  const place = issue?.path.join('.') || 'the body'
  return `${place}: ${issue ? sentenceOf(issue) : 'not valid'}.`
}

/** zod/mini brings no sentences of its own; a schema's own stand. */
function sentenceOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `${issue.keys.join(', ')} is not known here`
  if (issue.code === 'invalid_type') return `must be of the type ${issue.expected}`
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`
  return issue.message === 'Invalid input' ? 'is not what it must be' : issue.message
}
