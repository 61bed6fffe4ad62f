// better-auth: tokens of its JWT plugin.
import type { LoginPreset } from './preset.ts'

export const betterAuth = {
  name: 'better-auth',
  sources: [{ title: 'JWT', url: 'https://better-auth.com/docs/plugins/jwt' }],
  values: {
    url: {
      label: 'Base URL',
      hint: 'baseURL in the options of better-auth. It is iss and aud of its tokens.',
      example: 'https://shop.example',
      form: 'address',
    },
    path: {
      label: 'Base path',
      hint: 'basePath in the options of better-auth.',
      example: '/api/auth',
      form: 'path',
      fallback: '/api/auth',
    },
  },
  session: ({ url, path }) => ({
    issuer: url,
    keys: { jwksUri: `${url}${path}/jwks` },
    algorithms: ['EdDSA', 'ES256', 'RS256', 'PS256'],
    audiences: [url],
  }),
  keySet: /\/api\/auth\/jwks$/,
  token: 'The token of the JWT plugin, which `authClient.token()` returns.',
  steps: [
    'Add the plugin `jwt` with the `definePayload` below, and create its table.',
    'Leave `getSubject` out: the subject is then the id of the user.',
  ],
  limits: [
    'The session token and the cookie cache are refused: only tokens of the JWT plugin work.',
    'Keys of the curve Ed448 and the algorithm ES512 are not supported.',
  ],
  authTime: {
    given: 'afterSetup',
    note: 'The plugin adds the user, but no session and no time of the sign-in. Without this `definePayload` nobody can add a first factor.',
    code: `jwt({
  jwt: {
    definePayload: ({ user, session }) => ({
      name: user.name,
      sid: session.id,
      auth_time: Math.floor(new Date(session.createdAt).getTime() / 1000),
    }),
  },
})`,
  },
} satisfies LoginPreset<'url' | 'path'>
