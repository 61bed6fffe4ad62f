// Factors: how users enroll and manage them, and the recovery codes.
import * as z from 'zod/mini'
import { CompactJwt, EpochSeconds, FactorId, Label } from './common.ts'

/** Limits how many confirmed factors of each kind a user can have. */
export const FACTOR_LIMITS = { totp: 5, passkey: 10 } as const
export const RECOVERY_CODE_COUNT = 10
export const PENDING_ENROLLMENT_LIMIT = 5
export const TOTP_ENROLLMENT_LIFETIME_SECONDS = 600

export const FACTOR_KINDS = ['totp', 'passkey'] as const
export type FactorKind = (typeof FACTOR_KINDS)[number]

/** A confirmed factor, without its secret or public key. */
export const Factor = z.strictObject({
  factorId: FactorId,
  kind: z.enum(FACTOR_KINDS),
  label: z.nullable(z.string()),
  isDefault: z.boolean(),
  createdAt: EpochSeconds,
  lastUsedAt: z.nullable(EpochSeconds),
  passkey: z.optional(
    z.strictObject({
      synced: z.boolean(),
      backedUp: z.boolean(),
      transports: z.array(z.string()),
      /** False if the environment's `rpId` has changed since: no authenticator offers this passkey. */
      usable: z.boolean(),
    }),
  ),
})
export type Factor = z.infer<typeof Factor>

export const FactorsResult = z.strictObject({ factors: z.array(Factor) })
export type FactorsResult = z.infer<typeof FactorsResult>

export const FactorListResult = z.strictObject({
  factors: z.array(Factor),
  enrolled: z.boolean(),
  mustEnroll: z.boolean(),
  recovery: z.strictObject({ remaining: z.int(), total: z.int(), acknowledged: z.boolean() }),
})
export type FactorListResult = z.infer<typeof FactorListResult>

const enrollMembers = {
  label: z.optional(Label),
  /** The user's name, as their authenticator app or passkey manager shows it. */
  accountName: z.optional(Label),
  assertion: z.optional(CompactJwt),
}
export const FactorEnrollInput = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('totp'), ...enrollMembers }),
  z.strictObject({ kind: z.literal('passkey'), ...enrollMembers }),
])
export type FactorEnrollInput = z.infer<typeof FactorEnrollInput>

/** The options of a ceremony in the JSON form of WebAuthn (WebAuthn Level 3, section 5.1). */
export const CeremonyOptions = z.record(z.string(), z.unknown())
export type CeremonyOptions = z.infer<typeof CeremonyOptions>

/** The challenge that a client receives when a ceremony starts, and sends back with the response. */
export const CarriedChallenge = z.string().check(z.minLength(1), z.maxLength(8192))

export const FactorEnrollResult = z.union([
  z.strictObject({
    factorId: FactorId,
    secret: z.string(),
    uri: z.string(),
    expiresAt: EpochSeconds,
  }),
  z.strictObject({
    factorId: FactorId,
    challenge: CarriedChallenge,
    options: CeremonyOptions,
    expiresAt: EpochSeconds,
  }),
])
export type FactorEnrollResult = z.infer<typeof FactorEnrollResult>

/** Six to eight digits. A space is allowed after each of them but the last. */
export const TotpCode = z.string().check(z.regex(/^(?:\d ?){5,7}\d$/))

const Base64Url = z.string().check(z.regex(/^[A-Za-z0-9_-]+$/), z.maxLength(16_384))

/** The credential that the browser returns. It is parsed further only after its challenge was verified. */
const credentialMembers = {
  id: Base64Url,
  rawId: Base64Url,
  type: z.literal('public-key'),
  authenticatorAttachment: z.optional(z.nullable(z.string().check(z.maxLength(32)))),
  clientExtensionResults: z.optional(z.record(z.string(), z.unknown())),
}

export const RegistrationResponse = z.strictObject({
  ...credentialMembers,
  response: z.looseObject({
    clientDataJSON: Base64Url,
    attestationObject: Base64Url,
    transports: z.optional(z.array(z.string().check(z.maxLength(32))).check(z.maxLength(16))),
  }),
})
export type RegistrationResponse = z.infer<typeof RegistrationResponse>

export const AuthenticationResponse = z.strictObject({
  ...credentialMembers,
  response: z.looseObject({
    clientDataJSON: Base64Url,
    authenticatorData: Base64Url,
    signature: Base64Url,
    userHandle: z.optional(z.nullable(z.string().check(z.maxLength(256)))),
  }),
})
export type AuthenticationResponse = z.infer<typeof AuthenticationResponse>

export const FactorConfirmInput = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('totp'), factorId: FactorId, code: TotpCode }),
  z.strictObject({
    kind: z.literal('passkey'),
    factorId: FactorId,
    challenge: CarriedChallenge,
    response: RegistrationResponse,
  }),
])
export type FactorConfirmInput = z.infer<typeof FactorConfirmInput>

export const FactorConfirmResult = z.strictObject({
  factor: Factor,
  recoveryCodes: z.optional(z.array(z.string())),
})
export type FactorConfirmResult = z.infer<typeof FactorConfirmResult>

export const FactorRenameInput = z.strictObject({ factorId: FactorId, label: z.optional(Label) })
export type FactorRenameInput = z.infer<typeof FactorRenameInput>

export const FactorReference = z.strictObject({ factorId: FactorId })
export type FactorReference = z.infer<typeof FactorReference>

export const RecoveryCodesResult = z.strictObject({ recoveryCodes: z.array(z.string()) })
export type RecoveryCodesResult = z.infer<typeof RecoveryCodesResult>

export const AcknowledgeResult = z.strictObject({ acknowledged: z.boolean() })
export type AcknowledgeResult = z.infer<typeof AcknowledgeResult>
