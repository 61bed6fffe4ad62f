// Calls the procedures of the tRPC router for both protocols: tRPC's own, and the HTTP API with plain JSON in and out
// and refusals as problem details (RFC 9457). Calls the input schema, the resolver and the output schema of a procedure
// one after the other, because tRPC's chain of middlewares copies the call for each of them.
import type * as z from 'zod/mini'
import { REASONS } from '../../contract/index.ts'
import { type Caller, type Context, identify } from '../callers/identify.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { describeIssue, type Issue } from '../errors.ts'
import { appRouter } from '../router.ts'
import type { ProcedureMeta } from '../trpc.ts'

export const PROBLEM_TYPE = 'application/problem+json'

/** The parts of a procedure. tRPC's types omit the resolver and the middlewares. */
interface Parts {
  meta: ProcedureMeta
  inputs: [z.ZodMiniType]
  output: z.ZodMiniType
  middlewares: unknown[]
  resolver: (call: { ctx: Context & { caller: Caller }; input: unknown }) => Promise<unknown>
}

type Named = Record<string, { _def: Parts }>
/** The parts of all procedures by their names. */
const procedures = new Map(
  Object.entries(appRouter._def.procedures as unknown as Named).map(([name, { _def }]) => [
    name,
    checked(name, _def),
  ]),
)

/**
 * Makes sure that a procedure has one input schema, one output schema, a resolver and nothing else.
 *
 * @throws Error for any other, so that the Worker does not start
 */
export function checked(name: string, parts: Parts): Parts {
  if (parts.inputs.length !== 1 || !parts.output || parts.middlewares.length !== 3)
    throw new Error(
      `${name} must have one input schema, one output schema and no middleware: callProcedure runs nothing else.`,
    )
  return parts
}

/**
 * Identifies the caller, and calls a procedure. Its schemas must be synchronous.
 *
 * @param name for example `policy.check`
 * @param input the checked value of the body
 * @returns what the procedure answers
 * @throws Refused `not_found` for an unknown procedure, `input_invalid`, and every refusal of the procedure
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
  return output.parse(await resolver({ ctx: { ...context, caller }, input: read.data }))
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
