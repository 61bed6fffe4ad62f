// The tRPC builder of procedures. Each procedure starts with `calledBy(…)`, which names who may call it.
import { initTRPC } from '@trpc/server'
import { type Caller, type Context, identify } from './callers/identify.ts'

/** What a procedure says about itself. The description of the HTTP API reads it. */
export interface ProcedureMeta {
  callers: Caller['kind'][]
}

const t = initTRPC.context<Context>().meta<ProcedureMeta>().create()

export const { router } = t

/**
 * Creates a procedure for some kinds of caller. Its `ctx.caller` is a verified caller of one of these kinds.
 *
 * @example calledBy('subject').input(NoInput).query(({ ctx: { caller } }) => caller.object.list({ who: caller.who }))
 */
export const calledBy = <K extends Caller['kind']>(...kinds: K[]) =>
  t.procedure.meta({ callers: kinds }).use(async ({ ctx, next }) => {
    const caller = await identify(ctx, kinds)
    return next({ ctx: { caller } })
  })
