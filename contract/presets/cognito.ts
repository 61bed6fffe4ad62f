// Amazon Cognito: access tokens of a user pool.
import type { LoginPreset } from './preset.ts'

export const cognito = {
  name: 'Amazon Cognito',
  sources: [
    {
      title: 'Understanding the access token',
      url: 'https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html',
    },
    {
      title: 'How do I revoke refresh tokens issued by Amazon Cognito?',
      url: 'https://repost.aws/knowledge-center/cognito-revoke-refresh-tokens',
    },
  ],
  values: {
    userPool: {
      label: 'User pool ID',
      hint: 'In the overview of the user pool. It begins with the region.',
      example: 'eu-west-1_AbCdEfGhI',
      form: 'name',
      pattern: /^[a-z]{2}(-[a-z]+)+-\d_[A-Za-z0-9]{1,55}$/,
    },
    clientId: {
      label: 'App client ID',
      hint: 'Under App clients.',
      example: '1example23456789',
      form: 'name',
    },
  },
  session: ({ userPool, clientId }) => {
    const issuer = `https://cognito-idp.${userPool.split('_')[0]}.amazonaws.com/${userPool}`
    return {
      issuer,
      keys: { jwksUri: `${issuer}/.well-known/jwks.json` },
      algorithms: ['RS256'],
      audienceClaim: 'client_id',
      audiences: [clientId],
      requiredClaims: [{ claim: 'token_use', equals: 'access' }],
      sessionIdClaim: 'origin_jti',
    }
  },
  keySet: /^https:\/\/cognito-idp\.[^/]+\.amazonaws\.com\/[^/]+\/\.well-known\/jwks\.json$/,
  token: 'The access token. It names the app client in `client_id` and has no `aud`.',
  steps: ['Leave token revocation on in the app client: it adds the session id `origin_jti`.'],
  limits: [
    'ID tokens are refused: their `token_use` is `id`.',
    'With token revocation off the token names no session.',
  ],
  authTime: {
    given: 'always',
    note: 'The claim `auth_time` is the time of the sign-in. A refreshed token keeps it.',
  },
} satisfies LoginPreset<'userPool' | 'clientId'>
