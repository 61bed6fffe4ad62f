// recovery.*: the recovery codes, for users who have lost every factor.
import { AcknowledgeResult, NoInput, RecoveryCodesResult } from '../../contract/index.ts'
import { unwrap } from '../domain/refusal.ts'
import { checkOffered, gateOf } from '../steps/factor-gate.ts'
import { calledBy, router } from '../trpc.ts'

export const recoveryRouter = router({
  regenerate: calledBy('subject')
    .input(NoInput)
    .output(RecoveryCodesResult)
    .mutation(async ({ ctx }) => {
      const { caller } = ctx
      checkOffered(caller.environment, 'recovery')
      const gate = await gateOf(ctx, 'credential.update')
      return unwrap(await caller.object.regenerateCodes({ who: caller.who, gate }))
    }),

  acknowledge: calledBy('subject')
    .input(NoInput)
    .output(AcknowledgeResult)
    .mutation(async ({ ctx: { caller } }) =>
      unwrap(await caller.object.acknowledgeCodes({ who: caller.who })),
    ),
})
