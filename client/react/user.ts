// Who is signed in, as something that React can subscribe to. A session getter that answers at once is
// read at every render, so that no frame shows one user what was another's; one that answers later is
// read when a hook mounts, when the page comes back into view, and at every call of the SDK.
import { useEffect, useSyncExternalStore } from 'react'
import { type Countersign, type Session, sessionOf } from '../instance.ts'

/** A user's name in query keys; null: nobody is signed in; undefined: not known yet. */
export type UserName = string | null | undefined

interface Watch {
  /** Who it is now, as far as can be said without waiting. */
  current(): UserName
  /** Asks, and says who it is. */
  look(): Promise<UserName>
  subscribe(changed: () => void): () => void
}

const watches = new WeakMap<Countersign, Watch>()

/** The watch over an instance's user: one for each instance. */
export function watchOf(instance: Countersign): Watch {
  const watch = watches.get(instance) ?? createWatch(instance)
  watches.set(instance, watch)
  return watch
}

function createWatch(instance: Countersign): Watch {
  const { options } = instance
  const listeners = new Set<() => void>()
  const aliases = new Map<string, string>()
  let known: UserName
  let answersLater = false

  // A session that names nobody stands for itself, and a token has no place in a key.
  const nameOf = (session: Session | undefined): string | null => {
    if (!session) return null
    const { subject, token } = session
    if (subject !== token) return subject
    const alias = aliases.get(token) ?? `session ${aliases.size} of ${performance.timeOrigin}`
    aliases.set(token, alias)
    return alias
  }
  const settle = (session: Session | undefined) => {
    const name = nameOf(session)
    if (name === known) return
    known = name
    // Not at once: this may be the middle of a render.
    queueMicrotask(() => {
      for (const listener of listeners) listener()
    })
  }
  const current = () => {
    if (answersLater) return known
    try {
      const answer = options.getSessionToken()
      answersLater = typeof answer === 'object' && answer !== null
      if (typeof answer !== 'object' || answer === null) settle(sessionOf(options, answer))
      else answer.then((token) => settle(sessionOf(options, token))).catch(() => {})
    } catch {
      // Keeps the last known user if the session cannot be read; every call of the SDK reports why.
    }
    return known
  }
  instance.on('sessionChanged', settle)

  return {
    current,
    look: async () => {
      settle(await instance.session())
      return known
    },
    subscribe(changed) {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
  }
}

/** The name of the signed-in user; renders again when it changes. */
export function useUserName(instance: Countersign): UserName {
  const watch = watchOf(instance)
  const name = useSyncExternalStore(watch.subscribe, watch.current, nobodyYet)
  useEffect(() => {
    const look = () => {
      watch.look().catch(() => {})
    }
    look()
    const { document, window } = globalThis
    document.addEventListener('visibilitychange', look)
    window.addEventListener('focus', look)
    return () => {
      document.removeEventListener('visibilitychange', look)
      window.removeEventListener('focus', look)
    }
  }, [watch])
  return name
}

const nobodyYet = (): UserName => undefined
