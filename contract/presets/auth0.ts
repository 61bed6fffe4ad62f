// Auth0: access tokens for an API of the tenant.
import type { LoginPreset } from './preset.ts'

export const auth0 = {
  name: 'Auth0',
  sources: [
    {
      title: 'Access Token Profiles',
      url: 'https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles',
    },
    {
      title: 'Actions Triggers: post-login - Event Object',
      url: 'https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-event-object',
    },
    {
      title: 'Create Custom Claims',
      url: 'https://auth0.com/docs/tokens/create-namespaced-custom-claims',
    },
  ],
  values: {
    domain: {
      label: 'Domain',
      hint: 'In the settings of your application, or your custom domain.',
      example: 'shop.eu.auth0.com',
      form: 'domain',
    },
    audience: {
      label: 'API identifier',
      hint: 'Under Applications, APIs.',
      example: 'https://api.shop.example',
      form: 'name',
    },
  },
  session: ({ domain, audience }) => ({
    issuer: `https://${domain}/`,
    keys: { jwksUri: `https://${domain}/.well-known/jwks.json` },
    algorithms: ['RS256', 'PS256'],
    audiences: [audience],
    sessionIdClaim: 'https://countersign/sid',
    authTimeClaim: 'https://countersign/auth_time',
  }),
  keySet: /^https:\/\/[^/]+\.auth0\.com\/\.well-known\/jwks\.json$/,
  token:
    'The access token for your API: pass its identifier as `audience` when your page signs in. Without it Auth0 issues an opaque token.',
  steps: [
    'Under Applications, APIs, create an API, or open yours, and leave its signing algorithm at RS256.',
    'Under Actions, Triggers, post-login, add the Action below.',
  ],
  limits: [
    'ID tokens are refused: their audience is the application.',
    'An API that signs with HS256 cannot work: nobody but Auth0 and the API can verify its tokens.',
    'Every application of the tenant that may call the API is accepted.',
  ],
  authTime: {
    given: 'afterSetup',
    note: 'Auth0 adds no time of the sign-in to access tokens, and no custom claim may be called `auth_time`. Without the Action nobody can add a first factor.',
    code: `exports.onExecutePostLogin = async (event, api) => {
  const times = (event.authentication?.methods ?? []).map(({ timestamp }) => Date.parse(timestamp))
  if (times.length > 0) {
    const signedInAt = Math.floor(Math.max(...times) / 1000)
    api.accessToken.setCustomClaim('https://countersign/auth_time', signedInAt)
  }
  if (event.session?.id) api.accessToken.setCustomClaim('https://countersign/sid', event.session.id)
}`,
  },
} satisfies LoginPreset<'domain' | 'audience'>
