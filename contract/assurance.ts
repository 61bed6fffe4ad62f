// How sure a proof makes us: methods, assurance levels (acr) and authentication methods (amr).
// This file has no schemas, so that clients can use the tables without zod.

/** Assurance levels, weakest first: a recovery code, a TOTP code, a user-verified passkey. */
export const ACRS = ['recovery', 'mfa', 'phr'] as const
export type Acr = (typeof ACRS)[number]

/** Ways to prove who one is. An `assertion` is the application's backend vouching for its user. */
export const METHODS = ['totp', 'passkey', 'recovery', 'assertion'] as const
export type Method = (typeof METHODS)[number]

/** What each factor reaches; an assertion says its own level. */
export const METHOD_ACR = {
  totp: 'mfa',
  passkey: 'phr',
  recovery: 'recovery',
} as const satisfies Record<Exclude<Method, 'assertion'>, Acr>

/**
 * Whether a proof at one assurance level satisfies a rule that asks for another.
 *
 * @example acrReaches('phr', 'mfa') // true
 */
export const acrReaches = (reached: Acr | null, wanted: Acr): boolean =>
  reached !== null && ACRS.indexOf(reached) >= ACRS.indexOf(wanted)
