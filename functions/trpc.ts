// The tRPC builder of procedures. Each procedure starts with `calledBy(…)`, which names who may call it.
import { initTRPC, TRPCError } from '@trpc/server'
import { type Caller, type Context, identify } from './callers/identify.ts'
import { Refused } from './domain/refusal.ts'
import { codeOf, type ErrorData, refusalOf } from './errors.ts'

/** What a procedure says about itself. The description of the HTTP API reads it. */
export interface ProcedureMeta {
  callers: Caller['kind'][]
}

const t = initTRPC
  .context<Context>()
  .meta<ProcedureMeta>()
  .create({
    errorFormatter: ({ shape, error }) => {
      const { message, ...data } = refusalOf(error)
      return { message, code: shape.code, data: data satisfies ErrorData as ErrorData }
    },
  })

export const { router } = t

const refusing = t.procedure.use(async ({ next }) => {
  const result = await next()
  if (!result.ok && result.error.cause instanceof Refused) {
    const { reason, message } = result.error.cause.refusal
    throw new TRPCError({ code: codeOf(reason), message, cause: result.error.cause })
  }
  return result
})

/**
 * Creates a procedure for some kinds of caller. Its `ctx.caller` is a verified caller of one of these kinds.
 *
 * @example calledBy('subject').input(NoInput).query(({ ctx: { caller } }) => caller.object.list({ who: caller.who }))
 */
export const calledBy = <K extends Caller['kind']>(...kinds: K[]) =>
  refusing.meta({ callers: kinds }).use(async ({ ctx, next }) => {
    const caller = await identify(ctx, kinds)
    return next({ ctx: { ...ctx, caller } })
  })
