// WorkOS AuthKit: access tokens of a client.
import { ASSERTION_NEEDED, type LoginPreset } from './preset.ts'

export const workos = {
  name: 'WorkOS',
  sources: [
    { title: 'Session tokens', url: 'https://workos.com/docs/reference/authkit/session-tokens' },
    { title: 'JWT Templates', url: 'https://workos.com/docs/authkit/jwt-templates' },
    {
      title: 'workos-node: access token issuer validation',
      url: 'https://github.com/workos/workos-node/pull/1694',
    },
  ],
  values: {
    clientId: {
      label: 'Client ID',
      hint: 'In the dashboard under API Keys.',
      example: 'client_123456789',
      form: 'name',
      pattern: /^client_\w{1,100}$/,
    },
    issuer: {
      label: 'Issuer',
      hint: 'Only if iss of your tokens is another one, as with a custom domain.',
      example: 'https://api.workos.com',
      form: 'address',
      fallback: '',
    },
  },
  session: ({ clientId, issuer }) => ({
    issuer: issuer || `https://api.workos.com/user_management/${clientId}`,
    keys: { jwksUri: `https://api.workos.com/sso/jwks/${clientId}` },
    algorithms: ['RS256'],
    acceptAnyAudience: true,
    requiredClaims: [{ claim: 'act', absent: true }],
  }),
  keySet: /^https:\/\/api\.workos\.com\/sso\/jwks\/[^/]+$/,
  token: 'The access token of AuthKit, which `getAccessToken()` returns.',
  steps: [
    'Copy the client ID. Nothing else needs to be set.',
    'Compare `iss` of a token with the issuer here: tokens of some projects name only `https://api.workos.com`.',
  ],
  limits: [
    'Tokens name no audience, so the issuer decides: with the issuer `https://api.workos.com` every application of the WorkOS environment is accepted.',
    'Sessions of an operator who impersonates a user are refused: they have `act`.',
    'Conditions cannot use `session.ageSeconds`.',
  ],
  authTime: {
    given: 'never',
    note: `WorkOS adds no time of the sign-in, and a JWT template cannot add it. ${ASSERTION_NEEDED}`,
  },
} satisfies LoginPreset<'clientId' | 'issuer'>
