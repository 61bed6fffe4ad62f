// token.*: exchanges assertions for tokens, and consumes, introspects and revokes tokens.
import {
  acrReaches,
  TokenConsumeInput,
  TokenConsumeResult,
  TokenExchangeInput,
  TokenExchangeResult,
  TokenIntrospection,
  TokenReference,
  TokenRevokeResult,
} from '../../contract/index.ts'
import type { ResourceCaller } from '../callers/resource.ts'
import { type SubjectCaller, whoIs } from '../callers/subject.ts'
import { hashParts, toBase64Url } from '../domain/bytes.ts'
import { checkDetails } from '../domain/details/details-schema.ts'
import { planGrant } from '../domain/policy/grant.ts'
import { type Action, requirementOf } from '../domain/policy/policy.ts'
import { Refused, refuse, unwrap } from '../domain/refusal.ts'
import type { VerifiedAssertion } from '../domain/tokens/assertion.ts'
import { checkUse, type OwnToken } from '../domain/tokens/token.ts'
import { count, countStepUp } from '../edge/counting.ts'
import type { LiveEnvironment } from '../edge/environment.ts'
import { subjectObject } from '../edge/objects.ts'
import type { Bindings } from '../env.ts'
import { readAssertion } from '../steps/assertion.ts'
import { checkClientKey, checkTokenKey } from '../steps/dpop.ts'
import { actionFor, rulesInEffect } from '../steps/effective-rule.ts'
import { mint, planTokens } from '../steps/minting.ts'
import { readToken, termsOf } from '../steps/own-token.ts'
import { receiptTermsOf } from '../steps/receipt.ts'
import { recordFailedAttempt, recordRefusal } from '../steps/record-refusal.ts'
import { calledBy, router } from '../trpc.ts'

export const tokenRouter = router({
  exchange: calledBy('subject')
    .input(TokenExchangeInput)
    .output(TokenExchangeResult)
    .mutation(async ({ ctx, input }) => {
      const { caller } = ctx
      const asserted = await recordRefusal(
        () => readAssertion(caller, input.assertion),
        (reason) =>
          recordFailedAttempt(caller, { type: 'step_up.failed', method: 'assertion', reason }),
      )
      const dpop = await checkClientKey(ctx, caller.environment)
      const grant = await grantFor(caller, asserted)
      const plan = await planTokens(caller, grant, undefined, dpop)
      const { who } = caller
      const terms = receiptTermsOf(caller, grant)
      const country = caller.country?.()
      const call = { who, country, tokens: plan.tokens, terms, dpop, proof: asserted.proof }
      const stepped = await countStepUp(
        caller.environment,
        'assertion',
        asserted.scopes,
        async () => unwrap(await caller.object.exchange(call)),
      )
      const { elevatedToken } = await mint(caller, plan, stepped.tokens)
      return { elevatedToken: elevatedToken ?? refuse('scope_not_allowed') }
    }),

  // Applies the base rule. Conditions on the details were evaluated when the token was issued for these
  // details. Only action.authorize decides the other conditions again.
  consume: calledBy('resource')
    .input(TokenConsumeInput)
    .output(TokenConsumeResult)
    .mutation(async ({ ctx: { caller, bindings }, input }) => {
      const { environment, keyId } = caller
      const action = actionFor(caller, input)
      const bound = input.details && checkDetails(input.details, action)
      const token = await readToken(environment, input.token)
      const { object, who, jti } = recordOf(bindings, environment, token)
      const shown = { who, jti, action: action.action, actor: `resource:${keyId}` }
      const dpop = await recordRefusal(
        () => {
          checkUse(token, { ...input, action }, termsOf(environment))
          return checkTokenKey(environment, token, input.token, input.dpop)
        },
        (reason) => object.noteRefusal({ ...shown, reason }),
      )
      const requestHash = requestHashOf(caller, action, input, bound?.hash)
      const requirement = requirementOf(action, environment.offered)
      const presented = { kind: token.kind, scope: action.scope }
      const { replayed } = unwrap(
        await object.consume({
          ...shown,
          requirement,
          presented,
          detailsHash: bound?.hash,
          dpop,
          requestHash,
        }),
      )
      if (!replayed) count(environment.id, 'used', action.action, null)
      return { accepted: true as const, replayed, claims: token.claims }
    }),

  introspect: calledBy('resource', 'subject')
    .input(TokenReference)
    .output(TokenIntrospection)
    .query(async ({ ctx: { caller, bindings }, input }) => {
      const token = await ownedToken(caller, input.token)
      if (!token) return { active: false as const }
      const { object, jti } = recordOf(bindings, caller.environment, token)
      const active = await object.isActive({ jti })
      const token_type = token.claims.cnf ? ('DPoP' as const) : ('Bearer' as const)
      return active ? { active, token_type, ...token.claims } : { active }
    }),

  revoke: calledBy('resource', 'subject')
    .input(TokenReference)
    .output(TokenRevokeResult)
    .mutation(async ({ ctx: { caller, bindings }, input }) => {
      const token = await ownedToken(caller, input.token)
      if (token) {
        const { object, who, jti } = recordOf(bindings, caller.environment, token)
        await object.revoke({
          who,
          jti,
          actor: caller.kind === 'resource' ? `resource:${caller.keyId}` : 'subject',
        })
      }
      return { revoked: true as const }
    }),
})

async function grantFor(caller: SubjectCaller, { proof, scopes, details }: VerifiedAssertion) {
  const request = { requestedScopes: scopes, details }
  const actions = await rulesInEffect(caller, request)
  const grant = planGrant(actions, caller.environment.offered, 'assertion', request)
  if (grant && !acrReaches(proof.acr, grant.acr)) refuse('method_not_allowed')
  return grant
}

/** Returns the object of the user whom a token names. It stores the token. */
const recordOf = (bindings: Bindings, environment: LiveEnvironment, { claims }: OwnToken) => ({
  object: subjectObject(bindings, environment.id, claims.sub),
  who: whoIs(environment, claims.sub),
  jti: claims.jti,
})

/** Identifies a request with an idempotency key, so that a repeated one gets the same answer. */
const requestHashOf = (
  { keyId }: ResourceCaller,
  action: Action,
  { idempotencyKey, dpop }: Pick<TokenConsumeInput, 'idempotencyKey' | 'dpop'>,
  detailsHash = '',
): string | null =>
  idempotencyKey === undefined
    ? null
    : toBase64Url(hashParts(keyId, action.action, detailsHash, idempotencyKey, dpop?.proof ?? ''))

/** Returns a token that belongs to the calling user or is for the calling resource; undefined for any other. */
async function ownedToken(
  caller: SubjectCaller | ResourceCaller,
  presented: string,
): Promise<OwnToken | undefined> {
  const { environment } = caller
  const token = await readToken(environment, presented).catch((error) => {
    if (error instanceof Refused) return undefined
    throw error
  })
  if (!token) return undefined
  const { sub, aud } = token.claims
  const own =
    caller.kind === 'subject'
      ? sub === caller.session.subject
      : aud === caller.audience || token.kind === 'mfa'
  return own ? token : undefined
}
