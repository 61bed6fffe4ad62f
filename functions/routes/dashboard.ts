// The routes of the dashboard: its files, sign-in and sign-out.
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
import { servePageFile } from './files.ts'

/** The path of the dashboard. */
export const CONSOLE_ROUTE = '/console'
const HASHED_FILE = /^\/assets\/[^/]+-[\w-]{8,}\.\w+$/

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

const cookie = (value: string, maxAgeSeconds: number): string =>
  `${CONSOLE_COOKIE}=${value}; Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; Secure; SameSite=Strict`

/** Serves a file of the dashboard. Every other path below the route serves the page, which routes by the path. */
export function servePage(bindings: Bindings, url: URL): Promise<Response> {
  const path = url.pathname.slice(CONSOLE_ROUTE.length)
  const file = path.startsWith('/assets/') ? path : '/'
  const forever = HASHED_FILE.test(file) ? 'public, max-age=31536000, immutable' : 'no-cache'
  return servePageFile(bindings, url, file, forever)
}
