// Checks what a change of factors needs: the elevated token in the header, or for the first factor a fresh
// sign-in or an assertion.
import { type CredentialAction, TOKEN_HEADER } from '../../contract/index.ts'
import type { Context } from '../callers/identify.ts'
import type { SubjectCaller } from '../callers/subject.ts'
import { epochSeconds } from '../clock.ts'
import { findAction, isDenied, requirementOf } from '../domain/policy/policy.ts'
import { answeringLater, refuse } from '../domain/refusal.ts'
import { requireFresh } from '../domain/tokens/session.ts'
import { checkUse, verifyOwnToken } from '../domain/tokens/token.ts'
import type { LiveEnvironment } from '../edge/environment.ts'
import type { Gate, StartCall } from '../edge/objects.ts'
import { readAssertion } from './assertion.ts'
import { checkTokenKey, dpopOf } from './dpop.ts'
import { ruleInEffect } from './effective-rule.ts'
import { recordRefusal } from './record-refusal.ts'

/**
 * Returns the gate of a change: its requirement, and the caller's verified token if they sent one. The object
 * consumes the token in the transaction of the change.
 *
 * @throws Refused `unavailable` while the environment does not answer, `denied` by the rule, or the reason why
 *   the token is not valid for this change
 */
export async function gateOf(
  ctx: Context & { caller: SubjectCaller },
  name: CredentialAction,
): Promise<Gate> {
  const { caller, headers } = ctx
  const { environment, session, object, who } = caller
  const { issuer, epoch, keySet, offered, settings, secrets } = environment
  // Refuses if only the published copy could be read, because it must not decide a change.
  secrets()
  const action = await ruleInEffect(caller, findAction(environment.actions, { action: name }))
  if (isDenied(action.rule)) refuse('denied')
  const requirement = requirementOf(action, offered)
  const presented = headers.get(TOKEN_HEADER)
  if (presented === null) return { requirement }
  const now = epochSeconds()
  const token = await verifyOwnToken(presented, keySet, { issuer, epoch, now })
  const { subject, sessionId } = session
  const { jti, acr, sub } = token.claims
  const terms = { issuer, offered, mfaTokens: settings.mfaTokens, now }
  const dpop = await recordRefusal(
    () => {
      checkUse(token, { action, subject, sessionId }, terms)
      return checkTokenKey(environment, token, presented, dpopOf(ctx))
    },
    async (reason) => {
      // A refused token of another user is not recorded in this user's history.
      if (sub !== subject) return
      await object.noteRefusal({ who, jti, action: name, actor: 'subject', reason })
    },
  )
  return { requirement, spend: { jti, acr, scope: action.scope, dpop } }
}

/**
 * Checks what a user needs to enroll their first factor. The settings decide whether that is a fresh sign-in or
 * an assertion with the scope `credential:link`. Returns a refusal as a value, because an enrolled user needs
 * neither.
 */
export async function firstFactorOf(
  caller: SubjectCaller,
  assertion: string | undefined,
): Promise<StartCall['first']> {
  const { environment, session } = caller
  const { firstFactor } = environment.settings
  return answeringLater(async () => {
    if (firstFactor === 'assertion') return { singleUseKeys: await assertedLink(caller, assertion) }
    requireFresh(session, environment.settings, epochSeconds())
    return { singleUseKeys: [] }
  })
}

async function assertedLink(caller: SubjectCaller, assertion: string | undefined) {
  if (assertion === undefined) {
    refuse('assertion_invalid', {
      message: "The first factor needs an `assertion` of the application's backend.",
    })
  }
  const verified = await readAssertion(caller, assertion)
  if (!verified.scopes.includes('credential:link')) {
    refuse('assertion_invalid', {
      message: 'The assertion does not carry the scope credential:link.',
    })
  }
  return verified.proof.singleUseKeys
}

/**
 * Makes sure that an environment offers a method to its users.
 *
 * @throws Refused `method_not_allowed`
 */
export function checkOffered(
  { offered }: LiveEnvironment,
  method: 'totp' | 'passkey' | 'recovery',
): void {
  if (offered[method]) return
  const name = method === 'recovery' ? 'recovery codes' : method
  refuse('method_not_allowed', { message: `This environment does not offer ${name}.` })
}
