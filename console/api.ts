// How the page talks to the service: the contract's client with the session's cookie. The operator's
// key goes into one request and is kept nowhere.
import { createClient, createCountersign } from 'countersign'
import { CSRF_HEADER, type OperatorSelf } from 'countersign/contract'
import { enter, leave, operatorId, renew } from './session.ts'

const url = location.origin
const CSRF = { [CSRF_HEADER]: '1' }

/** `fetch` as this page: its cookie, and the header that a form of another site cannot send. */
export const pageFetch: typeof fetch = async (input, init) => {
  const headers = new Headers(init?.headers)
  // The cookie authenticates. The placeholder in the header is not a session token.
  headers.delete('authorization')
  headers.set(CSRF_HEADER, '1')
  const send = () => fetch(input, { ...init, headers, credentials: 'same-origin' })
  const answer = await send()
  if (answer.status !== 401 || !(await isSignedOut(answer.clone()))) return answer
  return (await renew()) ? send() : answer
}

async function isSignedOut(answer: Response): Promise<boolean> {
  const body = await answer.json().catch(() => undefined)
  return body?.error?.data?.reason === 'unauthenticated'
}

/** Every procedure that an operator may call. */
export const service = createClient({
  url,
  environment: 'operator',
  bearer: () => undefined,
  fetch: pageFetch,
})

/** The operator as a user of Countersign: their own factors and step-ups. */
export const countersign = createCountersign({
  url,
  environment: 'operator',
  getSessionToken: operatorId,
  subjectOf: (token) => token,
  fetch: pageFetch,
})

/** Why signing in did not work, in the service's words. */
export class SignInError extends Error {
  override readonly name = 'SignInError'
}

/** Exchanges an operator's key for a session. */
export async function signIn(key: string): Promise<OperatorSelf> {
  const answer = await fetch('/console/session', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...CSRF },
    body: '{}',
    credentials: 'same-origin',
  }).catch(() => undefined)
  if (!answer) throw new SignInError('The service cannot be reached. Check your connection.')
  if (!answer.ok) {
    const body = await answer.json().catch(() => undefined)
    throw new SignInError(body?.error?.message ?? `The service answered ${answer.status}.`)
  }
  const self = await service.operator.self.query({})
  enter(self)
  return self
}

/**
 * Ends the session at the service, and then here.
 *
 * @throws SignInError where the service did not end it: the cookie would sign the next one in
 */
export async function signOut(): Promise<void> {
  const answer = await fetch('/console/session', {
    method: 'DELETE',
    headers: { 'content-type': 'application/json', ...CSRF },
    credentials: 'same-origin',
    body: '{}',
  }).catch(() => undefined)
  // Unauthenticated: it had ended by itself.
  if (!answer?.ok && answer?.status !== 401) throw new SignInError('You are still signed in.')
  forgetSession()
}

/** Leaves a session that is over already. */
export function forgetSession(): void {
  countersign.tokens.keepOnly(undefined)
  leave()
}

/** Finds out whether somebody is signed in. */
export async function resume(): Promise<OperatorSelf> {
  const self = await service.operator.self.query({})
  enter(self)
  return self
}
