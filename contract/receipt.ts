// Receipts: what proves a step-up later, offline, with the environment's receipt keys.
import * as z from 'zod/mini'
import { ACRS, METHODS } from './assurance.ts'
import { AuditEvent } from './audit.ts'
import {
  ActionName,
  CompactJwt,
  EnvironmentId,
  EpochSeconds,
  ScopeName,
  SubjectId,
} from './common.ts'
import { JTI } from './shared/wire.ts'

/**
 * Names the token of a receipt. A user gets the receipts of their own tokens. A resource names the `subject` too, an
 * operator also the `environment`.
 */
export const ReceiptInput = z.strictObject({
  environment: z.optional(EnvironmentId),
  subject: z.optional(SubjectId),
  jti: z.string().check(z.regex(JTI)),
})
export type ReceiptInput = z.infer<typeof ReceiptInput>

/** The statement that a passkey signed, as it was hashed: `details` is the salted hash of the details. */
export const SignedStatement = z.strictObject({
  v: z.literal(2),
  iss: z.string(),
  sub: z.string(),
  purpose: z.string(),
  scope: z.string(),
  nonce: z.string(),
  exp: z.int(),
  epoch: z.int(),
  details: z.optional(z.string()),
})
export type SignedStatement = z.infer<typeof SignedStatement>

/** The signature of a passkey with all that verifies it. Bytes are in base64url. */
export const PasskeyProof = z.strictObject({
  credentialId: z.string(),
  /** The public key as a JWK with its `alg`. */
  publicKey: z.record(z.string(), z.string()),
  rpId: z.string(),
  authenticatorData: z.string(),
  clientDataJSON: z.string(),
  signature: z.string(),
  statement: SignedStatement,
})
export type PasskeyProof = z.infer<typeof PasskeyProof>

export const StepUpProof = z.strictObject({
  method: z.enum(METHODS),
  factorId: z.string(),
  amr: z.array(z.string()),
  acr: z.enum(ACRS),
  authTime: EpochSeconds,
  passkey: z.optional(PasskeyProof),
})
export type StepUpProof = z.infer<typeof StepUpProof>

/** The token that a receipt is about. */
export const ReceiptToken = z.strictObject({
  jti: z.string(),
  kind: z.enum(['elevated', 'mfa']),
  audience: z.string(),
  scopes: z.array(ScopeName),
  actions: z.array(ActionName),
  singleUse: z.boolean(),
  /** The thumbprint of the key that the token is bound to (RFC 9449). */
  jkt: z.optional(z.string()),
  issuedAt: EpochSeconds,
  expiresAt: EpochSeconds,
})
export type ReceiptToken = z.infer<typeof ReceiptToken>

/** The salted hash of the details of an action. With details and salt, anybody can compute it again. */
export const ReceiptDetails = z.strictObject({
  action: ActionName,
  hash: z.string(),
  salt: z.string(),
})
export type ReceiptDetails = z.infer<typeof ReceiptDetails>

/**
 * The receipt of one token. `verifyReceipt` of `countersign/receipt` verifies it.
 *
 * `version` is the version of the settings that decided. `chain` has the event of the step-up, the event that consumed
 * the token if there is one, the digests of all events between them, and a checkpoint at the last of the two.
 * `signature` is a JWS of all other members in their canonical form (RFC 8785), without its payload (RFC 7515,
 * appendix F).
 */
export const Receipt = z.strictObject({
  v: z.literal(1),
  iss: z.string(),
  environment: EnvironmentId,
  sub: SubjectId,
  iat: EpochSeconds,
  version: z.int(),
  token: ReceiptToken,
  details: z.optional(ReceiptDetails),
  proofs: z.array(StepUpProof),
  consumed: z.optional(z.strictObject({ at: EpochSeconds, by: z.string(), position: z.int() })),
  chain: z.strictObject({
    events: z.array(AuditEvent),
    digests: z.array(z.string()),
    checkpoint: CompactJwt,
  }),
  signature: z.string(),
})
export type Receipt = z.infer<typeof Receipt>
