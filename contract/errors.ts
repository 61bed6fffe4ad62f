// Every way a call can be refused: the reason, its HTTP status, and what to do about it.
// One table: no other reasons exist.

/** Reason → HTTP status and the default message. */
export const REASONS = {
  input_invalid: { status: 400, message: 'The request does not match the schema of this call.' },
  details_required: {
    status: 400,
    message: 'This action needs details: send what it will carry out as `details`.',
  },
  details_mismatch: {
    status: 400,
    message: 'The token is bound to other details: step up again for these.',
  },
  challenge_expired: {
    status: 400,
    message: 'This challenge or enrollment has expired: start again.',
  },
  unauthenticated: {
    status: 401,
    message:
      'No valid credential came with the request: sign in, and send the session token as the bearer.',
  },
  session_not_fresh: {
    status: 401,
    message: 'The user signed in too long ago: sign in again, then retry.',
  },
  step_up_required: {
    status: 401,
    message: 'This action needs a fresh proof of who you are: verify a factor for its scope.',
  },
  forbidden: { status: 403, message: 'This caller may not make this call.' },
  origin_not_allowed: {
    status: 403,
    message: 'Calls from this web origin are not allowed: ask an operator to add it to `origins`.',
  },
  scope_not_allowed: {
    status: 403,
    message: 'These scopes are not allowed here: ask for one token for each action.',
  },
  method_not_allowed: {
    status: 403,
    message: 'This method is not strong enough for the rule: use another one.',
  },
  enrollment_required: {
    status: 403,
    message: 'There is no factor to verify with: enroll one first.',
  },
  denied: { status: 403, message: 'The rule denies this action.' },
  invalid_code: { status: 403, message: 'The code is wrong: try again with the one shown now.' },
  passkey_rejected: { status: 403, message: 'The passkey could not be verified: start again.' },
  assertion_invalid: {
    status: 403,
    message: 'The assertion of the application could not be verified.',
  },
  locked: {
    status: 403,
    message:
      'Codes are locked after too many failures: use a passkey, or ask an operator to unlock.',
  },
  token_invalid: { status: 403, message: 'This token is not valid here.' },
  token_expired: { status: 403, message: 'This token has expired: step up again.' },
  token_revoked: { status: 403, message: 'This token was revoked: step up again.' },
  proof_required: { status: 403, message: 'This call needs a DPoP proof.' },
  proof_invalid: { status: 403, message: 'The DPoP proof could not be verified.' },
  unknown_environment: { status: 404, message: 'There is no such environment.' },
  unknown_action: { status: 404, message: 'There is no such action in this environment.' },
  factor_not_found: { status: 404, message: 'There is no such factor.' },
  not_found: { status: 404, message: 'There is nothing here.' },
  method_unsupported: { status: 405, message: 'Calls are made with POST.' },
  conflict: {
    status: 409,
    message: 'This was changed or done by another call: read it again, then retry.',
  },
  code_already_used: { status: 409, message: 'This code was used already: wait for the next one.' },
  challenge_used: { status: 409, message: 'This challenge was answered already: start again.' },
  token_used: { status: 409, message: 'This token was used already: step up again.' },
  proof_used: { status: 409, message: 'This DPoP proof was used already.' },
  factor_limit_reached: {
    status: 409,
    message: 'The user has reached the limit of factors of this kind: remove one first.',
  },
  too_large: { status: 413, message: 'The request is larger than 64 KB.' },
  rate_limited: { status: 429, message: 'Too many attempts: wait, then try again.' },
  unavailable: { status: 503, message: 'The service cannot answer now: try again.' },
} as const satisfies Record<string, { status: number; message: string }>

/** Why a call was refused; also `error.data.reason` of the typed client. */
export type Reason = keyof typeof REASONS

/** The part of a settings document that a refusal is about. */
export interface SettingsPlace {
  /** The name of the action. */
  action: string
  /** The index in the action's `stricter`, from 0. */
  entry?: number
  /** The character of the entry's condition, from 1. */
  at?: number
}
