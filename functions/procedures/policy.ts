// policy.*: whether an action needs a step-up, and the rules of a resource.
import {
  displayPartOf,
  NoInput,
  PolicyCheckInput,
  PolicyDecision,
  PolicyList,
  PolicySimulateInput,
  PolicySimulateResult,
} from '../../contract/index.ts'
import type { Context } from '../callers/identify.ts'
import type { ResourceCaller } from '../callers/resource.ts'
import { type SubjectCaller, whoIs } from '../callers/subject.ts'
import { checkDetails } from '../domain/details/details-schema.ts'
import { decide, isDenied, observedBy } from '../domain/policy/policy.ts'
import { refuse } from '../domain/refusal.ts'
import { countCheck } from '../edge/counting.ts'
import { subjectObject } from '../edge/objects.ts'
import { type About, actionFor, ruleAndUser } from '../steps/effective-rule.ts'
import { passedSession } from '../steps/passed-session.ts'
import { simulate } from '../steps/simulate.ts'
import { calledBy, router } from '../trpc.ts'

export const policyRouter = router({
  check: calledBy('subject', 'resource')
    .input(PolicyCheckInput)
    .output(PolicyDecision)
    .query(async ({ ctx, input }) => {
      const { environment } = ctx.caller
      const action = actionFor(ctx.caller, input)
      if (input.details) checkDetails(input.details, action)
      const about = await aboutCall(ctx, ctx.caller, input)
      const { inEffect, user } = await ruleAndUser(about, action, input.details)
      const decision = decide(inEffect, user, environment.offered)
      const observed = observedBy(inEffect, user, environment.offered)
      if (observed) {
        const { object, who } = about
        await object.noteObserved({ who, action: action.action, decision: observed })
      }
      countCheck(environment.id, decision, observed !== undefined)
      const isShown = ctx.caller.kind === 'subject' && input.details
      const display = isShown && displayPartOf(action.detailsSchema)
      return { ...decision, ...(display && { display }) }
    }),

  simulate: calledBy('operator')
    .input(PolicySimulateInput)
    .output(PolicySimulateResult)
    .query(({ ctx: { bindings }, input }) => simulate(bindings, input)),

  list: calledBy('resource')
    .input(NoInput)
    .output(PolicyList)
    .query(({ ctx }) => {
      const { environment, audience } = ctx.caller
      const own = environment.actions.filter((action) => action.audience === audience)
      const actions = own.map(({ action, scope, rule, conditional }) => {
        const { acr, singleUse, freshnessSeconds, details, acceptsMfaToken, dpop, mode } = rule
        // An empty list makes the guard ask for a decision before it accepts a token.
        const methods = isDenied(rule) ? [] : rule.methods
        return {
          action,
          scope,
          methods,
          acr,
          singleUse,
          freshnessSeconds,
          details,
          acceptsMfaToken,
          dpop,
          mode,
          conditional,
        }
      })
      return { version: environment.version, epoch: environment.epoch, audience, actions }
    }),
})

/** Returns whom a call is about: the caller, or the user whom a resource names. */
async function aboutCall(
  ctx: Context,
  caller: SubjectCaller | ResourceCaller,
  { subject, context }: Pick<PolicyCheckInput, 'subject' | 'context'>,
): Promise<About> {
  if (caller.kind === 'subject') {
    if (subject !== undefined)
      refuse('input_invalid', {
        message: 'Only a resource may send `subject`: leave it out to ask for the signed-in user.',
      })
    if (context !== undefined)
      refuse('input_invalid', {
        message: 'Only a resource may send `context`: leave it out.',
      })
    return caller
  }
  if (subject === undefined)
    refuse('input_invalid', {
      message: '`subject` is missing: name the user whom you authenticated.',
    })
  const { environment } = caller
  const session = await passedSession(ctx, caller, subject, context)
  return {
    who: whoIs(environment, subject),
    object: subjectObject(ctx.bindings, environment.id, subject),
    country: () => context?.country,
    ...(session && { session }),
  }
}
