// Supabase Auth: access tokens of a project.
import type { LoginPreset } from './preset.ts'

export const supabase = {
  name: 'Supabase',
  sources: [
    { title: 'JWT Claims Reference', url: 'https://supabase.com/docs/guides/auth/jwt-fields' },
    { title: 'JWT Signing Keys', url: 'https://supabase.com/docs/guides/auth/signing-keys' },
  ],
  values: {
    url: {
      label: 'Project URL',
      hint: 'Under Project Settings, API.',
      example: 'https://abcdefghijklmnopqrst.supabase.co',
      form: 'address',
    },
  },
  session: ({ url }) => ({
    issuer: `${url}/auth/v1`,
    keys: { jwksUri: `${url}/auth/v1/.well-known/jwks.json` },
    algorithms: ['ES256', 'RS256'],
    audiences: ['authenticated'],
    requiredClaims: [
      { claim: 'role', equals: 'authenticated' },
      { claim: 'client_id', absent: true },
    ],
    sessionIdClaim: 'session_id',
    authTime: {
      from: 'newest',
      claim: 'amr',
      member: 'timestamp',
      except: { member: 'method', values: ['token_refresh', 'anonymous'] },
    },
  }),
  keySet: /\/auth\/v1\/\.well-known\/jwks\.json$/,
  token: 'The access token: `data.session.access_token` of `supabase.auth.getSession()`.',
  steps: [
    'Under Project Settings, JWT Keys, create an asymmetric signing key (ES256), and rotate to it.',
    'Sign in again: tokens from before the rotation are still signed with the old key.',
  ],
  limits: [
    'Projects that sign with the shared secret (HS256) cannot work: rotate to an asymmetric key first.',
    'Anonymous users cannot add a first factor: they never signed in.',
    'Tokens that your project issued to other applications as an OAuth server are refused: they have `client_id`.',
    'A custom access token hook that replaces `amr` by a list of words removes the time of the sign-in.',
  ],
  authTime: {
    given: 'always',
    note: 'Countersign reads the newest timestamp in `amr`. A refreshed token keeps it.',
  },
} satisfies LoginPreset<'url'>
