// What every response tells the browser: to run nothing but this application, and to show it nowhere
// else. A wallet's page is worth attacking, so all is forbidden first and little is allowed.

const HASHED_ASSET = /^\/assets\/[^/]+-[\w-]{8,}\.\w+$/
const FOREVER = 'public, max-age=31536000, immutable'

/** Content Security Policy, level 3. The page talks to this application and to Countersign. */
const policyOf = (countersignUrl: string | undefined): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self'${countersignUrl ? ` ${countersignUrl}` : ''}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ')

const PERMISSIONS = [
  'publickey-credentials-get=(self)',
  'publickey-credentials-create=(self)',
  ...['camera', 'microphone', 'geolocation', 'payment', 'usb', 'display-capture'].map(
    (feature) => `${feature}=()`,
  ),
].join(', ')

/**
 * The headers of a response.
 *
 * @param path of the request
 * @param status of the response; an error is never kept
 */
export function securityHeaders(
  path: string,
  status: number,
  countersignUrl: string | undefined,
): Record<string, string> {
  return {
    'content-security-policy': policyOf(countersignUrl),
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': PERMISSIONS,
    'cache-control': cacheOf(path, status),
  }
}

function cacheOf(path: string, status: number): string {
  // A 304 updates how long the browser may keep its copy (RFC 9111, section 4.3.4).
  const good = (status >= 200 && status < 300) || status === 304
  if (!good || path.startsWith('/api/')) return 'no-store'
  if (path.startsWith('/.well-known/')) return 'public, max-age=300'
  return HASHED_ASSET.test(path) ? FOREVER : 'no-cache'
}
