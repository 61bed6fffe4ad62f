// Who is signed in to the wallet, in this tab: kept in sessionStorage, so that a reload does not end it
// and another tab does not share it. It knows nothing of Countersign.
import { useSyncExternalStore } from 'react'
import type { SignedIn } from '../shared/view.ts'

const KEY = 'wallet.session'
const listeners = new Set<() => void>()
let current = read()

function read(): SignedIn | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? 'null')
    const isLive = typeof kept?.session === 'string' && kept.expiresAt * 1000 > Date.now()
    return isLive ? kept : undefined
  } catch {
    return undefined
  }
}

/** The session, or undefined where nobody is signed in. */
export const currentSession = (): SignedIn | undefined => current

/** Begins a session, or ends the one there is. */
export function setSession(session: SignedIn | undefined): void {
  current = session
  try {
    if (session) sessionStorage.setItem(KEY, JSON.stringify(session))
    else sessionStorage.removeItem(KEY)
  } catch {
    // A browser that keeps nothing for this page: the session lasts until the next reload.
  }
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The session; renders again when it begins or ends. */
export const useSession = (): SignedIn | undefined =>
  useSyncExternalStore(subscribe, currentSession, () => undefined)
