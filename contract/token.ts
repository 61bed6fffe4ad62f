// Elevated tokens: their claims, and the calls that issue, consume, introspect and revoke them.
import * as z from 'zod/mini'
import { ACRS } from './assurance.ts'
import {
  ActionName,
  Audience,
  CompactJwt,
  Details,
  EpochSeconds,
  SCOPE_CLAIM_MAX_CHARACTERS,
  ScopeName,
  SessionId,
  SubjectId,
} from './common.ts'
import { JTI, LAST_TOKEN_SECOND, THUMBPRINT } from './shared/wire.ts'

/** A repeated call with the same idempotency key gets the same result within this time. */
export const IDEMPOTENCY_WINDOW_SECONDS = 60

/** `DPoP` is a token that is bound to a key of its client (RFC 9449). */
const TOKEN_TYPES = ['Bearer', 'DPoP'] as const

/** An issued token, and what a page needs to know about it without decoding it. */
export const ElevatedToken = z.strictObject({
  token: z.string(),
  jti: z.string(),
  audience: z.string(),
  scopes: z.array(ScopeName),
  acr: z.enum(ACRS),
  tokenType: z.enum(TOKEN_TYPES),
  singleUse: z.boolean(),
  issuedAt: EpochSeconds,
  expiresAt: EpochSeconds,
})
export type ElevatedToken = z.infer<typeof ElevatedToken>

/** @deprecated A token without scope. Ask for an elevated token with `requestedScopes` instead. */
export const MfaToken = z.strictObject({
  token: z.string(),
  jti: z.string(),
  expiresAt: EpochSeconds,
  singleUse: z.boolean(),
})
export type MfaToken = z.infer<typeof MfaToken>

const NumericDate = z.int().check(z.gte(0), z.lte(LAST_TOKEN_SECOND))
const Jti = z.string().check(z.regex(JTI))

const sharedClaims = {
  iss: z.string(),
  sub: SubjectId,
  aud: Audience,
  client_id: z.string(),
  sid: z.optional(SessionId),
  jti: Jti,
  iat: NumericDate,
  exp: NumericDate,
  auth_time: NumericDate,
  amr: z.array(z.string()).check(z.minLength(1), z.maxLength(8)),
  acr: z.enum(ACRS),
  singleUse: z.boolean(),
  epoch: z.int().check(z.nonnegative()),
  /** The thumbprint of the key that the token is bound to (RFC 9449, section 6.1). */
  cnf: z.optional(z.strictObject({ jkt: z.string().check(z.regex(THUMBPRINT)) })),
}

/** The claims of an elevated token (RFC 9068, `typ: at+jwt`). */
export const ElevatedClaims = z.strictObject({
  ...sharedClaims,
  scope: z.string().check(z.minLength(1), z.maxLength(SCOPE_CLAIM_MAX_CHARACTERS)),
  authorization_details: z.optional(z.tuple([z.record(z.string(), z.unknown())])),
})
export type ElevatedClaims = z.infer<typeof ElevatedClaims>

/** The claims of the deprecated token (`typ: mfa+jwt`): no scope, and the issuer as its audience. */
export const MfaClaims = z.strictObject(sharedClaims)
export type MfaClaims = z.infer<typeof MfaClaims>

export const TokenExchangeInput = z.strictObject({ assertion: CompactJwt })
export type TokenExchangeInput = z.infer<typeof TokenExchangeInput>

export const TokenExchangeResult = z.strictObject({ elevatedToken: ElevatedToken })
export type TokenExchangeResult = z.infer<typeof TokenExchangeResult>

/** Identifies a request, so that a repeated one gets the same answer for 60 seconds. */
export const IdempotencyKey = z.string().check(z.minLength(16), z.maxLength(128))

/** The DPoP proof that came with a bound token, and the method and configured address of the call. */
export const PresentedDpop = z.strictObject({
  proof: CompactJwt,
  method: z.string().check(z.regex(/^[A-Z]{1,16}$/)),
  url: z.string().check(z.regex(/^https?:\/\/\S+$/), z.maxLength(2048)),
})
export type PresentedDpop = z.infer<typeof PresentedDpop>

const consumeMembers = {
  token: CompactJwt,
  subject: SubjectId,
  sessionId: z.optional(SessionId),
  details: z.optional(Details),
  idempotencyKey: z.optional(IdempotencyKey),
  dpop: z.optional(PresentedDpop),
}

/** The action that a resource is about to run, its user, and the token that the user presented. */
export const TokenConsumeInput = z.union([
  z.strictObject({ action: ActionName, ...consumeMembers }),
  z.strictObject({ scope: ScopeName, ...consumeMembers }),
])
export type TokenConsumeInput = z.infer<typeof TokenConsumeInput>

export const TokenConsumeResult = z.strictObject({
  accepted: z.literal(true),
  replayed: z.boolean(),
  claims: z.union([ElevatedClaims, MfaClaims]),
})
export type TokenConsumeResult = z.infer<typeof TokenConsumeResult>

export const TokenReference = z.strictObject({ token: CompactJwt })
export type TokenReference = z.infer<typeof TokenReference>

/** The state of a token. For an inactive token there are no other members (RFC 7662, section 2.2). */
export const TokenIntrospection = z.union([
  z.strictObject({ active: z.literal(false) }),
  z.extend(z.partial(ElevatedClaims), { active: z.literal(true), token_type: z.enum(TOKEN_TYPES) }),
])
export type TokenIntrospection = z.infer<typeof TokenIntrospection>

export const TokenRevokeResult = z.strictObject({ revoked: z.literal(true) })
export type TokenRevokeResult = z.infer<typeof TokenRevokeResult>
