// The built files: the dashboard, the reference of the HTTP API, and its OpenAPI document.
import { refuse } from '../domain/refusal.ts'
import type { Bindings } from '../env.ts'

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

/** The headers of every file of a page. */
const PAGE_HEADERS = {
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

/** The path of the OpenAPI document. */
export const OPENAPI_ROUTE = '/openapi.json'
/** The path of the reference. */
export const REFERENCE_ROUTE = '/reference'
/** The files of the reference: its page, its styles and its script. */
export const REFERENCE_FILES = ['', '.css', '.js'].map((ending) => REFERENCE_ROUTE + ending)

/**
 * Serves a file of a page.
 *
 * @param path where the build put it
 * @throws Refused `not_found` if the pages are not built
 */
export const servePageFile = (
  bindings: Bindings,
  url: URL,
  path: string,
  cacheControl = 'no-cache',
): Promise<Response> =>
  serveFile(bindings, url, path, { ...PAGE_HEADERS, 'cache-control': cacheControl })

/** Serves the OpenAPI document. It is the same for everybody, so pages of other origins can read it. */
export const serveDocument = (bindings: Bindings, url: URL): Promise<Response> =>
  serveFile(bindings, url, OPENAPI_ROUTE, { 'cache-control': 'public, max-age=300' })

async function serveFile(
  { assets }: Bindings,
  url: URL,
  path: string,
  headers: Record<string, string>,
): Promise<Response> {
  const found = await assets?.fetch(new URL(path, url.origin))
  if (found?.status !== 200)
    refuse('not_found', {
      message: 'The pages are not built: run `npm start` or `npm run build:console`.',
    })
  const response = new Response(found.body, found)
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
  return response
}
