// Verifies the application's session tokens with the keys of their issuer. Caches key sets and verified
// tokens in this isolate for a short time.
import { createRemoteJWKSet, customFetch, errors, type JSONWebKeySet } from 'jose'
import type { KeySource } from '../../contract/index.ts'
import { epochSeconds } from '../clock.ts'
import { sha256, toBase64Url, utf8 } from '../domain/bytes.ts'
import { refuse } from '../domain/refusal.ts'
import type { Settings } from '../domain/settings/settings.ts'
import { CLOCK_TOLERANCE_SECONDS, type ForeignKeys } from '../domain/tokens/foreign.ts'
import { localKeys } from '../domain/tokens/local-keys.ts'
import { type Session, verifySession } from '../domain/tokens/session.ts'
import type { LiveEnvironment } from './environment.ts'
import { ShortCache } from './short-cache.ts'

export const KEY_SET_TIMEOUT_MS = 3000
export const KEY_SET_MAX_BYTES = 128 * 1024
const KEY_SET_MAX_AGE_MS = 600_000
const KEY_SET_COOLDOWN_SECONDS = 30
const KEPT_KEY_SETS = 100
const KEPT_KEY_SETS_SECONDS = 3600
const KEPT_SESSIONS = 5000
const KEPT_SESSIONS_SECONDS = 60
/** The cache uses the hash of a longer token as its key, so that its keys take at most about 10 MB. A hash takes about 20 µs. */
const KEPT_TOKEN_CHARACTERS = 2048

const keySets = new ShortCache<ForeignKeys>(KEPT_KEY_SETS, KEPT_KEY_SETS_SECONDS)
const sessions = new ShortCache<Session>(KEPT_SESSIONS, KEPT_SESSIONS_SECONDS)

/**
 * Returns the session of a session token.
 *
 * @throws Refused `unauthenticated`, or `unavailable` if the issuer's keys cannot be fetched
 */
export async function authenticate(
  environment: LiveEnvironment,
  publicUrl: string,
  token: string,
): Promise<Session> {
  const now = epochSeconds()
  const key = `${environment.id}:${environment.version}:${cacheKeyOf(token)}`
  const known = sessions.get(key, now)
  if (known && known.expiresAt + CLOCK_TOLERANCE_SECONDS > now) return known
  const { session } = environment.settings
  const { claims, ...lean } = await verifySession(
    token,
    session,
    keysOf(environment, session.keys),
    now,
    publicUrl,
  )
  // The cache holds thousands of sessions, so it keeps their claims only if a condition may read them.
  const conditional = environment.actions.some((action) => action.conditional)
  const verified: Session = conditional && claims ? { ...lean, claims } : lean
  sessions.set(key, verified, now)
  return verified
}

/** Returns the key of a token in the cache. No bearer contains a space, so the hash of a token is never taken for one. */
const cacheKeyOf = (token: string): string =>
  token.length <= KEPT_TOKEN_CHARACTERS ? token : `sha256 ${toBase64Url(sha256(utf8(token)))}`

/**
 * Verifies a session token for an operator who tries it. Does not cache it.
 *
 * @param session the current session settings, or a draft of them
 * @throws Refused `unauthenticated` with the fault of the token, or `unavailable`
 */
export function trySession(
  environment: LiveEnvironment,
  publicUrl: string,
  token: string,
  session: Settings['session'],
): Promise<Session> {
  const keys = keysOf(environment, session.keys)
  return verifySession(token, session, keys, epochSeconds(), publicUrl)
}

/**
 * Returns the keys of another party, from an address or from the settings. Environments never share a fetched
 * key set.
 */
export function keysOf({ id, version }: LiveEnvironment, source: KeySource): ForeignKeys {
  if ('jwks' in source) return localKeys(source.jwks as JSONWebKeySet)
  const now = epochSeconds()
  const name = `${id}:${version}:${source.jwksUri}`
  const known = keySets.get(name, now)
  if (known) return known
  const keys = remoteKeys(new URL(source.jwksUri))
  keySets.set(name, keys, now)
  return keys
}

/**
 * Returns the key set at an address. `renew` fetches it again at most once in 30 seconds, even if the fetch
 * fails, and all callers share the fetch. This limits the fetches that forged tokens cause. A failed fetch
 * keeps the cached key set.
 */
function remoteKeys(address: URL): ForeignKeys {
  let triedAt = 0
  let renewal: Promise<void> | undefined
  const remote = createRemoteJWKSet(address, {
    timeoutDuration: KEY_SET_TIMEOUT_MS,
    // jose would count from the last successful fetch.
    cooldownDuration: Number.POSITIVE_INFINITY,
    cacheMaxAge: KEY_SET_MAX_AGE_MS,
    [customFetch]: (url: string, options: RequestInit) => {
      triedAt = epochSeconds()
      renewal = undefined
      return fetchBounded(url, options)
    },
  })
  const renew = async () => {
    const sinceTry = epochSeconds() - triedAt
    if (sinceTry < 0 || sinceTry >= KEY_SET_COOLDOWN_SECONDS) {
      renewal = remote.reload()
      const settled = renewal.catch(() => {})
      // Other requests wait for this fetch, so it must outlive the request that began it. The module is
      // imported here because Node, on which scripts read the router, does not have it.
      const { waitUntil } = await import('cloudflare:workers')
      waitUntil(settled)
    }
    await renewal?.catch(explain)
  }
  return Object.assign<ForeignKeys, Pick<ForeignKeys, 'renew'>>(
    (header, token) => remote(header, token).catch(explain),
    { renew },
  )
}

/** Rethrows errors that are the token's fault. Refuses any other error, because the key set cannot be read. */
function explain(cause: unknown): never {
  if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys)
    throw cause
  if (cause instanceof errors.JOSENotSupported) throw cause
  return refuse('unavailable', {
    message: "The key set of the session's issuer cannot be fetched now: try again.",
    retryAfterSeconds: 5,
  })
}

/** Fetches a key set without following redirects. Refuses a response that is too long. */
async function fetchBounded(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, { ...options, redirect: 'manual' })
  if (response.status !== 200 || !response.body) {
    await response.body?.cancel()
    return new Response(null, { status: 502 })
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body) {
    length += chunk.length
    if (length > KEY_SET_MAX_BYTES) return new Response(null, { status: 502 })
    chunks.push(chunk)
  }
  return new Response(new Blob(chunks.map((chunk) => new Uint8Array(chunk))), { status: 200 })
}
