// factor.*: the user's factors. Every change after the first factor needs a step-up.
import {
  FactorConfirmInput,
  FactorConfirmResult,
  FactorEnrollInput,
  FactorEnrollResult,
  FactorListResult,
  FactorReference,
  FactorRenameInput,
  FactorsResult,
  NoInput,
} from '../../contract/index.ts'
import { random } from '../clock.ts'
import { newFactorId } from '../domain/names.ts'
import { unwrap } from '../domain/refusal.ts'
import { enrollPurpose } from '../domain/tokens/challenge.ts'
import { sessionKey } from '../domain/tokens/session.ts'
import { checkChallenge } from '../steps/challenge.ts'
import { enrollPasskey, enrollTotp } from '../steps/enrollment.ts'
import { checkOffered, firstFactorOf, gateOf } from '../steps/factor-gate.ts'
import { calledBy, router } from '../trpc.ts'

export const factorRouter = router({
  list: calledBy('subject')
    .input(NoInput)
    .output(FactorListResult)
    .query(async ({ ctx: { caller } }) => {
      const listed = await caller.object.list({ who: caller.who })
      const mustEnroll = caller.environment.settings.enrollment === 'onboarding' && !listed.enrolled
      return { ...listed, mustEnroll }
    }),

  enroll: calledBy('subject')
    .input(FactorEnrollInput)
    .output(FactorEnrollResult)
    .mutation(async ({ ctx, input }) => {
      const { caller } = ctx
      checkOffered(caller.environment, input.kind)
      const gate = await gateOf(ctx, 'credential.link')
      const first = await firstFactorOf(caller, input.assertion)
      const opening = {
        who: caller.who,
        factorId: newFactorId(random),
        label: input.label ?? null,
        gate,
        first,
        session: sessionKey(caller.session),
      }
      const enroll = input.kind === 'totp' ? enrollTotp : enrollPasskey
      return enroll(caller, opening, input.accountName)
    }),

  confirm: calledBy('subject')
    .input(FactorConfirmInput)
    .output(FactorConfirmResult)
    .mutation(async ({ ctx: { caller }, input }) => {
      const { environment, object, who } = caller
      const { settings, offered } = environment
      checkOffered(environment, input.kind)
      const { factorId } = input
      const call = { who, factorId, withCodes: offered.recovery }
      const { dataKey } = environment.secrets()
      if (input.kind === 'totp')
        return unwrap(await object.confirmTotp({ ...call, code: input.code, dataKey }))
      const purpose = enrollPurpose(factorId)
      const failed = 'factor.confirm_failed'
      const statement = await checkChallenge(caller, purpose, input.challenge, failed)
      const relyingParty = { rpId: settings.rpId, origins: settings.origins }
      return unwrap(
        await object.confirmPasskey({
          ...call,
          statement,
          response: input.response,
          relyingParty,
          session: sessionKey(caller.session),
        }),
      )
    }),

  rename: calledBy('subject')
    .input(FactorRenameInput)
    .output(FactorsResult)
    .mutation(async ({ ctx: { caller }, input: { factorId, label = null } }) => {
      const { who, object, session } = caller
      return unwrap(await object.rename({ who, factorId, label, session: sessionKey(session) }))
    }),

  setDefault: calledBy('subject')
    .input(FactorReference)
    .output(FactorsResult)
    .mutation(async ({ ctx, input: { factorId } }) => {
      const { who, object } = ctx.caller
      const gate = await gateOf(ctx, 'credential.update')
      return unwrap(await object.setDefault({ who, factorId, gate }))
    }),

  remove: calledBy('subject')
    .input(FactorReference)
    .output(FactorsResult)
    .mutation(async ({ ctx, input: { factorId } }) => {
      const { who, object } = ctx.caller
      const gate = await gateOf(ctx, 'credential.unlink')
      return unwrap(await object.remove({ who, factorId, gate }))
    }),
})
