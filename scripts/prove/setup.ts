// What a proof runs against: the demo environment of a service that runs, with a single-use token that is
// given for an assertion, and a key for its API.
import { DEMO, type DemoIssuer, demoSettings, readDemoIssuer } from '../demo.ts'
import { operatorClient, provision } from '../provision.ts'
import { given } from '../tour/users.ts'
import { makeIssuerKey } from '../variables.ts'
import type { Served } from './serve.ts'

/** The scope that the environment has single-use, and gives for an assertion. */
export const SCOPE = 'user:update'

/** What users, and what they present, are made with. */
export interface Setup {
  fronts: string[]
  /** The origin to which passkeys are bound. */
  page: string
  issuer: string
  application: DemoIssuer
  resourceKey: string
}

/** Sets up a service that stores nothing yet. */
export async function setUp({ fronts, publicUrl, operatorKey }: Served): Promise<Setup> {
  const application = await readDemoIssuer(await makeIssuerKey())
  const operator = operatorClient(given(fronts[0], 'a front'), operatorKey)
  const { environment } = DEMO
  await provision(operator, environment, {
    ...demoSettings(publicUrl, application.publicJwk),
    actions: [{ action: 'user.update', base: { methods: ['assertion'], singleUse: true } }],
  })
  const { key } = await operator.environment.createResourceKey.mutate({
    environment,
    audience: DEMO.wallet,
  })
  const issuer = `${publicUrl}/${environment}`
  return { fronts, page: publicUrl, issuer, application, resourceKey: key }
}
