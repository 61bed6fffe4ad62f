// Calls the procedures of the tRPC router for both protocols: tRPC's own, and the HTTP API with plain JSON in and out
// and refusals as problem details (RFC 9457). A procedure is its input schema, its resolver and its output schema. They
// are called one after the other here, because tRPC's own way copies every call once for each of them.
import type * as z from 'zod'
import { REASONS } from '../../contract/index.ts'
import { type Caller, type Context, identify } from '../callers/identify.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { describeIssue, type Issue } from '../errors.ts'
import { appRouter } from '../router.ts'
import type { ProcedureMeta } from '../trpc.ts'

export const PROBLEM_TYPE = 'application/problem+json'

/** What tRPC knows of a procedure. Its types name neither the resolver nor the middlewares. */
interface Definition {
  meta: ProcedureMeta
  inputs: [z.ZodType]
  output?: z.ZodType
  middlewares: unknown[]
  resolver: (call: { ctx: Context & { caller: Caller }; input: unknown }) => Promise<unknown>
}

type Named = Record<string, { _def: Definition }>
/** All procedures by their names. */
const procedures = new Map(
  Object.entries(appRouter._def.procedures as unknown as Named).map(([name, { _def }]) => [
    name,
    asCalledHere(name, _def),
  ]),
)

/** Makes sure that a procedure consists of the three parts that are called here, and of nothing else. */
function asCalledHere(name: string, procedure: Definition): Definition {
  const parts = [...procedure.inputs, procedure.output, procedure.resolver].filter(Boolean)
  if (procedure.inputs.length !== 1 || procedure.middlewares.length !== parts.length)
    throw new Error(`${name} has a part that no call would run.`)
  return procedure
}

/**
 * Identifies the caller, and calls a procedure.
 *
 * @param name for example `policy.check`
 * @param input the checked value of the body
 * @returns what the procedure answers
 * @throws Refused every refusal of the procedure, `not_found` for one that does not exist, `input_invalid`
 * @example await callProcedure('policy.check', { action: 'order.refund' }, context)
 */
export async function callProcedure(
  name: string,
  input: unknown,
  context: Context,
): Promise<unknown> {
  const { meta, inputs, output, resolver } = procedures.get(name) ?? refuse('not_found')
  const caller = await identify(context, meta.callers)
  const read = inputs[0].safeParse(input)
  if (!read.success) refuse('input_invalid', describeIssue(read.error.issues as Issue[]))
  const answer = await resolver({ ctx: { ...context, caller }, input: read.data })
  return output ? output.parse(answer) : answer
}

/** Returns the problem details of a refusal (RFC 9457, section 3). */
export const problemOf = ({ message, reason, ...more }: Refusal, status: number) => ({
  type: `urn:countersign:reason:${reason}`,
  title: REASONS[reason].message,
  status,
  detail: message,
  reason,
  ...more,
})
