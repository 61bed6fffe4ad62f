// Named operators with their keys, who step up with a passkey of their own.
import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { expect } from 'vitest'
import { OPERATOR_SCOPE } from '../../contract/index.ts'
import type { Authenticator } from './authenticator.ts'
import { enrollPasskey, makeDevice, stepUpWithPasskey } from './ceremonies.ts'
import { call, operator, PUBLIC_URL, send, type TestUser, unique, viaWorker } from './service.ts'

/** Returns a caller who holds a key. */
export function holderOf(key: string, subject: string, through = viaWorker): TestUser {
  let elevated: string | undefined
  const client = call({
    environment: 'operator',
    fetch: through,
    bearer: () => key,
    elevatedToken: () => {
      const token = elevated
      elevated = undefined
      return token
    },
  })
  return {
    subject,
    client,
    with(token) {
      elevated = token
      return client
    },
    signIn: async () => {},
    bearer: () => key,
  }
}

const PAGE = { origin: PUBLIC_URL, 'countersign-csrf': '1' }

/** Signs in to the operators' page, and returns the cookie that a browser would send back. */
export async function cookieOf(key: string): Promise<string> {
  const response = await send('/console/session', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...PAGE },
    body: '{}',
  })
  expect(response.status).toBe(200)
  return response.headers.get('set-cookie')?.split(';')[0] ?? ''
}

/** The operators' page in a browser, after a sign-in of its own. */
export async function pageOf(key: string, subject: string): Promise<TestUser> {
  const cookie = await cookieOf(key)
  const viaPage: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers)
    headers.delete('authorization')
    for (const [name, value] of Object.entries({ ...PAGE, cookie })) headers.set(name, value)
    return viaWorker(input, { ...init, headers })
  }
  return holderOf('', subject, viaPage)
}

/** Names an operator, by a caller who may. */
export async function nameOperator(
  {
    automation = false,
    by = operator,
  }: { automation?: boolean; by?: TestUser['client'] | undefined } = {},
  name = unique('operator'),
) {
  const { key, operator: named } = await by.operator.create.mutate({ name, automation })
  return { ...holderOf(key, named.id), id: named.id, name, key }
}

/** An authenticator in front of the operators' page. */
export const makeOperatorDevice = (): Authenticator =>
  makeDevice({ origin: PUBLIC_URL, rpId: 'localhost' })

/** An operator with a passkey: from here on every change asks for a step-up. */
export async function makeGuardian(by?: TestUser['client']) {
  const named = await nameOperator({ by })
  const device = makeOperatorDevice()
  const { recoveryCodes } = await enrollPasskey(named, device)
  /** The token of a step-up, for any change or for one alone. */
  const confirm = async (details?: Record<string, unknown>) => {
    const { elevatedToken } = await stepUpWithPasskey(named, device, [OPERATOR_SCOPE], details)
    if (!elevatedToken) throw new Error('no elevated token came back')
    return elevatedToken.token
  }
  /** The client, with the token of a step-up in its next call. */
  const confirmed = async (details?: Record<string, unknown>) => named.with(await confirm(details))
  return { ...named, device, recoveryCodes, confirm, confirmed }
}

/** The details of a token that is good for one change alone. */
export const detailsOfChange = (name: string, input: unknown) => ({
  call: name,
  input: createHash('sha256')
    .update(canonicalize(input) ?? '')
    .digest('base64url'),
})
