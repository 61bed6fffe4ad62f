// Who is signed in, as something that React and the calls can look at. The session itself is a cookie
// that no script sees. When it ends in the middle of something, calls wait here until it is renewed.
import type { OperatorSelf } from 'countersign/contract'
import { useSyncExternalStore } from 'react'

/** `ended`: somebody was signed in, and is asked to do so again; what they typed is still there. */
export type Session =
  | { phase: 'unknown' | 'out' }
  | { phase: 'in' | 'ended'; self: OperatorSelf; problem?: string }

let session: Session = { phase: 'unknown' }
let renewal: { promise: Promise<boolean>; settle: (renewed: boolean) => void } | undefined
const listeners = new Set<() => void>()

export const currentSession = (): Session => session

function become(next: Session): void {
  session = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The session; renders again when it changes. */
export const useSession = (): Session => useSyncExternalStore(subscribe, currentSession)

/** The operator who is signed in; only below the page's frame, which asks for one. */
export function useSelf(): OperatorSelf {
  const now = useSession()
  if ('self' in now) return now.self
  throw new Error('Nobody is signed in.')
}

/** Returns the operator's id, a placeholder for a session token: the cookie authenticates. */
export const operatorId = (): string | undefined =>
  'self' in session ? session.self.id : undefined

/** Somebody is signed in. Calls that waited go on, unless it is somebody else. */
export function enter(self: OperatorSelf): void {
  const isSame = session.phase === 'ended' && session.self.id === self.id
  become({ phase: 'in', self })
  renewal?.settle(isSame)
  renewal = undefined
}

/** What is known of them has changed. */
export const refresh = (self: OperatorSelf): void =>
  become(session.phase === 'ended' ? { ...session, self } : { phase: 'in', self })

/** Nobody is signed in. */
export function leave(): void {
  become({ phase: 'out' })
  renewal?.settle(false)
  renewal = undefined
}

/** Asks the operator to sign in again, beside what they are doing. Whether the same one did. */
export function renew(): Promise<boolean> {
  if (session.phase !== 'in' && session.phase !== 'ended') return Promise.resolve(false)
  if (!renewal) {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    renewal = { promise, settle: resolve }
    become({ phase: 'ended', self: session.self })
  }
  return renewal.promise
}
