// The published copy of an environment in KV. It holds only settings and public keys, which may be stale.
import type { JSONWebKeySet, JWK } from 'jose'
import * as z from 'zod/mini'
import { EnvironmentSettings } from '../../../contract/index.ts'
import type { RingKey } from '../tokens/key-ring.ts'

/** The schema of the copy. A stored value that does not match is ignored. */
export const Published = z.strictObject({
  version: z.int(),
  settings: EnvironmentSettings,
  keySet: z.strictObject({
    keys: z.array(z.custom<JWK>((key) => typeof key === 'object' && key !== null)),
  }),
  confirmedAt: z.int(),
})
export type Published = z.infer<typeof Published>

/** Returns the KV key of the copy. */
export const copyKey = (environment: string): string => `published:${environment}`

/** Returns the public key set of an environment. */
export const keySetOf = (ring: readonly RingKey[]): JSONWebKeySet => ({
  keys: ring.map(({ publicJwk }) => publicJwk),
})
