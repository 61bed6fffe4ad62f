// The part of a browser that passkeys need, with a software authenticator: the input and output of
// `navigator.credentials` (WebAuthn Level 3, sections 5.1.3 and 5.1.4).
import { base64urlnopad } from '@scure/base'
import { vi } from 'vitest'
import type { Authenticator, CreationOptions, RequestOptions } from './authenticator.ts'

type Posted = Awaited<ReturnType<Authenticator['register'] | Authenticator['authenticate']>>

/** Binary members of options as JSON has them, and back. */
const encode = (value: unknown): unknown => {
  if (value instanceof ArrayBuffer) return base64urlnopad.encode(new Uint8Array(value))
  if (Array.isArray(value)) return value.map(encode)
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, encode(member)]))
    : value
}

const decode = (text: string) => base64urlnopad.decode(text).buffer

const credentialOf = ({ id, rawId, type, response, authenticatorAttachment }: Posted) => ({
  id,
  rawId: decode(rawId),
  type,
  authenticatorAttachment,
  getClientExtensionResults: () => ({}),
  response: {
    ...Object.fromEntries(
      Object.entries(response)
        .filter(([, member]) => typeof member === 'string')
        .map(([name, member]) => [name, decode(member as string)]),
    ),
    ...('transports' in response && { getTransports: () => response.transports }),
  },
})

/** Puts an authenticator behind `navigator.credentials` until globals are unstubbed. */
export function plugIn(device: Authenticator): void {
  vi.stubGlobal('PublicKeyCredential', class {})
  vi.stubGlobal('navigator', {
    credentials: {
      create: async ({ publicKey }: { publicKey: unknown }) =>
        credentialOf(await device.register(encode(publicKey) as CreationOptions)),
      get: async ({ publicKey }: { publicKey: unknown }) =>
        credentialOf(await device.authenticate(encode(publicKey) as RequestOptions)),
    },
  })
}
