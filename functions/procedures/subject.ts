// subject.*: what an operator sees of one user and does for them. Each change is in the user's history.
import {
  EndTokensResult,
  ResetFactorsResult,
  SubjectReference,
  SubjectView,
  UnlockResult,
} from '../../contract/index.ts'
import { unwrap } from '../domain/refusal.ts'
import type { Bindings } from '../env.ts'
import { subjectObject } from '../state/objects.ts'
import { openEnvironment } from '../state/published.ts'
import { calledBy, type OperatorCaller, router, whoIs } from '../trpc.ts'

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
    .mutation(async ({ ctx: { caller, bindings }, input }) => {
      const { object, call } = await reach(bindings, caller, input)
      unwrap(await object.unlock(call))
      return { unlocked: true as const }
    }),

  resetFactors: calledBy('operator')
    .input(SubjectReference)
    .output(ResetFactorsResult)
    .mutation(async ({ ctx: { caller, bindings }, input }) => {
      const { object, call } = await reach(bindings, caller, input)
      return unwrap(await object.resetFactors(call))
    }),

  endTokens: calledBy('operator')
    .input(SubjectReference)
    .output(EndTokensResult)
    .mutation(async ({ ctx: { caller, bindings }, input }) => {
      const { object, call } = await reach(bindings, caller, input)
      return unwrap(await object.endTokens(call))
    }),
})

async function reach(
  bindings: Bindings,
  { name: operator }: OperatorCaller,
  input: SubjectReference,
) {
  const environment = await openEnvironment(bindings, input.environment)
  const call = { who: whoIs(environment, input.subject), operator, reason: input.reason }
  return { object: subjectObject(bindings, environment.id, input.subject), call }
}
