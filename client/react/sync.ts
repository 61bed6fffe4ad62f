// Keeps a query client's cache current: removes the answers to another user, and invalidates those that a step-up, a
// token or a change of factors made stale. It sends no request itself.
import type { QueryClient } from '@tanstack/react-query'
import type { Countersign } from '../instance.ts'
import { type UserName, watchOf } from './user.ts'

/** What a cached answer depends on: the user's factors, or also their tokens and the rules. */
export type Kind = 'devices' | 'required'

/** The key prefix of one user's answers from one environment. */
export const keyOfUser = ({ options }: Countersign, user: UserName) =>
  ['countersign', options.url, options.environment, user === undefined ? {} : { user }] as const

interface Sync {
  users: number
  stop: () => void
}
const syncs = new WeakMap<QueryClient, Map<Countersign, Sync>>()

/**
 * Keeps a query client in sync with an instance while a caller needs it.
 *
 * @returns a function that ends this need
 */
export function keepTrue(client: QueryClient, instance: Countersign): () => void {
  const ofClient = syncs.get(client) ?? new Map<Countersign, Sync>()
  syncs.set(client, ofClient)
  const sync = ofClient.get(instance) ?? { users: 0, stop: start(client, instance) }
  ofClient.set(instance, sync)
  sync.users += 1
  return () => {
    sync.users -= 1
    if (sync.users > 0) return
    ofClient.delete(instance)
    sync.stop()
  }
}

function start(client: QueryClient, instance: Countersign): () => void {
  const watch = watchOf(instance)
  const everyone = keyOfUser(instance, undefined).slice(0, 3)
  let old: Set<Kind> | undefined
  const invalidate = (...kinds: Kind[]) => {
    if (!old) {
      old = new Set()
      // One step-up emits several events: they cause one invalidation.
      queueMicrotask(() => {
        const now = old
        old = undefined
        const queryKey = keyOfUser(instance, watch.current())
        const isOld = ({ queryKey: key }: { queryKey: readonly unknown[] }) =>
          now?.has(key[4] as Kind) ?? false
        client.invalidateQueries({ queryKey, predicate: isOld }).catch(() => {})
      })
    }
    for (const kind of kinds) old.add(kind)
  }
  const forgetOthers = () => {
    const own = JSON.stringify(keyOfUser(instance, watch.current())[3])
    client.removeQueries({
      queryKey: everyone,
      predicate: ({ queryKey }) => JSON.stringify(queryKey[3]) !== own,
    })
  }
  const stops = [
    watch.subscribe(forgetOthers),
    instance.on('devicesChanged', () => invalidate('devices', 'required')),
    instance.on('mfaCompleted', () => invalidate('devices', 'required')),
    instance.on('tokensChanged', () => invalidate('required')),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
