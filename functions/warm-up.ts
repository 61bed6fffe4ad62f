// Makes one policy check while the module loads, so that the runtime has compiled the functions of a check before the
// first request. Its user, environment and objects are invented, and nothing leaves the isolate. It adds about 8 ms to
// the start. On Cloudflare, a Worker starts during the TLS handshake of the first request.
import type { EnvironmentSettings } from '../contract/index.ts'
import type { StoredFacts } from './domain/policy/facts.ts'
import { flush } from './edge/counting.ts'
import type { Snapshot } from './edge/objects.ts'
import type { Bindings } from './env.ts'
import { callProcedure } from './routes/call-procedure.ts'

/**
 * No environment can have this id, so no request finds what the check leaves in a cache. The check also uses it as every
 * address that it needs.
 */
export const NOWHERE = ' '

/** Expired in 1970. The clock of a Worker shows 1970 until the first request. The private key was not kept. */
export const TOKEN =
  'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ3YXJtLXVwIiwic3ViIjoid2FybS11cCIsInNpZCI6Indhcm0tdXAiLCJpYXQiOjAsImV4cCI6NjAsImF1dGhfdGltZSI6MH0.I8v_retCORby5OmOj48R9wHQ_aEaxykggCjmLRYss60nb8739E5B3603ihSrCvMu3kjC5J1kKYhZYZAEySrwGw'
const KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'cV4GvZ-i5f7b422_B-7NDubjBqMsiB4cHtJ4gTqOp1Q',
  y: 'ojnE_b3ly4XoJrBgcxid7mMvPqmC4rsAKlklt_NgENU',
}

const ACTION = 'user.update'
const SETTINGS: EnvironmentSettings = {
  session: {
    ...{ issuer: 'warm-up', keys: { jwks: { keys: [KEY] } } },
    ...{ audiences: [], acceptAnyAudience: true },
  },
  ...{ rpId: NOWHERE, origins: [], audiences: [] },
  actions: [{ action: ACTION, base: {} }],
}
const SNAPSHOT: Snapshot = {
  ...{ environment: NOWHERE, version: 0, settings: SETTINGS, dataKey: new Uint8Array() },
  ...{ ring: [], receiptRing: [], resourceKeys: [] },
}
const FACTS: StoredFacts = {
  ...{ enrolled: 1, totp: 1, passkeys: [null], recovery: 1 },
  ...{ confirmedAt: 0, usedAt: null, steppedUpAt: null },
}

const always = (methods: object) => ({ getByName: () => methods })
const BINDINGS = {
  ...{ publicUrl: NOWHERE, epoch: 0 },
  environments: always({ snapshot: async () => SNAPSHOT }),
  subjects: always({ storedFacts: async () => JSON.stringify(FACTS) }),
  counts: always({ add: async () => {} }),
} as unknown as Bindings

/**
 * Makes one policy check with invented bindings.
 *
 * @returns its decision
 * @throws Refused `unauthenticated` if the clock shows a later year than 1970
 */
export async function warmUp(): Promise<unknown> {
  const decision = await callProcedure(
    'policy.check',
    { action: ACTION },
    {
      ...{ bindings: BINDINGS, route: NOWHERE, path: NOWHERE },
      headers: new Headers({ authorization: `Bearer ${TOKEN}` }),
      country: () => undefined,
    },
  )
  // Discards what the check counted.
  await flush(BINDINGS)
  return decision
}
