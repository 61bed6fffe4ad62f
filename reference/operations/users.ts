// The operations that a page calls for its user: the step-up, and the user's factors.
import type { OperationsOf } from './operation.ts'
import { DETAILS, ELEVATED_TOKEN, NOW, PROOF, TOKEN } from './resources.ts'

const FACTOR_ID = 'fac_0hT3kYw5mQ9sZ1xV7bNc2A'

/** An authenticator app. */
export const APP = {
  factorId: FACTOR_ID,
  kind: 'totp' as const,
  label: 'Work phone',
  isDefault: true,
  createdAt: NOW,
  lastUsedAt: null,
}
const PASSKEY = {
  factorId: 'fac_vUgnvJ0tCF2aAInmkswoOg',
  kind: 'passkey' as const,
  label: 'Laptop',
  isDefault: false,
  createdAt: NOW,
  lastUsedAt: NOW,
  passkey: { synced: true, backedUp: true, transports: ['internal'], usable: true },
}
const recoveryCodes = ['Q4JK-7M2P-X9D3-5T8W-B6NH-1F0G', '3Y7Z-K2QD-M8RV-C4TX-9JPA-6E5S']

/** The reasons for which a call is refused that takes an elevated token in its header. */
const GATED = [
  ...PROOF,
  ...(['step_up_required', 'token_invalid', 'token_expired', 'token_revoked'] as const),
  ...(['token_used', 'denied', 'enrollment_required', 'scope_not_allowed'] as const),
  'details_mismatch',
] as const

/** The reasons for which a code or a passkey is refused. */
const ATTEMPT = [
  ...(['invalid_code', 'code_already_used', 'passkey_rejected', 'locked'] as const),
  ...(['rate_limited', 'challenge_expired', 'challenge_used', 'method_not_allowed'] as const),
] as const

export const FACTOR_OPERATIONS: OperationsOf<'factor'> = {
  list: {
    summary: 'List the factors',
    description:
      'Returns the confirmed factors of the user, and how many recovery codes are left. `mustEnroll` is true if the settings want a first factor during onboarding.',
    reasons: [],
    example: {},
    answer: {
      factors: [APP, PASSKEY],
      enrolled: true,
      mustEnroll: false,
      recovery: { remaining: 10, total: 10, acknowledged: true },
    },
  },
  enroll: {
    summary: 'Start to add a factor',
    description:
      'Starts to add an authenticator app or a passkey. The first factor needs a fresh sign-in or an assertion, as the settings say. Every further factor needs a step-up. The factor counts after `factor/confirm`.',
    reasons: [
      ...GATED,
      ...(['session_not_fresh', 'assertion_invalid', 'method_not_allowed'] as const),
      ...(['factor_limit_reached', 'rate_limited'] as const),
    ],
    takes: 'credential:link',
    example: { kind: 'totp', label: 'Work phone' },
    answer: {
      factorId: FACTOR_ID,
      secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
      uri: 'otpauth://totp/Shop:alice?issuer=Shop&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30',
      expiresAt: NOW + 600,
    },
  },
  confirm: {
    summary: 'Confirm a factor',
    description:
      'Confirms a factor with its first code, or with the registration of the passkey. With the first factor the answer has the recovery codes, which are shown once. Confirming issues no token, and uses the code: a step-up with the same code is refused as `code_already_used`.',
    reasons: [...ATTEMPT, 'factor_not_found', 'factor_limit_reached', 'conflict'],
    example: { kind: 'totp', factorId: FACTOR_ID, code: '123456' },
    answer: { factor: APP, recoveryCodes },
  },
  rename: {
    summary: 'Rename a factor',
    description: 'Changes the name of a factor. Without a `label` the factor has no name.',
    reasons: ['factor_not_found', 'rate_limited'],
    example: { factorId: FACTOR_ID, label: 'Old phone' },
    answer: { factors: [{ ...APP, label: 'Old phone' }, PASSKEY] },
  },
  setDefault: {
    summary: 'Choose the default factor',
    description: 'Makes a factor the one that the user is asked for first.',
    reasons: [...GATED, 'factor_not_found'],
    takes: 'credential:update',
    example: { factorId: FACTOR_ID },
    answer: { factors: [APP, PASSKEY] },
  },
  remove: {
    summary: 'Remove a factor',
    description:
      'Removes a factor and ends every live token that came from it. A user who removes their last factor still counts as enrolled, so their actions stay closed.',
    reasons: [...GATED, 'factor_not_found'],
    takes: 'credential:unlink',
    example: { factorId: FACTOR_ID },
    answer: { factors: [{ ...PASSKEY, isDefault: true }] },
  },
}

export const RECOVERY_OPERATIONS: OperationsOf<'recovery'> = {
  regenerate: {
    summary: 'Create new recovery codes',
    description: 'Replaces all recovery codes. The answer is the only one that has the new codes.',
    reasons: [...GATED, 'method_not_allowed'],
    takes: 'credential:update',
    example: {},
    answer: { recoveryCodes },
  },
  acknowledge: {
    summary: 'Record that the codes are saved',
    description: 'Records that the user has saved their recovery codes.',
    reasons: ['enrollment_required'],
    example: {},
    answer: { acknowledged: true },
  },
}

const REQUESTING = [
  ...(['scope_not_allowed', 'details_required', 'enrollment_required', 'denied'] as const),
  'method_not_allowed',
] as const

export const CHALLENGE_OPERATIONS: OperationsOf<'challenge'> = {
  start: {
    summary: 'Start a step-up with a passkey',
    description:
      'Returns the options for `navigator.credentials.get`, and a challenge for exactly these scopes and details. It lives five minutes and is used once.',
    reasons: REQUESTING,
    example: { method: 'passkey', requestedScopes: ['orders:refund'], details: DETAILS },
    answer: {
      challenge: TOKEN,
      options: {
        rpId: 'shop.example',
        challenge: 'aBZ3Wz42ajS1UP9v517bhWznAoZcqWh7Bxbj0pGZwM',
        allowCredentials: [
          { id: 'GrkwsAV8kyqQbkOI0dKAKR', transports: ['internal'], type: 'public-key' },
        ],
        timeout: 300_000,
        userVerification: 'required',
      },
      expiresAt: NOW + 300,
    },
  },
  verify: {
    summary: 'Step up',
    description:
      'Verifies a code, a passkey or a recovery code, and answers with an elevated token for the requested scopes. Attempts are counted before they are checked. A passkey gets only the scopes and details that its challenge names.',
    reasons: [...REQUESTING, ...ATTEMPT, ...PROOF, 'factor_not_found'],
    example: {
      method: 'totp',
      code: '123456',
      requestedScopes: ['orders:refund'],
      details: DETAILS,
    },
    answer: {
      factorId: FACTOR_ID,
      amr: ['otp'],
      acr: 'mfa',
      authTime: NOW,
      elevatedToken: { ...ELEVATED_TOKEN, acr: 'mfa' },
    },
  },
}
