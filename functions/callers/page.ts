// The session of an operator's page: a cookie that only our own page can use.
import { parse } from 'hono/utils/cookie'
import { CSRF_HEADER } from '../../contract/index.ts'
import { fromBase64Url } from '../domain/bytes.ts'
import { hashKey } from '../domain/names.ts'
import { refuse } from '../domain/refusal.ts'
import type { Bindings } from '../env.ts'

/** The cookie of an operator's page. Its prefix keeps it to this host, this path and https (RFC 6265bis). */
export const CONSOLE_COOKIE = '__Host-countersign'
export const SESSION_SECRET_BYTES = 32

/**
 * Makes sure that a call which a browser authenticates by itself was made by our own page.
 *
 * @throws Refused `origin_not_allowed`, `forbidden`
 */
export function checkPage({ publicUrl }: Bindings, headers: Headers): void {
  if (headers.get('origin') !== publicUrl) refuse('origin_not_allowed')
  if (headers.get(CSRF_HEADER) !== '1')
    refuse('forbidden', { message: `Send the header \`${CSRF_HEADER}: 1\`.` })
}

/** The hash under which the session of a page is kept; undefined where no cookie of ours came. */
export function pageSecretHash(headers: Headers): string | undefined {
  const secret = parse(headers.get('cookie') ?? '', CONSOLE_COOKIE)[CONSOLE_COOKIE]
  return secret && fromBase64Url(secret)?.length === SESSION_SECRET_BYTES
    ? hashKey(secret)
    : undefined
}
