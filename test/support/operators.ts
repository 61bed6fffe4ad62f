// Operators as tests know them: named ones with their keys, who step up with a passkey of their own.
import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { OPERATOR_SCOPE } from '../../contract/index.ts'
import type { Authenticator } from './authenticator.ts'
import { enrollPasskey, makeDevice, stepUpWithPasskey } from './ceremonies.ts'
import { call, operator, PUBLIC_URL, type TestUser, unique } from './service.ts'

/** Whoever holds a key, as a caller. */
export function holderOf(key: string, subject: string): TestUser {
  let elevated: string | undefined
  const client = call({
    environment: 'operator',
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

/** Names an operator, by whoever may. */
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
