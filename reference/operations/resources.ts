// The operations that an API calls: what it asks before it acts, and what it does with tokens.
import type { OperationsOf } from './operation.ts'

/** A moment of the examples, in epoch seconds. */
export const NOW = 1_796_032_800

/** A shortened token. The test of the examples replaces it with one that is valid. */
export const TOKEN = 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl'

export const DETAILS = { order: '17', amount: 25 }
export const AUDIENCE = 'https://api.shop.example'
const ACTION = 'order.refund'
const SCOPE = 'orders:refund'

/** The reasons for which a DPoP proof is refused (RFC 9449). */
export const PROOF = ['proof_required', 'proof_invalid', 'proof_used', 'use_dpop_nonce'] as const

const claims = {
  iss: 'https://countersign.example/shop',
  sub: 'alice',
  aud: AUDIENCE,
  client_id: 'shop',
  sid: 'session-1',
  jti: 'Jw3yqkZ0Nf8h2bS6xT1vLg',
  iat: NOW,
  exp: NOW + 300,
  auth_time: NOW,
  amr: ['hwk', 'user', 'mfa'],
  acr: 'phr' as const,
  singleUse: true,
  epoch: 0,
  scope: SCOPE,
  authorization_details: [{ type: ACTION, ...DETAILS }] as [Record<string, unknown>],
}

const decision = {
  decision: 'step_up' as const,
  required: true,
  reason: 'always' as const,
  action: ACTION,
  scope: SCOPE,
  methods: ['totp' as const, 'passkey' as const],
  enrollable: ['totp' as const, 'passkey' as const],
  acr: 'mfa' as const,
  singleUse: true,
  lifetimeSeconds: 300,
  freshnessSeconds: 300,
  details: 'required' as const,
  dpop: false,
  title: 'Refund',
  sentence: 'refund an order',
}

export const ELEVATED_TOKEN = {
  token: TOKEN,
  jti: claims.jti,
  audience: AUDIENCE,
  scopes: [SCOPE],
  acr: 'phr' as const,
  tokenType: 'Bearer' as const,
  singleUse: true,
  issuedAt: NOW,
  expiresAt: NOW + 300,
}

/** The reasons for which a token is refused where it is spent. */
const SPENDING = [
  ...PROOF,
  ...(['details_mismatch', 'step_up_required', 'token_invalid', 'token_expired'] as const),
  ...(['token_revoked', 'token_used', 'scope_not_allowed', 'unknown_action'] as const),
] as const

export const ACTION_OPERATIONS: OperationsOf<'action'> = {
  authorize: {
    summary: 'Authorize an action',
    description:
      'The one call that an API makes before it acts. Status 200 means that the action may run. If the rule needs a token, the call verifies it and spends it. If a step-up helps, the problem has `wwwAuthenticate`: answer 401 to your caller with this header (RFC 9470). Otherwise answer `token_invalid` with 401, `denied` with 403, `unknown_action` with 404, `input_invalid` with 400, and everything else with 503: `unauthenticated` and `forbidden` are about your key, not about your caller. A repeated call with the same `idempotencyKey` and the same input is answered again for 60 seconds, with `replayed: true`.',
    reasons: [...SPENDING, 'details_required', 'denied', 'enrollment_required'],
    example: {
      action: ACTION,
      subject: 'alice',
      sessionId: 'session-1',
      details: DETAILS,
      token: TOKEN,
      idempotencyKey: 'one-key-for-each-request',
    },
    answer: { authorized: true, by: 'token', replayed: false, claims },
  },
}

export const POLICY_OPERATIONS: OperationsOf<'policy'> = {
  check: {
    summary: 'Check whether an action needs a step-up',
    description:
      'Returns the decision for a user: `permit`, `step_up`, `enroll` or `deny`. A user asks about themselves. An API names its user in `subject`. The call changes nothing and spends nothing.',
    reasons: ['unknown_action'],
    example: { action: ACTION, details: DETAILS },
    answer: decision,
  },
  list: {
    summary: 'List the rules of an audience',
    description:
      'Returns the rules of the actions that belong to the audience of the resource key. The guard of the package keeps them for up to a minute.',
    reasons: [],
    example: {},
    answer: {
      version: 1,
      epoch: 0,
      audience: AUDIENCE,
      actions: [
        {
          action: ACTION,
          scope: SCOPE,
          methods: ['totp', 'passkey'],
          acr: 'mfa',
          singleUse: true,
          freshnessSeconds: 300,
          details: 'required',
          acceptsMfaToken: false,
          dpop: false,
          mode: 'enforce',
          conditional: false,
        },
      ],
    },
  },
  simulate: {
    summary: 'Simulate a rule',
    description:
      'Returns the decision for a user or for invented facts, and explains it, one sentence for each part of the rule. `settings` tries a draft before it is saved. The call changes nothing.',
    reasons: ['unknown_environment', 'unknown_action'],
    example: {
      environment: 'shop',
      action: ACTION,
      facts: { enrolled: true, totp: true, passkey: false, recovery: true },
      details: DETAILS,
    },
    answer: {
      decision,
      trace: [
        'The base rule of order.refund (orders:refund) asks everybody: acr mfa, by totp or passkey.',
      ],
    },
  },
}

export const TOKEN_OPERATIONS: OperationsOf<'token'> = {
  exchange: {
    summary: 'Exchange an assertion for a token',
    description:
      'Exchanges a short JWT, in which your backend vouches for the user, for an elevated token. The rule must accept the method `assertion`, and the settings must name the issuer of assertions. An assertion is accepted once.',
    reasons: [
      ...PROOF,
      ...(['assertion_invalid', 'scope_not_allowed', 'method_not_allowed', 'denied'] as const),
      ...(['details_required', 'session_not_fresh'] as const),
    ],
    example: { assertion: TOKEN },
    answer: {
      elevatedToken: { ...ELEVATED_TOKEN, acr: 'mfa', scopes: ['user:update'], singleUse: false },
    },
  },
  consume: {
    summary: 'Spend a token',
    description:
      'Verifies a token for an action and a user, and spends it if it is single-use. It decides by the base rule alone. For the conditions and the token in one call, as the guard of the package does, use `action/authorize`.',
    reasons: [...SPENDING, 'details_required', 'denied'],
    example: {
      action: ACTION,
      token: TOKEN,
      subject: 'alice',
      sessionId: 'session-1',
      details: DETAILS,
      idempotencyKey: 'one-key-for-each-request',
    },
    answer: { accepted: true, replayed: false, claims },
  },
  introspect: {
    summary: 'Introspect a token',
    description:
      'Returns whether a token is active, and its claims if it is (RFC 7662). A user sees their own tokens, an API those of its audience. Every other token is inactive.',
    reasons: [],
    example: { token: TOKEN },
    answer: { active: true, token_type: 'Bearer', ...claims },
  },
  revoke: {
    summary: 'Revoke a token',
    description:
      'Ends a token at once. A token that the caller does not own, or that is unknown, stays as it is, and the answer is the same (RFC 7009).',
    reasons: [],
    example: { token: TOKEN },
    answer: { revoked: true },
  },
}
