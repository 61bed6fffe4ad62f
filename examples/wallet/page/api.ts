// Calls to the wallet's own API, and why one failed. Guarded calls are made with the `fetch` that a
// step-up hands out; the others with the plain one below.
import type { SignedIn, WalletView } from '../shared/view.ts'
import { currentSession, setSession } from './session.ts'

const NAME = 'WalletError'

/** A refusal of the wallet, or `unreachable` where nobody answered. */
export class WalletError extends Error {
  override readonly name = NAME
  readonly reason: string

  constructor(reason: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.reason = reason
  }
}

/** Returns whether the wallet refused a call only because the user has not confirmed it. */
export const needsStepUp = (error: unknown): boolean =>
  error instanceof WalletError && ['step_up_required', 'enrollment_required'].includes(error.reason)

type Fetch = (input: string, init?: RequestInit) => Promise<Response>

/** `fetch` with a session. */
export const fetchAs =
  (session: SignedIn | undefined): Fetch =>
  (input, init) => {
    const headers = new Headers(init?.headers)
    if (session) headers.set('authorization', `Bearer ${session.session}`)
    return fetch(input, { ...init, headers })
  }

/** Calls `fetch` with the session of the signed-in user. */
const plainFetch: Fetch = (input, init) => fetchAs(currentSession())(input, init)

/**
 * Sends something to the wallet's API.
 *
 * @param via the `fetch` of a step-up, for a guarded call
 * @throws WalletError with the wallet's reason, or `unreachable`
 * @example await post<Exported>('/api/wallet/export', {}, fetch)
 */
export const post = <T>(path: string, body: object, via: Fetch = plainFetch): Promise<T> =>
  send(path, via, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

/** Reads something of the wallet's API. */
const get = <T>(path: string): Promise<T> => send(path, plainFetch, {})

export const readWallet = () => get<WalletView>('/api/wallet')

/** Where Countersign is, as the wallet was told. */
export const readConfig = () =>
  get<{ countersign: { url: string; environment: string } }>('/config.json')

async function send<T>(path: string, via: Fetch, init: RequestInit): Promise<T> {
  const sentWith = currentSession()
  const response = await via(path, init).catch((error) => {
    // What a step-up throws has a name and a reason of its own; a failed `fetch` is a TypeError.
    if (!(error instanceof TypeError)) throw error
    throw new WalletError('unreachable', 'The wallet did not answer.', error)
  })
  const body = await response.json().catch(() => undefined)
  if (response.ok && body !== undefined) return body
  const { reason = 'unavailable', detail = 'The wallet returned an unexpected response.' } =
    body ?? {}
  // A session that the wallet no longer takes is over, unless another one began meanwhile.
  if (reason === 'unauthenticated' && sentWith && sentWith === currentSession()) endSession()
  throw new WalletError(reason, detail)
}

let ended = false

function endSession(): void {
  ended = true
  setSession(undefined)
}

/** Whether the last session ended by itself; says so once. */
export function sessionEnded(): boolean {
  const was = ended
  ended = false
  return was
}
