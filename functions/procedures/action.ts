// action.*: the one call that an API makes before it acts.
import {
  ActionAuthorizeInput,
  ActionAuthorizeResult,
  CHALLENGES,
  challengeOf,
  IDEMPOTENCY_WINDOW_SECONDS,
  isChallenge,
  type Reason,
} from '../../contract/index.ts'
import { dpopChallengeOf, isAboutProof } from '../../contract/shared/dpop.ts'
import type { Context } from '../callers/identify.ts'
import type { ResourceCaller } from '../callers/resource.ts'
import { whoIs } from '../callers/subject.ts'
import { hashParts, toBase64Url } from '../domain/bytes.ts'
import { checkDetails } from '../domain/details/details-schema.ts'
import { answeringLater, type Refusal, Refused, refuse } from '../domain/refusal.ts'
import { canonical } from '../domain/tokens/statement.ts'
import type { OwnToken } from '../domain/tokens/token.ts'
import { count, countCheck } from '../edge/counting.ts'
import type { LiveEnvironment } from '../edge/environment.ts'
import { type Presented, subjectObject } from '../edge/objects.ts'
import { checkTokenKey } from '../steps/dpop.ts'
import { actionFor, callFacts } from '../steps/effective-rule.ts'
import { readToken, termsOf } from '../steps/own-token.ts'
import { passedSession } from '../steps/passed-session.ts'
import { calledBy, router } from '../trpc.ts'

export const actionRouter = router({
  authorize: calledBy('resource')
    .input(ActionAuthorizeInput)
    .output(ActionAuthorizeResult)
    .mutation(async ({ ctx, input }) => {
      const { environment, keyId } = ctx.caller
      const { subject, sessionId, details, context } = input
      const action = actionFor(ctx.caller, input)
      const bound = details && checkDetails(details, action)
      const session = await passedSession(ctx, ctx.caller, subject, context)
      const presented = await presentedIn(environment, input)
      const token = presented && 'token' in presented ? presented.token : undefined
      const answer = await subjectObject(ctx.bindings, environment.id, subject).authorize({
        ...{ who: whoIs(environment, subject), action, offered: environment.offered },
        ...(action.conditional && { call: callFacts(session, context?.country, details) }),
        ...{ use: { subject, sessionId, details }, terms: termsOf(environment) },
        ...{ requireDetails: input.requireDetails ?? details !== undefined, presented },
        ...{ detailsHash: bound?.hash, actor: `resource:${keyId}` },
        requestHash: requestHashOf(keyId, input),
      })
      if ('refused' in answer) {
        const { reason } = answer.refused
        countRefusal(environment.id, action.action, reason)
        if (token && token.claims.sub !== subject)
          await recordForOwner(ctx, token.claims, action.action)
        throw new Refused(challenged(answer.refused))
      }
      if (answer.by === 'policy') {
        const { observed, ...permit } = answer
        countCheck(environment.id, permit.decision, observed)
        return { authorized: true as const, ...permit }
      }
      if (!answer.replayed) count(environment.id, 'used', action.action, null)
      // Without a verified token the object spends none.
      const { claims } = token ?? refuse('token_invalid')
      return { authorized: true as const, ...answer, claims }
    }),
})

/** Verifies the token that came with the call, and its proof. A fault counts only if the action needs a token. */
async function presentedIn(
  environment: LiveEnvironment,
  { token: text, dpop, idempotencyKey }: ActionAuthorizeInput,
): Promise<Presented | undefined> {
  if (text === undefined) return undefined
  const graceSeconds = idempotencyKey === undefined ? 0 : IDEMPOTENCY_WINDOW_SECONDS
  return answeringLater(async () => {
    const token = await readToken(environment, text, graceSeconds)
    const key = answeringLater(async () => ({
      dpop: await checkTokenKey(environment, token, text, dpop),
    }))
    return { token, key: await key }
  })
}

/** Identifies a request with an idempotency key by all that it says. */
const requestHashOf = (keyId: string, input: ActionAuthorizeInput): string | null =>
  input.idempotencyKey === undefined ? null : toBase64Url(hashParts(keyId, canonical(input)))

/** Records a refused token of another user in the history of its owner. */
async function recordForOwner(
  { bindings, caller }: Context & { caller: ResourceCaller },
  { sub, jti }: OwnToken['claims'],
  action: string,
): Promise<void> {
  const { environment, keyId } = caller
  const refused = { jti, action, actor: `resource:${keyId}`, reason: 'token_invalid' as const }
  const owner = subjectObject(bindings, environment.id, sub)
  await owner.noteRefusal({ who: whoIs(environment, sub), ...refused })
}

/** Counts a refusal as the check that it was. */
function countRefusal(environment: string, action: string, reason: Reason): void {
  count(environment, 'check', action, null)
  if (reason === 'denied') count(environment, 'denied', action, null)
  else if (isChallenge(reason)) count(environment, 'asked', action, null)
}

/** Adds the challenge for the caller of the API (RFC 9470, section 3; RFC 9449, section 7.1), if one helps. */
const challenged = (refused: Refusal): Refusal => {
  const { reason, requirement } = refused
  if (isAboutProof(reason)) return { ...refused, wwwAuthenticate: dpopChallengeOf(reason) }
  return isChallenge(reason)
    ? { ...refused, wwwAuthenticate: challengeOf(CHALLENGES[reason], requirement) }
    : refused
}
