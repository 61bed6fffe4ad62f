// What opens a change of factors: the elevated token in the header, or a first sign-in.
import type { CredentialAction } from '../../contract/index.ts'
import { epochSeconds } from '../clock.ts'
import { verifyAssertion } from '../domain/assertion.ts'
import { findAction, isDenied, requirementOf } from '../domain/policy.ts'
import { Refused, refuse } from '../domain/refusal.ts'
import { requireFresh } from '../domain/session.ts'
import { checkUse, verifyOwnToken } from '../domain/token.ts'
import type { StartCall } from '../state/enrollment.ts'
import { keysOf } from '../state/sessions.ts'
import type { Gate } from '../state/spending.ts'
import type { SubjectCaller } from '../trpc.ts'

/** The header in which an elevated token travels. */
export const TOKEN_HEADER = 'countersign-token'

/**
 * The gate of one of Countersign's own actions: the caller's verified token, if they sent one. The
 * object spends it in the transaction of the change.
 *
 * @throws Refused `denied` by the rule, or why the token is not good for this
 */
export async function gateOf(
  caller: SubjectCaller,
  headers: Headers,
  name: CredentialAction,
): Promise<Gate> {
  const { environment, session } = caller
  const { issuer, epoch, keySet, offered, settings } = environment
  const action = findAction(environment.actions, { action: name })
  if (isDenied(action.rule)) refuse('denied')
  const requirement = requirementOf(action, offered)
  const presented = headers.get(TOKEN_HEADER)
  if (presented === null) return { requirement }
  const now = epochSeconds()
  const token = await verifyOwnToken(presented, keySet, { issuer, epoch, now })
  const { subject, sessionId } = session
  const { jti, acr, sub } = token.claims
  try {
    checkUse(
      token,
      { action, subject, sessionId },
      { issuer, offered, mfaTokens: settings.mfaTokens, now },
    )
  } catch (error) {
    if (error instanceof Refused && sub === subject) {
      const { reason } = error.refusal
      await caller.object.noteRefusal({
        who: caller.who,
        jti,
        action: name,
        actor: 'subject',
        reason,
      })
    }
    throw error
  }
  return { requirement, spend: { jti, acr } }
}

/**
 * What lets a user enroll their first factor: a fresh sign-in, or the backend's assertion with the
 * scope `credential:link`, as the environment says. Said as a value: whoever is enrolled needs neither.
 */
export async function firstFactorOf(
  caller: SubjectCaller,
  assertion: string | undefined,
): Promise<StartCall['first']> {
  const { environment, session } = caller
  const { firstFactor, firstFactorSessionSeconds } = environment.settings
  try {
    if (firstFactor === 'assertion') return { claims: await assertedLink(caller, assertion) }
    requireFresh(session, firstFactorSessionSeconds, epochSeconds())
    return { claims: [] }
  } catch (error) {
    if (error instanceof Refused) return { refused: error.refusal }
    throw error
  }
}

async function assertedLink(
  { environment, session }: SubjectCaller,
  assertion: string | undefined,
) {
  const { assertions } = environment.settings
  if (!assertions || assertion === undefined) {
    refuse('assertion_invalid', {
      message: "The first factor is enrolled with an `assertion` of the application's backend.",
    })
  }
  const terms = {
    issuer: assertions.issuer,
    maxAcr: assertions.maxAcr,
    audience: environment.issuer,
  }
  const verified = await verifyAssertion(
    assertion,
    terms,
    session.subject,
    keysOf(environment, assertions.keys),
    epochSeconds(),
  )
  if (!verified.scopes.includes('credential:link')) {
    refuse('assertion_invalid', {
      message: 'The assertion does not carry the scope credential:link.',
    })
  }
  return verified.proof.claims
}
