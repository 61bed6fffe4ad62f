// `npm run tour`: shows the main use of Countersign step by step, with the local service or with one that it
// starts and ends itself. tour/ has the steps. This file sets their order.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CountersignClient } from '../client/index.ts'
import { setupClient } from './automation.ts'
import { DEMO, demoSettings, pageOf, readDemoIssuer } from './demo.ts'
import { DEFAULT_PORT, nextFreePort } from './ports.ts'
import { provision } from './provision.ts'
import { askHealth, findService, startService } from './service.ts'
import { DEFAULT_STATE } from './state.ts'
import { Complaint, interruption, readOptions, runCommand, USAGE_EXIT_CODE } from './terminal.ts'
import { assertionIsExchanged, assertionIsSpent } from './tour/assertion.ts'
import {
  consumedOnce,
  enrollApp,
  nothingIsAsked,
  refusedForAnother,
  rightCodeMints,
  signIn,
  stepUpIsAsked,
  verifiedOffline,
  wrongCodeIsRefused,
} from './tour/code.ts'
import { chainIsIntact, historyIsListed } from './tour/history.ts'
import {
  boundToDetails,
  enrollPasskey,
  oneOfFifty,
  passkeyStepsUp,
  recoveryIsTooWeak,
  recoveryLinks,
} from './tour/passkey.ts'
import { type Tour, walletClient } from './tour/users.ts'
import { Deviation, Walkthrough } from './tour/walkthrough.ts'
import { completeVariables, readVariables, variablesFile } from './variables.ts'

const STEPS = 19
const HELP = `Shows the main use of Countersign step by step, and checks every answer.

  npm run tour -- [--url URL] [--state DIR]

  --url URL     the service to use
  --state DIR   the state folder of the service that \`npm start\` runs (.wrangler/state)

If no service runs, the tour starts one and ends it afterwards. The operator key is OPERATOR_KEY from the
environment, or from .dev.vars.`

/** Runs the steps of the tour. */
async function runSteps(tour: Tour): Promise<void> {
  const user = await signIn(tour)
  await nothingIsAsked(tour, user)
  const { app, recoveryCodes } = await enrollApp(tour, user)
  await stepUpIsAsked(tour, user)
  await wrongCodeIsRefused(tour, user, app)
  const token = await rightCodeMints(tour, user, app)
  await verifiedOffline(tour, user, token)
  await refusedForAnother(tour, token)
  await consumedOnce(tour, user, token)

  const [recoveryCode = ''] = recoveryCodes
  await recoveryIsTooWeak(tour, user, recoveryCode)
  const linkToken = await recoveryLinks(tour, user, recoveryCode)
  const device = await enrollPasskey(tour, user, linkToken)
  const passkeyToken = await passkeyStepsUp(tour, user, device)
  await oneOfFifty(tour, user, passkeyToken)
  await boundToDetails(tour, user, device)

  const assertion = await assertionIsExchanged(tour, user)
  await assertionIsSpent(tour, user, assertion)

  const events = await historyIsListed(tour, user)
  await chainIsIntact(tour, user, events)
}

async function tour(
  url: string,
  state: string,
  file: string,
  interrupted: AbortSignal,
): Promise<number> {
  const { OPERATOR_KEY, DEMO_ISSUER_KEY } = readVariables(file, ['OPERATOR_KEY', 'DEMO_ISSUER_KEY'])
  const application = await readDemoIssuer(DEMO_ISSUER_KEY)
  const publicUrl = await publicUrlOf(url)
  const page = pageOf(url, publicUrl)
  const operator = await setupClient(url, OPERATOR_KEY, state)
  await provision(operator, DEMO.environment, demoSettings(page, application.publicJwk))

  const issuer = `${publicUrl}/${DEMO.environment}`
  const walkthrough = new Walkthrough(interrupted)
  console.log(`The tour uses the service at ${url}.`)
  try {
    await withResourceKey(operator, (key) =>
      runSteps({ walkthrough, url, page, issuer, application, wallet: walletClient(url, key) }),
    )
    walkthrough.close(STEPS)
    return 0
  } catch (error) {
    walkthrough.breakOff()
    if (error instanceof Deviation) return 1
    throw error
  }
}

/** Runs a function with a resource key for the wallet's API, and revokes the key afterwards. */
async function withResourceKey(
  operator: CountersignClient,
  run: (key: string) => Promise<void>,
): Promise<void> {
  const { environment, wallet: audience } = DEMO
  const order = { environment, audience, label: 'tour' }
  const { id, key } = await operator.environment.createResourceKey.mutate(order)
  console.log(`The wallet's API uses the resource key ${id}.`)
  try {
    await run(key)
  } finally {
    await operator.environment.revokeResourceKey.mutate({ environment, id })
    console.log(`\nThe resource key ${id} is revoked.`)
  }
}

async function publicUrlOf(url: string): Promise<string> {
  const body = await askHealth(url)
  if (body?.issuer) return body.issuer
  throw new Complaint(body?.error?.message ?? `No Countersign service answers at ${url}.`)
}

/** Runs the tour with a service of its own, and deletes the service's data afterwards. */
async function tourAlone(interrupted: AbortSignal): Promise<number> {
  console.log('No service runs here, so the tour starts one …')
  const folder = mkdtempSync(join(tmpdir(), 'countersign-tour-'))
  try {
    const file = join(folder, 'dev.vars')
    await completeVariables(file)
    const variables = readVariables(file, ['ROOT_SECRET'])
    const port = await nextFreePort(DEFAULT_PORT)
    const state = join(folder, 'state')
    const service = await startService({ port, state, variables })
    try {
      await service.ready
      return await Promise.race([service.died, tour(service.url, state, file, interrupted)])
    } finally {
      await service.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function main(): Promise<number> {
  const options = readOptions({ url: { type: 'string' }, state: { type: 'string' } }, HELP)
  if (!options) return 0
  const interrupted = interruption()
  const { state = DEFAULT_STATE } = options
  const url = options.url ? readUrl(options.url) : await findService(state)
  return url ? tour(url, state, variablesFile(), interrupted) : tourAlone(interrupted)
}

function readUrl(text: string): string {
  if (URL.canParse(text)) return new URL(text).origin
  throw new Complaint(
    `--url must be an address such as http://localhost:8787, not ${text}.`,
    USAGE_EXIT_CODE,
  )
}

await runCommand(main)
