// Tokens that are bound to a key of this browser (RFC 9449), so that a copy of a token is of no use elsewhere. The
// entry point of `countersign/dpop`.
import { generateKeyPair, generateProof, type KeyPair } from 'dpop'
import { DPOP_HEADER, TOKEN_HEADER } from '../contract/shared/wire.ts'
import { type CountersignOptions, sessionOf } from './instance.ts'
import { createKeyStore } from './key-store.ts'

/** The call that a proof is made for. */
export interface ProvenCall {
  url: string
  method: string
  /** The bound token that the call carries. */
  token?: string | undefined
}

/** Options for `createCountersign` with which its tokens are bound to a key. */
export interface DpopOptions extends CountersignOptions {
  fetch: typeof fetch
  onLogout: () => Promise<void>
  /** Returns a proof for a call that `countersignFetch` cannot make, or undefined if nobody is signed in. */
  proofFor(call: ProvenCall): Promise<string | undefined>
}

/** Responses with these statuses can ask for a nonce. */
const ASKING = [400, 401]

/**
 * Binds the tokens of an instance to a key of this browser. The key is made on first use, one for each environment
 * and user. It cannot be read out. All tabs of the origin share it, and `logout` deletes it.
 *
 * @example createCountersign(withDpop({ url, environment: 'live', getSessionToken }))
 */
export function withDpop(options: CountersignOptions): DpopOptions {
  const { url, environment } = options
  const base = `${url}/${environment}`
  const issuing = ['challenge.verify', 'token.exchange'].map(
    (call) => new URL(`${base}/trpc/${call}`).href,
  )
  const send: typeof fetch = (input, init) => (options.fetch ?? fetch)(input, init)
  const keys = createKeyStore(() => generateKeyPair('ES256'))
  /** The user who was signed in last: at the logout, the session may be over already. */
  let subject: string | undefined
  let nonce: string | undefined

  const readSession = async () => {
    const session = sessionOf(options, await options.getSessionToken())
    subject = session?.subject ?? subject
    return session
  }
  const ownKey = async (): Promise<KeyPair | undefined> => {
    const session = await readSession()
    return session && keys.get(`${base} ${session.subject}`)
  }
  const prove = (key: KeyPair, { url: address, method, token }: ProvenCall) => {
    const { origin, pathname } = new URL(address)
    return generateProof(key, origin + pathname, method, nonce, token)
  }

  return {
    ...options,
    async fetch(input, init) {
      const request = new Request(input, init)
      const token = request.headers.get(TOKEN_HEADER) ?? undefined
      const isProven = token === undefined ? issuing.includes(request.url) : isBound(token)
      const key = isProven ? await ownKey() : undefined
      if (!key) return send(request)
      const { url: address, method } = request
      const sendProven = async (call: Request) => {
        call.headers.set(DPOP_HEADER, await prove(key, { url: address, method, token }))
        return send(call)
      }
      const again = request.clone()
      const response = await sendProven(request)
      const asked = await nonceIn(response)
      if (asked === undefined) return response
      nonce = asked
      return sendProven(again)
    },
    async proofFor(call) {
      const key = await ownKey()
      return key && prove(key, call)
    },
    async onLogout() {
      await readSession().catch(() => undefined)
      if (subject !== undefined) await keys.forget(`${base} ${subject}`)
    },
  }
}

/** Returns whether a token is bound to a key (RFC 9449, section 6.1). Only the server verifies the token. */
function isBound(token: string): boolean {
  try {
    const [, payload = ''] = token.split('.')
    return 'cnf' in JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')))
  } catch {
    return false
  }
}

/**
 * Returns the nonce that Countersign or a guard asks for. Reads only the body: the header `DPoP-Nonce` may be about the
 * application's own session, and a call that was carried out must not be sent again.
 */
async function nonceIn(response: Response): Promise<string | undefined> {
  if (!ASKING.includes(response.status)) return undefined
  const body = await response
    .clone()
    .json()
    .catch(() => undefined)
  const refusal = body?.error?.data ?? body
  return refusal?.reason === 'use_dpop_nonce' ? refusal.dpopNonce : undefined
}
