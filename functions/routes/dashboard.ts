// The operators' page: its files, the headers that keep it to itself, and the session by which it calls.
// See procedures/ for what the page calls.
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

/** Where the page is served. */
export const CONSOLE_ROUTE = '/console'
const HASHED_FILE = /^\/assets\/[^/]+-[\w-]{8,}\.\w+$/

/** Content Security Policy, level 3: this origin's own files, no inline script, no frame around it. */
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
 * Begins the session of a page: the bearer is an operator key, the answer a cookie that no script reads.
 *
 * @throws Refused `unauthenticated`, `forbidden` for a key for automation, `origin_not_allowed`
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
 * Ends the session of a page, here and in the browser.
 *
 * @throws Refused `origin_not_allowed`, `forbidden` for a call that the page did not make itself
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

/** A file of the page; any other address below its route is the page itself, which reads the address. */
export async function servePage({ assets }: Bindings, url: URL): Promise<Response> {
  const path = url.pathname.slice(CONSOLE_ROUTE.length)
  const file = path.startsWith('/assets/') ? path : '/'
  const found = await assets?.fetch(new URL(file, url.origin))
  if (found?.status !== 200)
    refuse('not_found', {
      message: 'There is no such file. (`npm start` and `npm run build:console` build the page.)',
    })
  const response = new Response(found.body, found)
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value)
  const forever = HASHED_FILE.test(file) ? 'public, max-age=31536000, immutable' : 'no-cache'
  response.headers.set('cache-control', forever)
  return response
}
