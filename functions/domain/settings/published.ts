// The copy of an environment in KV: settings and public keys, which may be stale, and nothing else.
import type { JSONWebKeySet, JWK } from 'jose'
import * as z from 'zod/mini'
import { EnvironmentSettings } from '../../../contract/index.ts'
import type { RingKey } from '../tokens/key-ring.ts'

/** The copy, as it is read: any other value in its place is refused. */
export const Published = z.strictObject({
  version: z.int(),
  settings: EnvironmentSettings,
  keySet: z.strictObject({
    keys: z.array(z.custom<JWK>((key) => typeof key === 'object' && key !== null)),
  }),
  confirmedAt: z.int(),
})
export type Published = z.infer<typeof Published>

/** The key of the copy in KV. */
export const copyKey = (environment: string): string => `published:${environment}`

/** The public keys of an environment, as its key set serves them. */
export const keySetOf = (ring: readonly RingKey[]): JSONWebKeySet => ({
  keys: ring.map(({ publicJwk }) => publicJwk),
})
