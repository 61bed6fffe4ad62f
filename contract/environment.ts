// Environments: the settings that an operator writes, the signing keys, and the resource keys.
import * as z from 'zod/mini'
import { ACRS } from './assurance.ts'
import { Audience, CompactJwt, EnvironmentId, EpochSeconds, Label } from './common.ts'
import { ActionEntry } from './policy.ts'
import { AuthTimeSource, ClaimName, ClaimRule } from './session.ts'

/** Signature algorithms that Countersign accepts on session tokens and assertions (RFC 7518, RFC 8037). */
export const FOREIGN_ALGORITHMS = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'] as const

export const ENROLLMENTS = ['none', 'onboarding', 'action'] as const
export const FIRST_FACTORS = ['freshSession', 'assertion'] as const
export const MFA_TOKEN_MODES = ['off', 'single', 'session'] as const
/** From the weakest to the strongest. `dpopNonce` also asks for a nonce in each proof (RFC 9449, section 8). */
export const SENDER_CONSTRAINTS = ['none', 'dpop', 'dpopNonce'] as const
export const TOTP_ALGORITHMS = ['SHA1', 'SHA256', 'SHA512'] as const

const Url = z.string().check(z.minLength(1), z.maxLength(512))
const Origin = z.string().check(z.regex(/^https?:\/\/[a-z0-9.:[\]-]+$/), z.maxLength(255))
const FirstFactorSessionSeconds = z.int().check(z.gte(30), z.lte(86_400))

/** The public keys of another party: the URL of a key set, or the key set itself (RFC 7517). */
export const KeySource = z.union([
  z.strictObject({ jwksUri: Url }),
  z.strictObject({
    jwks: z.strictObject({
      keys: z.array(z.record(z.string(), z.unknown())).check(z.minLength(1), z.maxLength(20)),
    }),
  }),
])
export type KeySource = z.infer<typeof KeySource>

export const SessionSettings = z.strictObject({
  issuer: Url,
  keys: KeySource,
  algorithms: z.optional(z.array(z.enum(FOREIGN_ALGORITHMS)).check(z.minLength(1), z.maxLength(5))),
  audiences: z.optional(z.array(Audience).check(z.minLength(1), z.maxLength(20))),
  acceptAnyAudience: z.optional(z.boolean()),
  /** The claim that must name one of the audiences. By default it is `aud`, or `azp` if there is no `aud`. */
  audienceClaim: z.optional(ClaimName),
  requiredClaims: z.optional(z.array(ClaimRule).check(z.minLength(1), z.maxLength(10))),
  subjectClaim: z.optional(ClaimName),
  sessionIdClaim: z.optional(ClaimName),
  authTimeClaim: z.optional(ClaimName),
  /** For issuers that say the time of the sign-in in another form. It replaces `authTimeClaim`. */
  authTime: z.optional(AuthTimeSource),
  /** The claim with the user's name, which their authenticator app and passkeys show. */
  nameClaim: z.optional(ClaimName),
})
export type SessionSettings = z.infer<typeof SessionSettings>

export const MethodSettings = z.strictObject({
  totp: z.optional(
    z.strictObject({
      enabled: z.optional(z.boolean()),
      algorithm: z.optional(z.enum(TOTP_ALGORITHMS)),
      digits: z.optional(z.union([z.literal(6), z.literal(8)])),
      periodSeconds: z.optional(z.union([z.literal(30), z.literal(60)])),
    }),
  ),
  passkey: z.optional(z.strictObject({ enabled: z.optional(z.boolean()) })),
  recovery: z.optional(z.strictObject({ enabled: z.optional(z.boolean()) })),
})

/** The settings of an environment as an operator writes them. Every optional member has a default. */
export const EnvironmentSettings = z.strictObject({
  name: z.optional(Label),
  session: SessionSettings,
  rpId: z.string().check(z.regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/)),
  rpName: z.optional(Label),
  origins: z.array(Origin).check(z.minLength(1), z.maxLength(20)),
  audiences: z.array(Audience).check(z.minLength(1), z.maxLength(20)),
  enrollment: z.optional(z.enum(ENROLLMENTS)),
  firstFactor: z.optional(z.enum(FIRST_FACTORS)),
  firstFactorSessionSeconds: z.optional(FirstFactorSessionSeconds),
  methods: z.optional(MethodSettings),
  mfaTokens: z.optional(z.enum(MFA_TOKEN_MODES)),
  senderConstrained: z.optional(z.enum(SENDER_CONSTRAINTS)),
  assertions: z.optional(
    z.strictObject({ issuer: Url, keys: KeySource, maxAcr: z.optional(z.enum(ACRS)) }),
  ),
  history: z.optional(
    z.strictObject({ keepDays: z.optional(z.int().check(z.gte(1), z.lte(3650))) }),
  ),
  /** Whether the receipt of a resource contains the passkey that signed. */
  receipts: z.optional(z.strictObject({ showCredential: z.optional(z.boolean()) })),
  actions: z.optional(z.array(ActionEntry).check(z.maxLength(100))),
})
export type EnvironmentSettings = z.infer<typeof EnvironmentSettings>

export const EnvironmentReference = z.strictObject({ environment: EnvironmentId })
export type EnvironmentReference = z.infer<typeof EnvironmentReference>

export const EnvironmentCreateInput = z.strictObject({
  environment: EnvironmentId,
  settings: EnvironmentSettings,
})
export type EnvironmentCreateInput = z.infer<typeof EnvironmentCreateInput>

export const EnvironmentListResult = z.strictObject({
  environments: z.array(z.strictObject({ environment: EnvironmentId, createdAt: EpochSeconds })),
})
export type EnvironmentListResult = z.infer<typeof EnvironmentListResult>

/** Keys for tokens never sign receipts, and keys for receipts never sign tokens. */
export const KEY_USES = ['tokens', 'receipts'] as const
export type KeyUse = (typeof KEY_USES)[number]

export const KEY_STATES = ['next', 'current', 'retired'] as const

/** A key that signs tokens or receipts. It signs from `signsAt` on, and leaves the published key set at `leavesAt`. */
export const SigningKey = z.strictObject({
  kid: z.string(),
  state: z.enum(KEY_STATES),
  createdAt: EpochSeconds,
  signsAt: EpochSeconds,
  leavesAt: z.nullable(EpochSeconds),
})
export type SigningKey = z.infer<typeof SigningKey>

export const ResourceKey = z.strictObject({
  id: z.string(),
  audience: Audience,
  label: z.nullable(z.string()),
  createdAt: EpochSeconds,
})
export type ResourceKey = z.infer<typeof ResourceKey>

/** An environment as an operator sees it. Its settings have every default filled in. */
export const EnvironmentView = z.strictObject({
  environment: EnvironmentId,
  settings: EnvironmentSettings,
  version: z.int(),
  keys: z.array(SigningKey),
  receiptKeys: z.array(SigningKey),
  resourceKeys: z.array(ResourceKey),
})
export type EnvironmentView = z.infer<typeof EnvironmentView>

export const EnvironmentUpdateInput = z.strictObject({
  environment: EnvironmentId,
  settings: EnvironmentSettings,
  version: z.int().check(z.gte(1)),
})
export type EnvironmentUpdateInput = z.infer<typeof EnvironmentUpdateInput>

export const RotateKeysInput = z.strictObject({
  environment: EnvironmentId,
  compromised: z.optional(z.boolean()),
  /** The key set to rotate; by default the keys of tokens. */
  use: z.optional(z.enum(KEY_USES)),
})
export type RotateKeysInput = z.infer<typeof RotateKeysInput>

export const SigningKeysResult = z.strictObject({ keys: z.array(SigningKey) })
export type SigningKeysResult = z.infer<typeof SigningKeysResult>

export const CreateResourceKeyInput = z.strictObject({
  environment: EnvironmentId,
  audience: Audience,
  label: z.optional(Label),
})
export type CreateResourceKeyInput = z.infer<typeof CreateResourceKeyInput>

/** The only response that contains the key. */
export const CreateResourceKeyResult = z.strictObject({ id: z.string(), key: z.string() })
export type CreateResourceKeyResult = z.infer<typeof CreateResourceKeyResult>

export const RevokeResourceKeyInput = z.strictObject({
  environment: EnvironmentId,
  id: z.string().check(z.minLength(1), z.maxLength(64)),
})
export type RevokeResourceKeyInput = z.infer<typeof RevokeResourceKeyInput>

export const RevokeResourceKeyResult = z.strictObject({ revoked: z.literal(true) })
export type RevokeResourceKeyResult = z.infer<typeof RevokeResourceKeyResult>

/**
 * One difference between two settings documents with every default filled in. An example of `path` is
 * `actions[wallet.waas.sign].base.acr`. `before` is missing if the setting was added, `after` if it was
 * removed.
 */
export const SettingChange = z.strictObject({
  path: z.string(),
  before: z.optional(z.unknown()),
  after: z.optional(z.unknown()),
  /** True if the change makes an action easier to do or harder to notice. */
  weaker: z.boolean(),
})
export type SettingChange = z.infer<typeof SettingChange>

export const EnvironmentPreviewInput = z.strictObject({
  environment: EnvironmentId,
  settings: EnvironmentSettings,
})
export type EnvironmentPreviewInput = z.infer<typeof EnvironmentPreviewInput>

/** The changes that saving a draft would make, compared with the current `version`. */
export const EnvironmentPreviewResult = z.strictObject({
  version: z.int(),
  changes: z.array(SettingChange),
})
export type EnvironmentPreviewResult = z.infer<typeof EnvironmentPreviewResult>

/**
 * A session token to try. The other optional members are a draft that replaces the current settings for
 * this call.
 */
export const TrySessionInput = z.strictObject({
  environment: EnvironmentId,
  token: CompactJwt,
  session: z.optional(SessionSettings),
  firstFactor: z.optional(z.enum(FIRST_FACTORS)),
  firstFactorSessionSeconds: z.optional(FirstFactorSessionSeconds),
})
export type TrySessionInput = z.infer<typeof TrySessionInput>

/** A warning about an accepted token: something that its user cannot do, or that protects them less. */
export const SessionWarning = z.discriminatedUnion('code', [
  /** The token has no sign-in time, so its user cannot enroll a first factor. */
  z.strictObject({ code: z.literal('auth_time_missing'), claim: z.string() }),
  /** This user must sign in again before they can enroll a first factor. */
  z.strictObject({
    code: z.literal('sign_in_too_old'),
    claim: z.string(),
    ageSeconds: z.int(),
    longestAgeSeconds: z.int(),
  }),
  /** Elevated tokens of one session are accepted in every other session of the user. */
  z.strictObject({ code: z.literal('session_id_missing'), claim: z.string() }),
])
export type SessionWarning = z.infer<typeof SessionWarning>

/** The user whom the token names, or the reason why it is refused. The token is not stored. */
export const TrySessionResult = z.union([
  z.strictObject({
    accepted: z.literal(true),
    subject: z.string(),
    sessionId: z.optional(z.string()),
    clientId: z.optional(z.string()),
    authTime: z.optional(EpochSeconds),
    expiresAt: EpochSeconds,
    warnings: z.array(SessionWarning),
  }),
  z.strictObject({ accepted: z.literal(false), message: z.string() }),
])
export type TrySessionResult = z.infer<typeof TrySessionResult>

export const EnvironmentRemoveResult = z.strictObject({ removed: z.literal(true) })
export type EnvironmentRemoveResult = z.infer<typeof EnvironmentRemoveResult>
