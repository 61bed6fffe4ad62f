// The routes of the dashboard: its files, their security headers, sign-in and sign-out.
import { serialize } from 'hono/utils/cookie'
import { canBeKey, firstKeyOf, unknownKey } from '../callers/operator.ts'
import { CONSOLE_COOKIE, checkPage, pageSecretHash, SESSION_SECRET_BYTES } from '../callers/page.ts'
import { bearerOf, checkOrigin } from '../callers/request.ts'
import { random } from '../clock.ts'
import { toBase64Url } from '../domain/bytes.ts'
import { hashKey } from '../domain/names.ts'
import { CONSOLE_SESSION_SECONDS } from '../domain/operators.ts'
import { refuse, unwrap } from '../domain/refusal.ts'
import { directoryObject } from '../edge/objects.ts'
import type { Bindings } from '../env.ts'

/** The path of the dashboard. */
export const CONSOLE_ROUTE = '/console'
const HASHED_FILE = /^\/assets\/[^/]+-[\w-]{8,}\.\w+$/

/** Content Security Policy, level 3: only files of this origin, no inline script, no frame around the page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const HEADERS = {
  'content-security-policy': POLICY,
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': [
    'publickey-credentials-get=(self)',
    'publickey-credentials-create=(self)',
    ...['camera', 'microphone', 'geolocation', 'payment', 'usb'].map((feature) => `${feature}=()`),
  ].join(', '),
}

/**
 * Starts a dashboard session. The bearer is an operator key. The response sets a cookie that no script can
 * read.
 *
 * @throws Refused `unauthenticated`, `forbidden` for an automation key, `origin_not_allowed`
 */
export async function signIn(bindings: Bindings, headers: Headers): Promise<Response> {
  checkOrigin(headers, [bindings.publicUrl])
  const key = bearerOf(headers) ?? refuse('unauthenticated')
  if (!canBeKey(bindings, key)) unknownKey()
  const secret = toBase64Url(random(SESSION_SECRET_BYTES))
  const session = unwrap(
    await directoryObject(bindings).signIn(hashKey(key), hashKey(secret), firstKeyOf(bindings)),
  )
  const { operator, name, expiresAt } = session
  return Response.json(
    { operator: { id: operator, name }, expiresAt },
    { headers: { 'set-cookie': cookie(secret, CONSOLE_SESSION_SECONDS) } },
  )
}

/**
 * Ends a dashboard session, and removes its cookie.
 *
 * @throws Refused `origin_not_allowed`, `forbidden` for a call that the dashboard did not make
 */
export async function signOut(bindings: Bindings, headers: Headers): Promise<Response> {
  checkPage(bindings, headers)
  const secretHash = pageSecretHash(headers)
  if (secretHash) await directoryObject(bindings).signOut(secretHash)
  return Response.json({ signedOut: true }, { headers: { 'set-cookie': cookie('', 0) } })
}

const cookie = (value: string, maxAge: number): string =>
  serialize(CONSOLE_COOKIE, value, {
    path: '/',
    httpOnly: true,
    secure: true,
    sameSite: 'Strict',
    maxAge,
  })

/** Serves a file of the dashboard. Every other path below the route serves the page, which routes by the path. */
export async function servePage({ assets }: Bindings, url: URL): Promise<Response> {
  const path = url.pathname.slice(CONSOLE_ROUTE.length)
  const file = path.startsWith('/assets/') ? path : '/'
  const found = await assets?.fetch(new URL(file, url.origin))
  if (found?.status !== 200)
    refuse('not_found', {
      message: 'The dashboard is not built: run `npm start` or `npm run build:console`.',
    })
  const response = new Response(found.body, found)
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value)
  const forever = HASHED_FILE.test(file) ? 'public, max-age=31536000, immutable' : 'no-cache'
  response.headers.set('cache-control', forever)
  return response
}
