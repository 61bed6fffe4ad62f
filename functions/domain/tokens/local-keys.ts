// Key sets that are in memory, such as our own, and those in settings.
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'

const known = new WeakMap<JSONWebKeySet, JWTVerifyGetKey>()

/**
 * Returns the keys of a key set. Each key is imported once. It is kept as long as the key set itself, which is part of a
 * snapshot of an environment, so a compromised key leaves with the snapshot.
 */
export function localKeys(keySet: JSONWebKeySet): JWTVerifyGetKey {
  const keys = known.get(keySet) ?? createLocalJWKSet(keySet)
  known.set(keySet, keys)
  return keys
}
