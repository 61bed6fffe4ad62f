// Verifies assertions: JWTs in which the application's backend vouches that its user was just verified. An
// environment accepts them only if `assertions` is set.
import * as z from 'zod/mini'
import {
  ACRS,
  type Acr,
  acrReaches,
  Details,
  FOREIGN_ALGORITHMS,
  LAST_TOKEN_SECOND,
  SCOPE_CLAIM_MAX_CHARACTERS,
  SubjectId,
} from '../../../contract/index.ts'
import { hashParts, toBase64Url } from '../bytes.ts'
import type { Proof } from '../factors/proof.ts'
import { Refused, refuse } from '../refusal.ts'
import { CLOCK_TOLERANCE_SECONDS, type ForeignKeys, verifyForeign } from './foreign.ts'

export const ASSERTION_TYPE = 'countersign-assertion+jwt'
export const ASSERTION_LONGEST_LIFETIME_SECONDS = 120
/** The factor id of tokens that come from an assertion. */
export const ASSERTION_FACTOR_ID = 'assertion'

const NumericDate = z.int().check(z.gte(0), z.lte(LAST_TOKEN_SECOND))

const AssertionClaims = z.looseObject({
  iss: z.string(),
  aud: z.string(),
  sub: SubjectId,
  scope: z.string().check(z.regex(/^[!-~]+( [!-~]+)*$/), z.maxLength(SCOPE_CLAIM_MAX_CHARACTERS)),
  jti: z.string().check(z.minLength(8), z.maxLength(255)),
  iat: NumericDate,
  exp: NumericDate,
  auth_time: NumericDate,
  amr: z
    .array(z.string().check(z.minLength(1), z.maxLength(32)))
    .check(z.minLength(1), z.maxLength(8)),
  acr: z.enum(ACRS),
  authorization_details: z.optional(z.tuple([Details])),
})

/** The issuer of assertions, the highest level that they may reach, and their audience. */
export interface AssertionTerms {
  issuer: string
  maxAcr: Acr
  /** The issuer of the environment, which must be the only audience of an assertion. */
  audience: string
}

/** A verified assertion: its proof, and the scopes and details that it requests. */
export interface VerifiedAssertion {
  proof: Proof
  scopes: string[]
  details?: Details
}

/**
 * Verifies an assertion for the user of a session.
 *
 * @param keys returns the backend's key for a token
 * @throws Refused `assertion_invalid` with the fault, or `unavailable` from `keys`
 */
export async function verifyAssertion(
  token: string,
  terms: AssertionTerms,
  subject: string,
  keys: ForeignKeys,
  now: number,
): Promise<VerifiedAssertion> {
  const { payload, protectedHeader } = await verifyForeign(
    token,
    terms.issuer,
    FOREIGN_ALGORITHMS,
    keys,
    now,
  ).catch((cause) => {
    if (cause instanceof Refused && cause.refusal.reason === 'unavailable') throw cause
    return invalid("The assertion is not signed by this environment's backend, or has expired.")
  })
  if (protectedHeader.typ !== ASSERTION_TYPE)
    invalid(`The assertion's \`typ\` is not ${ASSERTION_TYPE}.`)
  const { data: claims } = AssertionClaims.safeParse(payload)
  if (!claims) invalid('The assertion lacks a claim, or a claim has the wrong format.')
  if (claims.aud !== terms.audience)
    invalid('The assertion is for another audience: `aud` must be the issuer of this environment.')
  if (claims.sub !== subject) invalid('The assertion is about another user.')
  if (claims.exp <= claims.iat || claims.exp - claims.iat > ASSERTION_LONGEST_LIFETIME_SECONDS) {
    invalid(
      `The assertion must be valid for at most ${ASSERTION_LONGEST_LIFETIME_SECONDS} seconds.`,
    )
  }
  if (claims.auth_time > now + CLOCK_TOLERANCE_SECONDS)
    invalid("The assertion's `auth_time` is in the future.")
  const [details] = claims.authorization_details ?? []
  return {
    proof: {
      factorId: ASSERTION_FACTOR_ID,
      method: 'assertion',
      amr: claims.amr,
      acr: acrReaches(claims.acr, terms.maxAcr) ? terms.maxAcr : claims.acr,
      authTime: Math.min(claims.auth_time, now),
      singleUseKeys: [assertionKey(claims.iss, claims.jti, claims.exp)],
    },
    scopes: claims.scope.split(' '),
    ...(details && { details }),
  }
}

/** Returns the single-use key of an assertion. It is stored until the assertion has expired for every clock. */
const assertionKey = (issuer: string, jti: string, exp: number) => ({
  key: `assertion:${toBase64Url(hashParts(issuer, jti))}`,
  expiresAt: exp + CLOCK_TOLERANCE_SECONDS + 1,
})

function invalid(message: string): never {
  refuse('assertion_invalid', { message })
}
