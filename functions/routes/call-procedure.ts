// Calls the procedures of the tRPC router for both protocols: tRPC's own, and the HTTP API with plain JSON in and out
// and refusals as problem details (RFC 9457).
import { type AnyProcedure, TRPCError } from '@trpc/server'
import { REASONS } from '../../contract/index.ts'
import { type Context, identify } from '../callers/identify.ts'
import { type Refusal, Refused, refuse } from '../domain/refusal.ts'
import { refusalOf } from '../errors.ts'
import { appRouter } from '../router.ts'
import type { ProcedureMeta } from '../trpc.ts'

export const PROBLEM_TYPE = 'application/problem+json'

type Named = AnyProcedure & { _def: { meta: ProcedureMeta } }
/** All procedures by their names. tRPC types them as they are nested. */
const procedures = new Map(
  Object.entries(appRouter._def.procedures as unknown as Record<string, Named>),
)

/**
 * Identifies the caller, and calls a procedure.
 *
 * @param name for example `policy.check`
 * @param input the checked value of the body
 * @returns what the procedure answers
 * @throws Refused every refusal of the procedure, `not_found` for one that does not exist
 * @example await callProcedure('policy.check', { action: 'order.refund' }, context)
 */
export async function callProcedure(
  name: string,
  input: unknown,
  context: Context,
): Promise<unknown> {
  const procedure = procedures.get(name) ?? refuse('not_found')
  const caller = await identify(context, procedure._def.meta.callers)
  try {
    return await procedure({
      ...{ ctx: { ...context, caller }, path: name, type: procedure._def.type, batchIndex: 0 },
      ...{ getRawInput: async () => input, input: undefined, signal: undefined },
    })
  } catch (error) {
    if (!(error instanceof TRPCError)) throw error
    if (error.cause instanceof Refused) throw error.cause
    const isBug = error.code === 'INTERNAL_SERVER_ERROR'
    throw new Refused(refusalOf(error), isBug ? { cause: error.cause ?? error } : {})
  }
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
