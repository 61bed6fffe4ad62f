// The tRPC builder of procedures. Each procedure starts with `calledBy(…)`, which names who may call it.
import { initTRPC } from '@trpc/server'
import type { Caller, Context } from './callers/identify.ts'

/** What a procedure says about itself. The description of the HTTP API reads it. */
export interface ProcedureMeta {
  callers: Caller['kind'][]
}

const t = initTRPC.context<Context>().meta<ProcedureMeta>().create()

export const { router } = t

/**
 * Creates a procedure for some kinds of caller. Its `ctx.caller` is a verified caller of one of these kinds:
 * `callProcedure` identifies it before it calls. A procedure has one `input`, one `output` and no middleware, or the
 * Worker does not start.
 *
 * @example calledBy('subject').input(NoInput).query(({ ctx: { caller } }) => caller.object.list({ who: caller.who }))
 */
export const calledBy = <K extends Caller['kind']>(...kinds: K[]) =>
  initTRPC
    .context<Context & { caller: Extract<Caller, { kind: K }> }>()
    .meta<ProcedureMeta>()
    .create()
    .procedure.meta({ callers: kinds })
