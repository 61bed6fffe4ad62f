// The dashboard session: a cookie that only the dashboard's pages can use.
import { CSRF_HEADER } from '../../contract/index.ts'
import { fromBase64Url } from '../domain/bytes.ts'
import { hashKey } from '../domain/names.ts'
import { refuse } from '../domain/refusal.ts'
import type { Bindings } from '../env.ts'

/** The name of the session cookie. Its prefix limits it to this host, the path `/` and https (RFC 6265bis). */
export const CONSOLE_COOKIE = '__Host-countersign'
export const SESSION_SECRET_BYTES = 32
const SESSION_COOKIE = new RegExp(`(?:^|; ?)${CONSOLE_COOKIE}=([\\w-]+)`)

/**
 * Makes sure that the dashboard made a call that carries its cookie, because browsers send a cookie by
 * themselves.
 *
 * @throws Refused `origin_not_allowed`, `forbidden`
 */
export function checkPage({ publicUrl }: Bindings, headers: Headers): void {
  if (headers.get('origin') !== publicUrl) refuse('origin_not_allowed')
  if (headers.get(CSRF_HEADER) !== '1')
    refuse('forbidden', { message: `Send the header \`${CSRF_HEADER}: 1\`.` })
}

/** Returns the hash under which a dashboard session is stored, or undefined without a well-formed cookie. */
export function pageSecretHash(headers: Headers): string | undefined {
  const [, secret] = SESSION_COOKIE.exec(headers.get('cookie') ?? '') ?? []
  return secret && fromBase64Url(secret)?.length === SESSION_SECRET_BYTES
    ? hashKey(secret)
    : undefined
}
