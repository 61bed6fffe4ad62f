// Okta: access tokens of a custom authorization server.
import type { LoginPreset } from './preset.ts'

export const okta = {
  name: 'Okta',
  sources: [
    {
      title: 'OpenID Connect & OAuth 2.0 API, Access Token',
      url: 'https://developer.okta.com/docs/reference/api/oidc/#access-token',
    },
    {
      title: 'Configure OAuth 2.0 Demonstrating Proof-of-Possession',
      url: 'https://developer.okta.com/docs/guides/dpop/main/',
    },
  ],
  values: {
    domain: {
      label: 'Okta domain',
      hint: 'In the menu of your account, or your custom domain.',
      example: 'shop.okta.com',
      form: 'domain',
    },
    clientId: {
      label: 'Client ID',
      hint: 'Of the application that signs your users in.',
      example: '0oa4dr9kzkykPrLhq0g7',
      form: 'name',
    },
    server: {
      label: 'Authorization server',
      hint: 'The id of a custom authorization server, under Security, API.',
      example: 'default',
      form: 'name',
      pattern: /^[A-Za-z0-9]{1,64}$/,
      fallback: 'default',
    },
  },
  session: ({ domain, clientId, server }) => ({
    issuer: `https://${domain}/oauth2/${server}`,
    keys: { jwksUri: `https://${domain}/oauth2/${server}/v1/keys` },
    algorithms: ['RS256'],
    audienceClaim: 'cid',
    audiences: [clientId],
    subjectClaim: 'uid',
  }),
  keySet: /\/oauth2\/[^/]+\/v1\/keys$/,
  token: 'The access token of a custom authorization server. It names the application in `cid`.',
  steps: [
    'Under Security, API, open the authorization server, or use `default`.',
    'In its access policies, permit your application to sign users in.',
  ],
  limits: [
    'Access tokens of the org authorization server (an issuer without `/oauth2/`) cannot work: only Okta can verify them.',
    'ID tokens are refused: they have no `cid`.',
    'Okta names no session: what a user confirms in one session counts in their other sessions too.',
    'The user is `uid`. The claim `sub` is the login name, which can pass to another person.',
  ],
  authTime: {
    given: 'always',
    note: 'The claim `auth_time` is the time of the sign-in. An older authorization server may leave it out of access tokens, so try a token. Without it nobody can add a first factor until you set `firstFactor: assertion`.',
  },
} satisfies LoginPreset<'domain' | 'clientId' | 'server'>
