// Signing in and out: the wallet's session, and with it everything that Countersign kept for the user.
import { type Countersign, createCountersign, logout } from 'countersign'
import { withDpop } from 'countersign/dpop'
import { hush } from '../../../ui/toasts.tsx'
import type { SignedIn } from '../shared/view.ts'
import { fetchAs, post, readConfig } from './api.ts'
import { currentSession, setSession } from './session.ts'

/**
 * Finds out where Countersign is, and makes the instance that the whole page uses. Its tokens are bound to a key of
 * this browser: a copied token is of no use.
 */
export async function connect(): Promise<Countersign> {
  const { countersign } = await readConfig()
  const getSessionToken = () => currentSession()?.session
  return createCountersign(withDpop({ ...countersign, getSessionToken }))
}

/** Signs in. Tokens of a user who was signed in before are gone when this returns. */
export async function signIn(name: string, countersign: Countersign): Promise<void> {
  setSession(await post<SignedIn>('/api/sign-in', { name }))
  hush()
  await countersign.session()
}

/**
 * Signs out: first the tokens end, while the session can still say so, then the session, here and at
 * the wallet.
 *
 * @returns false where somebody could not be told, and what they know lives on until it expires
 */
export async function signOut(countersign: Countersign): Promise<boolean> {
  const { failed } = await logout(countersign)
  const ending = fetchAs(currentSession())
  setSession(undefined)
  const told = await post('/api/sign-out', {}, ending).then(
    () => true,
    () => false,
  )
  return told && failed === 0
}
