// Names, patterns and limits that Countersign shares with its callers. Everything in contract/shared is
// pure and imports no schema, so that a page and a guard can use it without zod.

/** The header that carries an elevated token. */
export const TOKEN_HEADER = 'countersign-token'

/** The header that carries a DPoP proof, beside an elevated token or to ask for one. */
export const DPOP_HEADER = 'countersign-dpop'

/** The header of RFC 9449 for a proof beside a token in `Authorization`. */
export const DPOP_STANDARD_HEADER = 'dpop'

/** The header that carries a fresh nonce for the next proof (RFC 9449, section 8). */
export const DPOP_NONCE_HEADER = 'dpop-nonce'

/** The algorithms of a DPoP proof. RSA is left out, because its caller chooses how long a check takes. */
export const DPOP_ALGORITHMS = ['ES256', 'ES384', 'Ed25519', 'EdDSA'] as const

/** The header that the dashboard's pages send with every call. A form of another site cannot add it. */
export const CSRF_HEADER = 'countersign-csrf'

/** Matches the compact form of a JWT (RFC 7515, section 7.1) without padding, which jose would accept. */
export const COMPACT_JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/** Matches the `jti` of a token that Countersign issued. */
export const JTI = /^[A-Za-z0-9_-]{22,64}$/

/** Matches the thumbprint of a key (RFC 7638): a SHA-256 in base64url. */
export const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/

/** The latest time in a token of Countersign or an assertion: the first second of 2100. */
export const LAST_TOKEN_SECOND = 4_102_444_800

/** The last second of the year 9999, the last year that RFC 3339 can represent. */
export const LAST_EPOCH_SECOND = 253_402_300_799

/** How far the clocks of other parties may differ. */
export const CLOCK_TOLERANCE_SECONDS = 30

/** Returns whether a value is an object and not an array. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
