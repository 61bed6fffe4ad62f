// Logto: access tokens for an API resource.
import { ASSERTION_NEEDED, type LoginPreset } from './preset.ts'

export const logto = {
  name: 'Logto',
  sources: [
    {
      title: 'How to validate access tokens in your API service or backend',
      url: 'https://docs.logto.io/authorization/validate-access-tokens',
    },
    { title: 'Signing keys', url: 'https://docs.logto.io/developers/signing-keys' },
    {
      title: 'Create a custom token claims script',
      url: 'https://docs.logto.io/developers/custom-token-claims/create-script',
    },
  ],
  values: {
    endpoint: {
      label: 'Logto endpoint',
      hint: 'In the settings of your application, under Endpoints & Credentials.',
      example: 'https://shop.logto.app',
      form: 'address',
    },
    resource: {
      label: 'API identifier',
      hint: 'The resource indicator of your API, under API resources.',
      example: 'https://api.shop.example',
      form: 'name',
    },
  },
  session: ({ endpoint, resource }) => ({
    issuer: `${endpoint}/oidc`,
    keys: { jwksUri: `${endpoint}/oidc/jwks` },
    algorithms: ['ES384', 'RS256'],
    audiences: [resource],
  }),
  keySet: /\/oidc\/jwks$/,
  token: 'The access token for your API, which `getAccessToken(resource)` returns.',
  steps: [
    'Under API resources, add your API.',
    'Name it among the `resources` of the Logto SDK in your page: without it Logto issues an opaque token.',
  ],
  limits: [
    'ID tokens are refused: their audience is the application.',
    'Every application of the tenant that may call the API is accepted.',
    'Logto names no session: what a user confirms in one session counts in their other sessions too.',
    'Conditions cannot use `session.ageSeconds`.',
  ],
  authTime: {
    given: 'never',
    note: `Logto adds no time of the sign-in to access tokens, and its custom claims cannot read it. ${ASSERTION_NEEDED}`,
  },
} satisfies LoginPreset<'endpoint' | 'resource'>
