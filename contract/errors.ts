// The reasons for which a call can be refused. Each has an HTTP status and a message that says what to do.

/** Maps every reason to its HTTP status and default message. */
export const REASONS = {
  input_invalid: { status: 400, message: 'The request does not match the schema of this call.' },
  details_required: {
    status: 400,
    message: 'This action needs details: describe what it will do in `details`.',
  },
  details_mismatch: {
    status: 400,
    message: 'The token is bound to other details: step up again with the details of this call.',
  },
  challenge_expired: {
    status: 400,
    message: 'This challenge or enrollment has expired: start again.',
  },
  unauthenticated: {
    status: 401,
    message:
      'The request has no valid credential: sign in, and send the session token as the bearer.',
  },
  session_not_fresh: {
    status: 401,
    message: 'The user signed in too long ago: sign in again, then retry.',
  },
  step_up_required: {
    status: 401,
    message: 'This action needs a step-up: verify a factor for its scope.',
  },
  forbidden: { status: 403, message: 'This caller is not allowed to make this call.' },
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
    message: 'The rule does not accept this method: use another one.',
  },
  enrollment_required: {
    status: 403,
    message: 'The user has no factor to verify: enroll one first.',
  },
  denied: { status: 403, message: 'The rule denies this action.' },
  invalid_code: { status: 403, message: 'The code is wrong: enter the current code.' },
  passkey_rejected: { status: 403, message: 'The passkey could not be verified: start again.' },
  assertion_invalid: {
    status: 403,
    message: 'The assertion could not be verified: ask the application for another one.',
  },
  locked: {
    status: 403,
    message:
      'Codes are locked after too many wrong codes: use a passkey, or ask an operator to unlock them.',
  },
  token_invalid: { status: 403, message: 'This token is not valid here.' },
  token_expired: { status: 403, message: 'This token has expired: step up again.' },
  token_revoked: { status: 403, message: 'This token was revoked: step up again.' },
  proof_required: { status: 403, message: 'This call needs a DPoP proof: send one for this call.' },
  proof_invalid: { status: 403, message: 'The DPoP proof could not be verified.' },
  use_dpop_nonce: {
    status: 400,
    message: 'This call needs a DPoP proof with the nonce of this answer.',
  },
  unknown_environment: { status: 404, message: 'This environment does not exist.' },
  unknown_action: { status: 404, message: 'This environment has no such action.' },
  factor_not_found: { status: 404, message: 'The user has no such factor.' },
  not_found: { status: 404, message: 'Nothing was found at this address.' },
  method_unsupported: {
    status: 405,
    message: 'This address does not support this method: use POST.',
  },
  conflict: {
    status: 409,
    message: 'Another call has changed this: read it again, then retry.',
  },
  code_already_used: {
    status: 409,
    message: 'This code was used already: wait for the next code.',
  },
  challenge_used: { status: 409, message: 'This challenge was used already: start again.' },
  token_used: { status: 409, message: 'This token was used already: step up again.' },
  proof_used: {
    status: 409,
    message: 'This DPoP proof was used already: make a new one for each call.',
  },
  factor_limit_reached: {
    status: 409,
    message: 'The user cannot have more factors of this kind: remove one first.',
  },
  too_large: { status: 413, message: 'The request is larger than 64 KB.' },
  rate_limited: { status: 429, message: 'Too many attempts: wait, then try again.' },
  unavailable: { status: 503, message: 'The service is not available now: try again.' },
} as const satisfies Record<string, { status: number; message: string }>

/** The reason why a call was refused. The typed client has it in `error.data.reason`. */
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
