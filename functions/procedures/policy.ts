// policy.*: is a step-up needed for this action, and what are the rules of this resource?
import { NoInput, PolicyCheckInput, PolicyDecision, PolicyList } from '../../contract/index.ts'
import { bindDetails } from '../domain/details.ts'
import { type Action, type ActionName, findAction } from '../domain/policy.ts'
import { refuse } from '../domain/refusal.ts'
import { subjectObject } from '../state/objects.ts'
import {
  type Context,
  calledBy,
  type ResourceCaller,
  router,
  type SubjectCaller,
  whoIs,
} from '../trpc.ts'

export const policyRouter = router({
  check: calledBy('subject', 'resource')
    .input(PolicyCheckInput)
    .output(PolicyDecision)
    .query(async ({ ctx, input }) => {
      const { environment } = ctx.caller
      const action = actionFor(ctx.caller, input)
      if (input.details) bindDetails(input.details, action.action)
      const { who, object } = userOf(ctx, ctx.caller, input.subject)
      return object.check({ who, action, offered: environment.offered })
    }),

  list: calledBy('resource')
    .input(NoInput)
    .output(PolicyList)
    .query(({ ctx }) => {
      const { environment, audience } = ctx.caller
      const own = environment.actions.filter((action) => action.audience === audience)
      const actions = own.map(({ action, scope, rule, conditional }) => {
        const { methods, acr, singleUse, freshnessSeconds, details, acceptsMfaToken, mode } = rule
        return {
          action,
          scope,
          methods,
          acr,
          singleUse,
          freshnessSeconds,
          details,
          acceptsMfaToken,
          mode,
          conditional,
        }
      })
      return { version: environment.version, epoch: environment.epoch, actions }
    }),
})

/**
 * The action that a caller names; a resource may name those of its own audience alone.
 *
 * @throws Refused `unknown_action`, `forbidden`
 */
export function actionFor(caller: SubjectCaller | ResourceCaller, name: ActionName): Action {
  const action = findAction(caller.environment.actions, name)
  if (caller.kind === 'resource' && action.audience !== caller.audience) {
    refuse('forbidden', { message: 'This action belongs to another resource.' })
  }
  return action
}

/** The user whom a call is about: the caller, or the one whom a resource names. */
function userOf(ctx: Context, caller: SubjectCaller | ResourceCaller, subject: string | undefined) {
  if (caller.kind === 'subject') {
    if (subject !== undefined)
      refuse('input_invalid', {
        message: '`subject` is for a resource: a user asks for themselves.',
      })
    return caller
  }
  if (subject === undefined)
    refuse('input_invalid', {
      message: '`subject` is missing: name the user whom you authenticated.',
    })
  const { environment } = caller
  return {
    who: whoIs(environment, subject),
    object: subjectObject(ctx.bindings, environment.id, subject),
  }
}
