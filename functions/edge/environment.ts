// An environment as the Worker serves it: fetched from its object, kept 20 s in this isolate, and
// published to KV. The copy there serves settings and public keys while the object does not answer.
import { importJWK, type JSONWebKeySet } from 'jose'
import type { Offered } from '../../contract/index.ts'
import { epochSeconds } from '../clock.ts'
import { type Action, resolveActions } from '../domain/policy/policy.ts'
import { Refused, refusal, refuse } from '../domain/refusal.ts'
import { open } from '../domain/seal.ts'
import { copyKey, keySetOf, Published } from '../domain/settings/published.ts'
import { offeredBy, resolveSettings, type Settings } from '../domain/settings/settings.ts'
import { CLOCK_TOLERANCE_SECONDS } from '../domain/tokens/foreign.ts'
import { currentKey, type RingKey } from '../domain/tokens/key-ring.ts'
import { SIGNING_ALGORITHM, type SigningKey } from '../domain/tokens/token.ts'
import type { Bindings } from '../env.ts'
import { environmentObject, type Snapshot } from './objects.ts'
import { ShortCache } from './short-cache.ts'

export const KEPT_SECONDS = 20
export const STAND_IN_SECONDS = 300
const KEPT_ENVIRONMENTS = 100
const UNKNOWN_ENVIRONMENTS = 1000
const UNKNOWN_SECONDS = 10

/** What is only known while the Environment object answers: nothing of it is ever in KV. */
interface Secrets {
  dataKey: Uint8Array
  resourceKeys: Snapshot['resourceKeys']
  signingKey: () => Promise<SigningKey>
}

/** An environment, ready to serve. */
export interface LiveEnvironment {
  id: string
  issuer: string
  version: number
  epoch: number
  settings: Settings
  actions: Action[]
  offered: Offered
  keySet: JSONWebKeySet
  /** Refuses `unavailable` where only the published copy is there. */
  secrets: () => Secrets
}

/** Ids that name nothing: asked of an object once in a while, not with every request. */
const unknown = new ShortCache<true>(UNKNOWN_ENVIRONMENTS, UNKNOWN_SECONDS)
const kept = new ShortCache<LiveEnvironment>(KEPT_ENVIRONMENTS, KEPT_SECONDS)

/**
 * The environment of an id.
 *
 * @throws Refused `unknown_environment`, or `unavailable` when neither the object nor a copy that was
 *   confirmed within five minutes can be had
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
  const environment = live(bindings, id, { ...answered, keySet: keySetOf(answered.ring) }, () =>
    secretsOf(answered),
  )
  kept.set(id, environment, now)
  return environment
}

/** Makes this isolate read an environment again, so that an operator who changed it sees the change. */
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
    // The cause is for the log: a wrong root secret must not look like a passing outage.
    throw new Refused(refusal('unavailable'), { cause })
  }
  const stored = await bindings.published.get(copyKey(id), 'json').catch(() => null)
  const { data: copy } = Published.safeParse(stored)
  // One from ahead was confirmed by a clock that is off: how old it is cannot be known.
  const age = copy ? now - copy.confirmedAt : Number.POSITIVE_INFINITY
  if (!copy || age > STAND_IN_SECONDS || age < -CLOCK_TOLERANCE_SECONDS) return unavailable()
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
    actions: resolveActions(settings.actions, issuer, settings.audiences[0] ?? issuer),
    offered: offeredBy(settings),
    keySet: from.keySet,
    secrets,
  }
}

function secretsOf({ environment, dataKey, ring, resourceKeys }: Snapshot): Secrets {
  const imported = new Map<string, CryptoKey>()
  const signingKey = async (): Promise<SigningKey> => {
    const current = currentKey(ring, epochSeconds()) ?? refuse('unavailable')
    const key = imported.get(current.kid) ?? (await importPrivate(environment, dataKey, current))
    imported.set(current.kid, key)
    return { kid: current.kid, key }
  }
  return { dataKey, resourceKeys, signingKey }
}

async function importPrivate(
  environment: string,
  dataKey: Uint8Array,
  { kid, sealedPrivateJwk }: RingKey,
): Promise<CryptoKey> {
  const opened = open(dataKey, 'signing-key', [environment, kid], sealedPrivateJwk)
  if (!opened) throw new Error('a signing key does not open with the data key of its environment')
  const key = await importJWK(JSON.parse(new TextDecoder().decode(opened)), SIGNING_ALGORITHM)
  if (key instanceof Uint8Array) throw new Error('a signing key is not asymmetric')
  return key
}

/** Deletes the published copy of a removed environment. */
export const unpublish = ({ published }: Bindings, id: string): Promise<void> =>
  published.delete(copyKey(id))
