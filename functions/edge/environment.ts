// Loads an environment from its object and caches it for 20 seconds in this isolate. While the object does
// not answer, loads the settings and public keys from the published copy in KV.
import type { JSONWebKeySet } from 'jose'
import type { KeyUse, Offered } from '../../contract/index.ts'
import { epochSeconds } from '../clock.ts'
import { sameBytes, utf8 } from '../domain/bytes.ts'
import { hashKey } from '../domain/names.ts'
import { type Action, actionsIn } from '../domain/policy/policy.ts'
import { Refused, refusal, refuse } from '../domain/refusal.ts'
import { copyKey, keySetOf, Published } from '../domain/settings/published.ts'
import { offeredBy, resolveSettings, type Settings } from '../domain/settings/settings.ts'
import { CLOCK_TOLERANCE_SECONDS } from '../domain/tokens/foreign.ts'
import { currentKey, openKey, type RingKey } from '../domain/tokens/key-ring.ts'
import type { SigningKey } from '../domain/tokens/token.ts'
import type { Bindings } from '../env.ts'
import { environmentObject, type Snapshot } from './objects.ts'
import { ShortCache } from './short-cache.ts'

export const KEPT_SECONDS = 20
export const PUBLISHED_COPY_SECONDS = 300
export const KEPT_ENVIRONMENTS = 100
const UNKNOWN_ENVIRONMENTS = 1000
const UNKNOWN_SECONDS = 10

/** A resource and the hash of its key. */
type KnownResource = Snapshot['resourceKeys'][number]

/** The secrets of an environment. They come from its object and are never stored in KV. */
interface Secrets {
  dataKey: Uint8Array
  /** Returns the resource of a key, or undefined for an unknown one. */
  resourceOf: (key: string) => KnownResource | undefined
  /** Signs tokens. */
  signingKey: () => Promise<SigningKey>
  /** Signs receipts and checkpoints. */
  receiptKey: () => Promise<SigningKey>
  /** The public keys of receipts and checkpoints. */
  receiptKeySet: JSONWebKeySet
}

/** A loaded environment. */
export interface LiveEnvironment {
  id: string
  issuer: string
  version: number
  epoch: number
  settings: Settings
  actions: Action[]
  offered: Offered
  keySet: JSONWebKeySet
  /** Returns the secrets. Refuses with `unavailable` if only the published copy could be read. */
  secrets: () => Secrets
}

/** Ids without an environment. They are cached, so that not every request creates an object for them. */
const unknown = new ShortCache<true>(UNKNOWN_ENVIRONMENTS, UNKNOWN_SECONDS)
const kept = new ShortCache<LiveEnvironment>(KEPT_ENVIRONMENTS, KEPT_SECONDS)

/**
 * Returns the environment of an id.
 *
 * @throws Refused `unknown_environment`, or `unavailable` if the object does not answer and no copy was
 *   confirmed within the last five minutes
 * @example const environment = await openEnvironment(bindings, 'demo')
 */
export async function openEnvironment(bindings: Bindings, id: string): Promise<LiveEnvironment> {
  const now = epochSeconds()
  const known = kept.get(id, now)
  if (known) return known
  if (unknown.get(id, now)) refuse('unknown_environment')
  const answered = await askObject(bindings, id)
  if (answered && 'silent' in answered) return openPublished(bindings, id, now, answered.silent)
  if (!answered) {
    unknown.set(id, true, now)
    refuse('unknown_environment')
  }
  const secrets = secretsOf(answered)
  const environment = live(
    bindings,
    id,
    { ...answered, keySet: keySetOf(answered.ring) },
    () => secrets,
  )
  kept.set(id, environment, now)
  return environment
}

/** Removes an environment from the cache of this isolate, so that the operator who changed it sees the change. */
export function forgetEnvironment(id: string): void {
  kept.delete(id)
  unknown.delete(id)
}

async function askObject(
  bindings: Bindings,
  id: string,
): Promise<Snapshot | undefined | { silent: unknown }> {
  try {
    return await environmentObject(bindings, id).snapshot()
  } catch (silent) {
    return { silent }
  }
}

async function openPublished(
  bindings: Bindings,
  id: string,
  now: number,
  cause: unknown,
): Promise<LiveEnvironment> {
  const unavailable = (): never => {
    // The log needs the cause: a wrong root secret must not look like a short outage.
    throw new Refused(refusal('unavailable'), { cause })
  }
  const stored = await bindings.published.get(copyKey(id), 'json').catch(() => null)
  const { data: copy } = Published.safeParse(stored)
  // A copy that was confirmed in the future comes from a wrong clock, so its age is unknown.
  const age = copy ? now - copy.confirmedAt : Number.POSITIVE_INFINITY
  if (!copy || age > PUBLISHED_COPY_SECONDS || age < -CLOCK_TOLERANCE_SECONDS) return unavailable()
  return live(bindings, id, copy, unavailable)
}

function live(
  bindings: Bindings,
  id: string,
  from: Omit<Published, 'confirmedAt'>,
  secrets: () => Secrets,
): LiveEnvironment {
  const settings = resolveSettings(from.settings)
  const issuer = `${bindings.publicUrl}/${id}`
  return {
    id,
    issuer,
    version: from.version,
    epoch: bindings.epoch,
    settings,
    actions: actionsIn(settings, issuer),
    offered: offeredBy(settings),
    keySet: from.keySet,
    secrets,
  }
}

function secretsOf({ environment, dataKey, ring, receiptRing, resourceKeys }: Snapshot): Secrets {
  const signer = (use: KeyUse, ring: RingKey[]) => {
    const opened = new Map<string, SigningKey>()
    return async (): Promise<SigningKey> => {
      const current = currentKey(ring, epochSeconds()) ?? refuse('unavailable')
      const { kid } = current
      const key = opened.get(kid) ?? (await openKey(use, environment, dataKey, current))
      opened.set(kid, key)
      return key
    }
  }
  return {
    dataKey,
    resourceOf: resourceFinder(resourceKeys),
    signingKey: signer('tokens', ring),
    receiptKey: signer('receipts', receiptRing),
    receiptKeySet: keySetOf(receiptRing),
  }
}

/**
 * Returns a function that finds the resource of a key by its hash. It keeps each key that it found, so that the next
 * call need not hash it: at most one key of each resource, for as long as the environment is kept.
 */
function resourceFinder(resources: KnownResource[]): (key: string) => KnownResource | undefined {
  const found = new Map<string, KnownResource>()
  return (key) => {
    const known = found.get(key)
    if (known) return known
    const presented = utf8(hashKey(key))
    const resource = resources.find(({ hash }) => sameBytes(utf8(hash), presented))
    if (resource) found.set(key, resource)
    return resource
  }
}

/** Deletes the published copy of a removed environment. */
export const unpublish = ({ published }: Bindings, id: string): Promise<void> =>
  published.delete(copyKey(id))
