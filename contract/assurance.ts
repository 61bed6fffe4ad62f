// Methods of authentication (amr), and the assurance level (acr) that each one reaches.
// This file has no schemas, so that clients can use the tables without zod.

/** Assurance levels, weakest first: a recovery code, a TOTP code, a user-verified passkey. */
export const ACRS = ['recovery', 'mfa', 'phr'] as const
export type Acr = (typeof ACRS)[number]

/** The methods of a step-up. An `assertion` is a JWT in which the application's backend vouches for its user. */
export const METHODS = ['totp', 'passkey', 'recovery', 'assertion'] as const
export type Method = (typeof METHODS)[number]

/** The assurance level of each method. An assertion names its own level. */
export const METHOD_ACR = {
  totp: 'mfa',
  passkey: 'phr',
  recovery: 'recovery',
} as const satisfies Record<Exclude<Method, 'assertion'>, Acr>

/**
 * Returns whether a proof at one assurance level satisfies a rule that asks for another.
 *
 * @example acrReaches('phr', 'mfa') // true
 */
export const acrReaches = (reached: Acr | null, wanted: Acr): boolean =>
  reached !== null && ACRS.indexOf(reached) >= ACRS.indexOf(wanted)
