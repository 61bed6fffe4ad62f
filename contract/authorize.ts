// One call that an API makes before it acts: is this action allowed now, for this user, with this token?
import * as z from 'zod/mini'
import { ActionName, CompactJwt, Details, SessionId, SubjectId } from './common.ts'
import { CallContext, PolicyDecision } from './policy.ts'
import { ElevatedClaims, IdempotencyKey, MfaClaims, PresentedDpop } from './token.ts'

/** What the API is about to do, for which user, and the token that came with the call. */
export const ActionAuthorizeInput = z.strictObject({
  action: ActionName,
  subject: SubjectId,
  sessionId: z.optional(SessionId),
  token: z.optional(CompactJwt),
  details: z.optional(Details),
  /** `false` accepts a token without the details if the rule says `optional`. Default: whether there are details. */
  requireDetails: z.optional(z.boolean()),
  context: z.optional(CallContext),
  idempotencyKey: z.optional(IdempotencyKey),
  dpop: z.optional(PresentedDpop),
})
export type ActionAuthorizeInput = z.infer<typeof ActionAuthorizeInput>

/** The action may run. `by: policy`: it needs no token, and none was spent. */
export const ActionAuthorizeResult = z.union([
  z.strictObject({
    authorized: z.literal(true),
    by: z.literal('policy'),
    decision: PolicyDecision,
  }),
  z.strictObject({
    authorized: z.literal(true),
    by: z.literal('token'),
    replayed: z.boolean(),
    claims: z.union([ElevatedClaims, MfaClaims]),
  }),
])
export type ActionAuthorizeResult = z.infer<typeof ActionAuthorizeResult>
