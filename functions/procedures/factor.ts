// factor.*: what a user proves themselves with. Every change but the first needs a step-up.
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
  TOTP_ENROLLMENT_LIFETIME_SECONDS,
} from '../../contract/index.ts'
import { epochSeconds, random } from '../clock.ts'
import { toBase64Url } from '../domain/bytes.ts'
import { registrationOptions } from '../domain/factors/passkey.ts'
import { describeTotp, newTotpSecret } from '../domain/factors/totp.ts'
import { newFactorId } from '../domain/names.ts'
import { unwrap } from '../domain/refusal.ts'
import { seal } from '../domain/seal.ts'
import { enrollPurpose, newChallenge, readChallenge } from '../domain/tokens/challenge.ts'
import type { Session } from '../domain/tokens/session.ts'
import type { StartCall } from '../state/subject/enrollment.ts'
import { type StoredTotp, totpPlace } from '../state/subject/step-up.ts'
import { checkOffered, firstFactorOf, gateOf } from '../steps/factor-gate.ts'
import { noteFailure, noting } from '../steps/record-refusal.ts'
import { calledBy, router, type SubjectCaller } from '../trpc.ts'

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
    .mutation(async ({ ctx: { caller, headers }, input }) => {
      checkOffered(caller.environment, input.kind)
      const gate = await gateOf(caller, headers, 'credential.link')
      const first = await firstFactorOf(caller, input.assertion)
      const opening = {
        who: caller.who,
        factorId: newFactorId(random),
        label: input.label ?? null,
        gate,
        first,
        session: caller.session.key,
      }
      return input.kind === 'totp' ? enrollTotp(caller, opening) : enrollPasskey(caller, opening)
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
      const context = { ...challengeContext(caller), purpose: enrollPurpose(factorId) }
      const statement = await noting(
        () => readChallenge(dataKey, context, input.challenge, epochSeconds()),
        (reason) =>
          noteFailure(caller, { type: 'factor.confirm_failed', method: 'passkey', reason }),
      )
      const relyingParty = { rpId: settings.rpId, origins: settings.origins }
      return unwrap(
        await object.confirmPasskey({
          ...call,
          statement,
          response: input.response,
          relyingParty,
          session: caller.session.key,
        }),
      )
    }),

  rename: calledBy('subject')
    .input(FactorRenameInput)
    .output(FactorsResult)
    .mutation(async ({ ctx: { caller }, input: { factorId, label = null } }) => {
      const { who, object, session } = caller
      return unwrap(await object.rename({ who, factorId, label, session: session.key }))
    }),

  setDefault: calledBy('subject')
    .input(FactorReference)
    .output(FactorsResult)
    .mutation(async ({ ctx: { caller, headers }, input: { factorId } }) => {
      const gate = await gateOf(caller, headers, 'credential.update')
      return unwrap(await caller.object.setDefault({ who: caller.who, factorId, gate }))
    }),

  remove: calledBy('subject')
    .input(FactorReference)
    .output(FactorsResult)
    .mutation(async ({ ctx: { caller, headers }, input: { factorId } }) => {
      const gate = await gateOf(caller, headers, 'credential.unlink')
      return unwrap(await caller.object.remove({ who: caller.who, factorId, gate }))
    }),
})

/** The members that every challenge of a caller has in common. */
export const challengeContext = ({ environment, session }: SubjectCaller) => ({
  iss: environment.issuer,
  sub: session.subject,
  epoch: environment.epoch,
})

const shownName = ({ name, subject }: Session): string => name ?? subject

type Opening = Pick<StartCall, 'who' | 'factorId' | 'label' | 'gate' | 'first' | 'session'>

async function enrollTotp({ environment, object, session }: SubjectCaller, opening: Opening) {
  const { algorithm, digits, periodSeconds } = environment.settings.methods.totp
  const secret = newTotpSecret(algorithm, random)
  const place = totpPlace(opening.who, opening.factorId)
  const sealed = seal(environment.secrets().dataKey, 'totp', place, secret, random)
  const stored: StoredTotp = { algorithm, digits, periodSeconds, sealed }
  const expiresAt = epochSeconds() + TOTP_ENROLLMENT_LIFETIME_SECONDS
  unwrap(
    await object.startEnrollment({
      ...opening,
      kind: 'totp',
      secret: JSON.stringify(stored),
      expiresAt,
    }),
  )
  const shown = describeTotp(secret, stored, environment.settings.rpName, shownName(session))
  return { factorId: opening.factorId, ...shown, expiresAt }
}

async function enrollPasskey(caller: SubjectCaller, opening: Opening) {
  const { environment, object, session } = caller
  const { factorId } = opening
  const context = { ...challengeContext(caller), purpose: enrollPurpose(factorId) }
  const { dataKey } = environment.secrets()
  const nonce = toBase64Url(random(16))
  const { challenge, webauthnChallenge, expiresAt } = newChallenge(
    dataKey,
    context,
    { scope: '' },
    nonce,
    epochSeconds(),
  )
  const started = unwrap(
    await object.startEnrollment({ ...opening, kind: 'passkey', secret: '{}', expiresAt }),
  )
  const user = { handle: started.userHandle, name: shownName(session) }
  const options = await registrationOptions(
    environment.settings,
    user,
    webauthnChallenge,
    started.existing,
  )
  return { factorId, challenge, options, expiresAt }
}
