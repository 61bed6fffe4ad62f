// Calls the procedures of the tRPC router for both protocols: tRPC's own, and the HTTP API with plain JSON in and out
// and refusals as problem details (RFC 9457).
import { TRPCError } from '@trpc/server'
import { REASONS } from '../../contract/index.ts'
import type { Context } from '../callers/identify.ts'
import { type Refusal, Refused, refuse } from '../domain/refusal.ts'
import { refusalOf } from '../errors.ts'
import { appRouter } from '../router.ts'

export const PROBLEM_TYPE = 'application/problem+json'

/**
 * Calls a procedure.
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
  if (!Object.hasOwn(appRouter._def.procedures, name)) refuse('not_found')
  const [noun = '', verb = ''] = name.split('.')
  const caller = appRouter.createCaller(context) as unknown as Record<
    string,
    Record<string, (input: unknown) => Promise<unknown>>
  >
  try {
    return await caller[noun]?.[verb]?.(input)
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
