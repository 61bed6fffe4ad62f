// subject.*: operators view one user and make changes for them. Each change is recorded in the user's history.
import {
  EndTokensResult,
  ResetFactorsResult,
  SubjectReference,
  SubjectView,
  UnlockResult,
} from '../../contract/index.ts'
import type { OperatorCaller } from '../callers/operator.ts'
import { whoIs } from '../callers/subject.ts'
import { OPERATOR_ENVIRONMENT } from '../domain/operators.ts'
import { refuse, unwrap } from '../domain/refusal.ts'
import { subjectObject } from '../edge/objects.ts'
import { openFor } from '../edge/operator-environment.ts'
import type { Bindings } from '../env.ts'
import { authorize } from '../steps/authorize.ts'
import { calledBy, router } from '../trpc.ts'

export const subjectRouter = router({
  get: calledBy('operator')
    .input(SubjectReference)
    .output(SubjectView)
    .query(async ({ ctx: { caller, bindings }, input }) => {
      const { object, call } = await reach(bindings, caller, input)
      return object.view(call)
    }),

  unlock: calledBy('operator')
    .input(SubjectReference)
    .output(UnlockResult)
    .mutation(async ({ ctx, input }) => {
      const { object, call } = await reach(ctx.bindings, ctx.caller, input)
      await authorize(ctx, 'subject.unlock', input)
      unwrap(await object.unlock(call))
      return { unlocked: true as const }
    }),

  resetFactors: calledBy('operator')
    .input(SubjectReference)
    .output(ResetFactorsResult)
    .mutation(async ({ ctx, input }) => {
      refuseOperators(input)
      const { object, call } = await reach(ctx.bindings, ctx.caller, input)
      await authorize(ctx, 'subject.resetFactors', input)
      return unwrap(await object.resetFactors(call))
    }),

  endTokens: calledBy('operator')
    .input(SubjectReference)
    .output(EndTokensResult)
    .mutation(async ({ ctx, input }) => {
      const { object, call } = await reach(ctx.bindings, ctx.caller, input)
      await authorize(ctx, 'subject.endTokens', input)
      return unwrap(await object.endTokens(call))
    }),
})

/**
 * Refuses to reset the factors of an operator: with the reset, a stolen key could enroll factors of its own. An
 * operator who lost their factors gets a new key instead.
 */
function refuseOperators({ environment }: SubjectReference): void {
  if (environment === OPERATOR_ENVIRONMENT)
    refuse('forbidden', {
      message: 'An operator’s factors cannot be reset: revoke the operator and add a new one.',
    })
}

async function reach(
  bindings: Bindings,
  { name: operator }: OperatorCaller,
  input: SubjectReference,
) {
  const environment = await openFor(bindings, input.environment)
  const call = { who: whoIs(environment, input.subject), operator, reason: input.reason }
  return { object: subjectObject(bindings, environment.id, input.subject), call }
}
