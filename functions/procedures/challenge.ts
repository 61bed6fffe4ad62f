// challenge.*: the step-up. A request that cannot be granted is refused before a code is counted or used.
import {
  ChallengeStartInput,
  ChallengeStartResult,
  ChallengeVerifyInput,
  ChallengeVerifyResult,
} from '../../contract/index.ts'
import type { SubjectCaller } from '../callers/subject.ts'
import { authenticationOptions } from '../domain/factors/passkey-options.ts'
import { planGrant, type TokenRequest } from '../domain/policy/grant.ts'
import { type Answer, unwrap } from '../domain/refusal.ts'
import { STEP_UP_PURPOSE, type Statement } from '../domain/tokens/challenge.ts'
import { sessionKey } from '../domain/tokens/session.ts'
import { countStepUp } from '../edge/counting.ts'
import type { SteppedUp, StepUpCall } from '../edge/objects.ts'
import { checkChallenge, createChallenge } from '../steps/challenge.ts'
import { checkClientKey } from '../steps/dpop.ts'
import { rulesInEffect } from '../steps/effective-rule.ts'
import { checkOffered } from '../steps/factor-gate.ts'
import { mint, planTokens } from '../steps/minting.ts'
import { receiptTermsOf } from '../steps/receipt.ts'
import { calledBy, router } from '../trpc.ts'

export const challengeRouter = router({
  start: calledBy('subject')
    .input(ChallengeStartInput)
    .output(ChallengeStartResult)
    .mutation(async ({ ctx: { caller }, input }) => {
      const { environment, object } = caller
      const grant = await grantFor(caller, 'passkey', input)
      const { existing } = unwrap(await object.passkeys({ who: caller.who }))
      const request = { scope: grant?.scopes.join(' ') ?? '', claim: grant?.bound?.claim }
      const created = createChallenge(caller, STEP_UP_PURPOSE, request)
      const { challenge, webauthnChallenge, expiresAt } = created
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
    .mutation(async ({ ctx, input }) => {
      const { caller } = ctx
      const attempt =
        input.method === 'passkey'
          ? {
              ...input,
              statement: await checkChallenge(
                caller,
                STEP_UP_PURPOSE,
                input.challenge,
                'step_up.failed',
              ),
            }
          : input
      const grant = await grantFor(caller, attempt.method, requestOf(attempt))
      const dpop = await checkClientKey(ctx, caller.environment)
      const plan = await planTokens(caller, grant, input.mfaToken, dpop)
      const statement = 'statement' in attempt ? attempt.statement : undefined
      const terms = receiptTermsOf(caller, grant, statement)
      const { who } = caller
      const country = caller.country?.()
      const call = { who, country, tokens: plan.tokens, terms, dpop }
      const stepped = await countStepUp(
        caller.environment,
        attempt.method,
        grant?.scopes ?? [],
        async () => unwrap(await verifyFactor(caller, attempt, call)),
      )
      const { factorId, amr, acr, authTime } = stepped.proof
      const tokens = await mint(caller, plan, stepped.tokens)
      return { ...(input.method !== 'recovery' && { factorId }), amr, acr, authTime, ...tokens }
    }),
})

async function grantFor(
  caller: SubjectCaller,
  method: 'totp' | 'passkey' | 'recovery',
  request: TokenRequest,
) {
  const { environment } = caller
  checkOffered(environment, method)
  return planGrant(await rulesInEffect(caller, request), environment.offered, method, request)
}

type Attempt =
  | Exclude<ChallengeVerifyInput, { method: 'passkey' }>
  | (Extract<ChallengeVerifyInput, { method: 'passkey' }> & { statement: Statement })

/** Returns the tokens that an attempt requests. A passkey response gets only what its challenge names. */
function requestOf(attempt: Attempt): TokenRequest {
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
        session: sessionKey(session),
      })
    }
  }
}
