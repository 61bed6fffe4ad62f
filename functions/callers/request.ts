// Reads the bearer of a request, and checks the origin of the page that calls.
import { refuse } from '../domain/refusal.ts'

/** Returns the bearer token of a request (RFC 6750, section 2.1). */
export const bearerOf = (headers: Headers): string | undefined =>
  /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]

/**
 * Makes sure that a page's origin may call. Browsers send the origin. A key or session token that another
 * page sends may be stolen.
 *
 * @param explain creates the message of the refusal for the developer of the page
 * @throws Refused `origin_not_allowed`
 */
export function checkOrigin(
  headers: Headers,
  allowed: readonly string[],
  explain?: (origin: string) => string,
): void {
  const origin = headers.get('origin')
  if (origin !== null && !allowed.includes(origin))
    refuse('origin_not_allowed', explain && { message: explain(origin) })
}
