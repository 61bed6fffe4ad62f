// An HTTP call, as it is sent.
import { PUBLIC_URL } from '../support/service.ts'

export interface Call {
  method: string
  /** With a slash at its beginning, and its query. */
  path: string
  headers: Record<string, string>
  body?: string | Uint8Array<ArrayBuffer> | undefined
  /** As the platform would tell it. */
  country?: string | undefined
}

export const TOKEN_HEADER = 'countersign-token'

/** Returns a call of a procedure as a client makes it. */
export const callOf = (
  route: string,
  procedure: string,
  bearer: string | undefined,
  input: unknown,
  token?: string,
): Call => ({
  method: 'POST',
  path: `/${route}/trpc/${procedure}`,
  headers: {
    'content-type': 'application/json',
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    ...(token !== undefined && { [TOKEN_HEADER]: token }),
  },
  body: JSON.stringify(input) ?? '',
})

/** Returns the request of a call; undefined for one that no client could send. */
export function requestOf({ method, path, headers, body, country }: Call): Request | undefined {
  try {
    const bodiless = method === 'GET' || method === 'HEAD'
    return new Request(PUBLIC_URL + path, {
      method,
      headers,
      redirect: 'manual',
      ...(!bodiless && body !== undefined && { body }),
      ...(country !== undefined && { cf: { country } }),
    })
  } catch {
    return undefined
  }
}
