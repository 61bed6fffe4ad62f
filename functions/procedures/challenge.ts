// challenge.*: the step-up. What cannot be granted is refused before a code is counted or used.
import {
  ChallengeStartInput,
  ChallengeStartResult,
  ChallengeVerifyInput,
  ChallengeVerifyResult,
} from '../../contract/index.ts'
import { epochSeconds, random } from '../clock.ts'
import { toBase64Url } from '../domain/bytes.ts'
import { authenticationOptions } from '../domain/factors/passkey.ts'
import { planGrant, type Wish } from '../domain/policy/grant.ts'
import { type Answer, unwrap } from '../domain/refusal.ts'
import {
  newChallenge,
  readChallenge,
  STEP_UP_PURPOSE,
  type Statement,
} from '../domain/tokens/challenge.ts'
import { countStepUp } from '../edge/counting.ts'
import type { SteppedUp, StepUpCall } from '../state/subject/step-up.ts'
import { actionsInForce } from '../steps/effective-rule.ts'
import { checkOffered } from '../steps/factor-gate.ts'
import { mint, ordersOf, orderTokens } from '../steps/minting.ts'
import { noteFailure, noting } from '../steps/record-refusal.ts'
import { calledBy, router, type SubjectCaller } from '../trpc.ts'
import { challengeContext } from './factor.ts'

export const challengeRouter = router({
  start: calledBy('subject')
    .input(ChallengeStartInput)
    .output(ChallengeStartResult)
    .mutation(async ({ ctx: { caller }, input }) => {
      const { environment, object } = caller
      const grant = await grantFor(caller, 'passkey', input)
      const { existing } = unwrap(await object.passkeys({ who: caller.who }))
      const context = { ...challengeContext(caller), purpose: STEP_UP_PURPOSE }
      const wish = { scope: grant?.scopes.join(' ') ?? '', details: input.details }
      const nonce = toBase64Url(random(16))
      const { dataKey } = environment.secrets()
      const { challenge, webauthnChallenge, expiresAt } = newChallenge(
        dataKey,
        context,
        wish,
        nonce,
        epochSeconds(),
      )
      const options = await authenticationOptions(
        environment.settings.rpId,
        webauthnChallenge,
        existing,
      )
      return { challenge, options, expiresAt }
    }),

  verify: calledBy('subject')
    .input(ChallengeVerifyInput)
    .output(ChallengeVerifyResult)
    .mutation(async ({ ctx: { caller }, input }) => {
      const attempt =
        input.method === 'passkey'
          ? { ...input, statement: await readStatement(caller, input.challenge) }
          : input
      const grant = await grantFor(caller, attempt.method, wishOf(attempt))
      const orders = await orderTokens(caller, grant, input.mfaToken)
      const call = { who: caller.who, orders: ordersOf(orders) }
      const stepped = await countStepUp(
        caller.environment,
        attempt.method,
        grant?.scopes ?? [],
        async () => unwrap(await verifyFactor(caller, attempt, call)),
      )
      const { factorId, amr, acr, authTime } = stepped.proof
      const tokens = await mint(caller, orders, stepped)
      return { ...(input.method !== 'recovery' && { factorId }), amr, acr, authTime, ...tokens }
    }),
})

async function grantFor(
  caller: SubjectCaller,
  method: 'totp' | 'passkey' | 'recovery',
  wish: Wish,
) {
  const { environment } = caller
  checkOffered(environment, method)
  return planGrant(await actionsInForce(caller, wish), environment.offered, method, wish)
}

function readStatement(caller: SubjectCaller, carried: string): Promise<Statement> {
  const context = { ...challengeContext(caller), purpose: STEP_UP_PURPOSE }
  return noting(
    () => readChallenge(caller.environment.secrets().dataKey, context, carried, epochSeconds()),
    (reason) => noteFailure(caller, { type: 'step_up.failed', method: 'passkey', reason }),
  )
}

type Attempt =
  | Exclude<ChallengeVerifyInput, { method: 'passkey' }>
  | (Extract<ChallengeVerifyInput, { method: 'passkey' }> & { statement: Statement })

/** What an attempt asks for. A passkey's answer earns what its challenge was started for, nothing else. */
function wishOf(attempt: Attempt): Wish {
  if (attempt.method !== 'passkey') return attempt
  const { scope, details } = attempt.statement
  return { ...(scope && { requestedScopes: scope.split(' ') }), ...(details && { details }) }
}

function verifyFactor(
  { environment, object, session }: SubjectCaller,
  attempt: Attempt,
  call: StepUpCall,
): Promise<Answer<SteppedUp>> {
  switch (attempt.method) {
    case 'totp': {
      const { code, factorId } = attempt
      return object.stepUpTotp({ ...call, code, factorId, dataKey: environment.secrets().dataKey })
    }
    case 'recovery':
      return object.stepUpRecovery({ ...call, code: attempt.code })
    case 'passkey': {
      const { statement, response } = attempt
      const { rpId, origins } = environment.settings
      const relyingParty = { rpId, origins }
      return object.stepUpPasskey({
        ...call,
        statement,
        response,
        relyingParty,
        session: session.key,
      })
    }
  }
}
