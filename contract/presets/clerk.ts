// Clerk: session tokens of an instance.
import { type LoginPreset, originsOf } from './preset.ts'

export const clerk = {
  name: 'Clerk',
  sources: [
    {
      title: 'Session tokens',
      url: 'https://clerk.com/docs/guides/sessions/session-tokens',
    },
    {
      title: 'Manual JWT verification',
      url: 'https://clerk.com/docs/guides/sessions/manual-jwt-verification',
    },
    {
      title: 'JWT format support for OAuth access tokens',
      url: 'https://clerk.com/changelog/2026-01-08-jwt-oauth-access-tokens',
    },
  ],
  values: {
    domain: {
      label: 'Frontend API URL',
      hint: 'In the dashboard under API keys.',
      example: 'clerk.shop.example',
      form: 'domain',
    },
    origins: {
      label: 'Origins of your pages',
      hint: 'The token names one of them in azp. Leave it empty if your users sign in in a native app: Clerk then leaves azp out.',
      example: 'https://shop.example',
      form: 'origins',
      fallback: '',
    },
  },
  session: ({ domain, origins }) => ({
    issuer: `https://${domain}`,
    keys: { jwksUri: `https://${domain}/.well-known/jwks.json` },
    algorithms: ['RS256'],
    ...(origins
      ? { audienceClaim: 'azp', audiences: originsOf(origins) }
      : { acceptAnyAudience: true }),
    requiredClaims: [
      { claim: 'act', absent: true },
      { claim: 'client_id', absent: true },
    ],
    authTime: { from: 'minutesAgo', claim: 'fva', index: 0 },
  }),
  keySet: /^https:\/\/([^/]+\.)?clerk\.[^/]+\/\.well-known\/jwks\.json$/,
  token: 'The session token, which `getToken()` returns without a template.',
  steps: ['Copy the Frontend API URL from the dashboard. Nothing else needs to be set.'],
  limits: [
    'Tokens of a JWT template say no time of the sign-in: send the session token.',
    'Tokens without `azp` are refused where origins are named.',
    'A session whose user has tasks left is accepted: its `sts` is `pending`.',
    'Sessions of an operator who impersonates a user are refused: they have `act`.',
    'Tokens that your instance issued to other applications as an OAuth server are refused: they have `client_id`.',
  ],
  authTime: {
    given: 'always',
    note: 'The claim `fva` says how many minutes ago the user signed in. It is rounded, so Countersign counts one minute more.',
  },
} satisfies LoginPreset<'domain' | 'origins'>
