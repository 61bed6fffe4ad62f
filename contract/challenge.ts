// The step-up itself: starting a passkey ceremony, and verifying a factor for scopes.
import * as z from 'zod/mini'
import { ACRS } from './assurance.ts'
import { Details, EpochSeconds, FactorId, RequestedScopes } from './common.ts'
import { AuthenticationResponse, CarriedChallenge, CeremonyOptions, TotpCode } from './factor.ts'
import { ElevatedToken, MfaToken } from './token.ts'

export const CHALLENGE_LIFETIME_SECONDS = 300

const wanted = { requestedScopes: z.optional(RequestedScopes), details: z.optional(Details) }

/** Asks for the deprecated token, with or without an elevated token. */
export const MfaTokenOrder = z.strictObject({ singleUse: z.boolean() })
const legacy = { mfaToken: z.optional(MfaTokenOrder) }

export const ChallengeStartInput = z.strictObject({ method: z.literal('passkey'), ...wanted })
export type ChallengeStartInput = z.infer<typeof ChallengeStartInput>

export const ChallengeStartResult = z.strictObject({
  challenge: CarriedChallenge,
  options: CeremonyOptions,
  expiresAt: EpochSeconds,
})
export type ChallengeStartResult = z.infer<typeof ChallengeStartResult>

export const ChallengeVerifyInput = z.discriminatedUnion('method', [
  z.strictObject({
    method: z.literal('totp'),
    code: TotpCode,
    factorId: z.optional(FactorId),
    ...wanted,
    ...legacy,
  }),
  z.strictObject({
    method: z.literal('passkey'),
    challenge: CarriedChallenge,
    response: AuthenticationResponse,
    ...legacy,
  }),
  z.strictObject({
    method: z.literal('recovery'),
    code: z.string().check(z.minLength(1), z.maxLength(64)),
    ...wanted,
    ...legacy,
  }),
])
export type ChallengeVerifyInput = z.infer<typeof ChallengeVerifyInput>

/** The proof, and the tokens that the call asked for. */
export const ChallengeVerifyResult = z.strictObject({
  factorId: z.optional(FactorId),
  amr: z.array(z.string()),
  acr: z.enum(ACRS),
  authTime: EpochSeconds,
  elevatedToken: z.optional(ElevatedToken),
  mfaToken: z.optional(MfaToken),
})
export type ChallengeVerifyResult = z.infer<typeof ChallengeVerifyResult>
