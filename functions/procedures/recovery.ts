// recovery.*: the codes for the day when every factor is lost.
import { AcknowledgeResult, NoInput, RecoveryCodesResult } from '../../contract/index.ts'
import { refuse, unwrap } from '../domain/refusal.ts'
import { calledBy, router } from '../trpc.ts'
import { gateOf } from './gate.ts'

export const recoveryRouter = router({
  regenerate: calledBy('subject')
    .input(NoInput)
    .output(RecoveryCodesResult)
    .mutation(async ({ ctx: { caller, headers } }) => {
      if (!caller.environment.offered.recovery) {
        refuse('method_not_allowed', { message: 'This environment does not offer recovery codes.' })
      }
      const gate = await gateOf(caller, headers, 'credential.update')
      return unwrap(await caller.object.regenerateCodes({ who: caller.who, gate }))
    }),

  acknowledge: calledBy('subject')
    .input(NoInput)
    .output(AcknowledgeResult)
    .mutation(async ({ ctx: { caller } }) => unwrap(await caller.object.acknowledgeCodes(caller))),
})
