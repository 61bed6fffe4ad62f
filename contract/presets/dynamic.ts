// Dynamic: access tokens of an environment.
import { ASSERTION_NEEDED, type LoginPreset, originsOf } from './preset.ts'

export const dynamic = {
  name: 'Dynamic',
  sources: [
    { title: 'Tokens', url: 'https://www.dynamic.xyz/docs/overview/authentication/tokens' },
    {
      title: 'Protect servers',
      url: 'https://www.dynamic.xyz/docs/auth/dynamic-auth/protect-servers',
    },
    {
      title: 'MinifiedDynamicJwt',
      url: 'https://www.dynamic.xyz/docs/api-reference/schemas/MinifiedDynamicJwt',
    },
  ],
  values: {
    environment: {
      label: 'Environment ID',
      hint: 'In the dashboard under Developer, SDK and API Keys.',
      example: '11111111-2222-4333-8444-555555555555',
      form: 'name',
      pattern: /^[0-9a-f-]{36}$/,
    },
    origins: {
      label: 'Origins of your pages',
      hint: 'The token names one of them in aud.',
      example: 'https://shop.example',
      form: 'origins',
    },
    host: {
      label: 'Host of Dynamic',
      hint: 'What iss begins with: app.dynamicauth.com, app.dynamic.xyz or your custom hostname.',
      example: 'app.dynamicauth.com',
      form: 'domain',
      fallback: 'app.dynamicauth.com',
    },
  },
  session: ({ environment, origins, host }) => ({
    issuer: `${host}/${environment}`,
    keys: { jwksUri: `https://${host}/api/v0/sdk/${environment}/.well-known/jwks.json` },
    algorithms: ['RS256'],
    audiences: originsOf(origins),
    requiredClaims: [{ claim: 'scope', includes: 'user:basic' }],
  }),
  keySet: /\/api\/v0\/sdk\/[^/]+\/\.well-known\/jwks\.json$/,
  token: 'The access token, which `getAuthToken()` returns.',
  steps: [
    'Copy the environment ID of Sandbox or Live.',
    'Compare `iss` of a token with the issuer here: its host depends on the version of the SDK.',
  ],
  limits: [
    'Tokens without the scope `user:basic` are refused: their user has not completed the sign-in.',
    'Conditions cannot use `session.ageSeconds`.',
  ],
  authTime: {
    given: 'never',
    note: `Dynamic adds no time of the sign-in. ${ASSERTION_NEEDED}`,
  },
} satisfies LoginPreset<'environment' | 'origins' | 'host'>
