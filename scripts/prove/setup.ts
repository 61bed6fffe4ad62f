// Sets up the demo environment for a proof, with an action whose single-use token is issued for an assertion, and
// with a resource key.
import { DEMO, type DemoIssuer, demoSettings, readDemoIssuer } from '../demo.ts'
import { operatorClient, provision } from '../provision.ts'
import { given } from '../tour/users.ts'
import { makeIssuerKey } from '../variables.ts'
import type { Served } from './serve.ts'

/** The scope of the action whose single-use token is issued for an assertion. */
export const SCOPE = 'user:update'
/** The lifetime of single-use tokens. */
export const TOKEN_SECONDS = 300
/** The scope of an action whose token can be used until it expires. */
export const REUSABLE_SCOPE = 'profile:read'

/** The values with which users and their tokens are created. */
export interface Setup {
  fronts: string[]
  /** The origin to which passkeys are bound. */
  page: string
  issuer: string
  application: DemoIssuer
  resourceKey: string
}

/** Sets up an empty service. */
export async function setUp({ fronts, publicUrl, operatorKey }: Served): Promise<Setup> {
  const application = await readDemoIssuer(await makeIssuerKey())
  const operator = operatorClient(given(fronts[0], 'a front'), operatorKey)
  const { environment } = DEMO
  await provision(operator, environment, {
    ...demoSettings(publicUrl, application.publicJwk),
    actions: [
      {
        action: 'user.update',
        base: {
          ...{ methods: ['assertion'], singleUse: true, lifetimeSeconds: TOKEN_SECONDS },
          // A token ends when its assertion is no longer fresh.
          freshnessSeconds: 2 * TOKEN_SECONDS,
        },
      },
      {
        action: 'profile.read',
        scope: REUSABLE_SCOPE,
        base: { methods: ['assertion'], singleUse: false },
      },
    ],
  })
  const { key } = await operator.environment.createResourceKey.mutate({
    environment,
    audience: DEMO.wallet,
  })
  const issuer = `${publicUrl}/${environment}`
  return { fronts, page: publicUrl, issuer, application, resourceKey: key }
}
