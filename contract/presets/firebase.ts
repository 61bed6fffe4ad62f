// Firebase Authentication: ID tokens of a project.
import type { LoginPreset } from './preset.ts'

export const firebase = {
  name: 'Firebase',
  sources: [
    {
      title: 'Verify ID Tokens',
      url: 'https://firebase.google.com/docs/auth/admin/verify-id-tokens',
    },
    {
      title: 'DecodedIdToken interface',
      url: 'https://firebase.google.com/docs/reference/admin/node/firebase-admin.auth.decodedidtoken',
    },
  ],
  values: {
    project: {
      label: 'Project ID',
      hint: 'Under Project settings, General.',
      example: 'shop-1234',
      form: 'name',
      pattern: /^[a-z0-9-]{4,40}$/,
    },
  },
  session: ({ project }) => ({
    issuer: `https://securetoken.google.com/${project}`,
    keys: {
      jwksUri:
        'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com',
    },
    algorithms: ['RS256'],
    audiences: [project],
  }),
  keySet: /\/securetoken@system\.gserviceaccount\.com$/,
  token:
    'The ID token, which `user.getIdToken()` returns. Firebase has no other token for your API.',
  steps: ['Copy the project ID. Nothing else needs to be set.'],
  limits: [
    'Firebase names no session: what a user confirms in one session counts in their other sessions too.',
    'Users of every tenant of Identity Platform in the project are accepted, and two tenants can have the same user id.',
    'Session cookies are refused: they have another issuer.',
    'Anonymous users are accepted. Do not offer guarded actions to them.',
  ],
  authTime: {
    given: 'always',
    note: 'The claim `auth_time` is the time of the sign-in. A refreshed token keeps it.',
  },
} satisfies LoginPreset<'project'>
