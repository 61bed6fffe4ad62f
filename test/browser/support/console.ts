// The dashboard in a real Chromium. Files of tests share the service of setup.ts, each with an environment of its
// own. A file whose operators enroll factors starts its own service: from then on every change needs a step-up.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret, TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, inject } from 'vitest'
import { type CountersignClient, createClient } from '../../../client/index.ts'
import { DEMO, type DemoIssuer, demoSettings, readDemoIssuer } from '../../../scripts/demo.ts'
import { nextFreePort } from '../../../scripts/ports.ts'
import { operatorClient, provision } from '../../../scripts/provision.ts'
import { readVariables } from '../../../scripts/variables.ts'
import { awayFromStepEnd } from '../../support/steps.ts'
import { browserTests, type Opening, serviceUrl } from './page.ts'
import { startProcess } from './process.ts'

const FIRST_PORT = 18_500

/** A service with its page, as a test uses it. */
export interface ConsoleService {
  url: string
  /** The first operator's key. */
  key: string
  /** An environment with the settings of the demo. */
  environment: string
  /** The pretended application of that environment. */
  issuer: DemoIssuer
  /** Opens the page at an address below /console. */
  open: (opening?: Opening & { path?: string }) => Promise<Page>
  /** Opens the page with a session of the first operator. */
  openSignedIn: (opening?: Opening & { path?: string }) => Promise<Page>
  /** The service beside the page, as its first operator. */
  operator: () => CountersignClient
  /** The same as a user of the environment. */
  user: (subject: string) => Promise<CountersignClient>
}

/**
 * Uses the service that all files share. To be called once by a file of tests. What it returns is filled before the
 * first test.
 *
 * @param environment the name of the file's own environment
 */
export function consoleTests(environment: string): ConsoleService {
  const openPage = browserTests()
  const service = {} as ConsoleService
  beforeAll(async () => {
    const key = inject('operatorKey')
    const issuer = await readDemoIssuer(inject('demoIssuerKey'))
    const settings = demoSettings(serviceUrl, issuer.publicJwk)
    await provision(operatorClient(serviceUrl, key), environment, settings)
    Object.assign(service, serviceAt({ url: serviceUrl, key, environment, issuer }, openPage))
  })
  return service
}

/** Starts a service for one file of tests, and uses its demo environment. */
export function ownConsoleTests(): ConsoleService {
  const openPage = browserTests()
  const service = {} as ConsoleService
  let end = async () => {}
  beforeAll(async () => {
    const state = mkdtempSync(join(tmpdir(), 'countersign-console-'))
    const port = await nextFreePort(FIRST_PORT)
    const variables = join(state, 'variables')
    const stop = await startProcess(
      ['--no-wallet', '--state', join(state, 'state'), '--port', `${port}`],
      variables,
    )
    end = async () => {
      await stop()
      rmSync(state, { recursive: true, force: true })
    }
    const { OPERATOR_KEY: key, DEMO_ISSUER_KEY } = readVariables(variables, [
      'OPERATOR_KEY',
      'DEMO_ISSUER_KEY',
    ])
    const issuer = await readDemoIssuer(DEMO_ISSUER_KEY)
    const { environment } = DEMO
    const url = `http://localhost:${port}`
    Object.assign(service, serviceAt({ url, key, environment, issuer }, openPage))
  })
  afterAll(() => end())
  return service
}

function serviceAt(
  given: Pick<ConsoleService, 'url' | 'key' | 'environment' | 'issuer'>,
  openPage: ReturnType<typeof browserTests>,
): ConsoleService {
  const { url, key, environment, issuer } = given
  const open: ConsoleService['open'] = ({ path = '/', ...opening } = {}) =>
    openPage(opening, `${url}/console${path}`)
  const session = { authorization: `Bearer ${key}`, origin: url }
  return {
    ...given,
    open,
    openSignedIn: async (opening) => {
      const page = await open({
        ...opening,
        prepare: ({ request }) => request.post(`${url}/console/session`, { headers: session }),
      })
      await page.getByText('Signed in as').waitFor({ state: 'attached' })
      return page
    },
    operator: () => operatorClient(url, key),
    user: async (subject) => {
      const { token } = await issuer.signIn(subject)
      return createClient({ url, environment, bearer: () => token })
    },
  }
}

/** Signs in with an operator's key. */
export async function signInWith(page: Page, key: string): Promise<void> {
  await page.getByLabel('Operator key').fill(key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('Signed in as').waitFor({ state: 'attached' })
}

/** The settings' review, up to the button that saves. */
export async function review(page: Page) {
  await page.getByRole('button', { name: 'Review and save' }).click()
  const dialog = page.getByRole('dialog', { name: 'Review and save' })
  await dialog.getByText(/changes? against version/).waitFor()
  return dialog
}

/** Lets a user of the environment step up to sign with a wallet, and the wallet's API use the token. */
export async function guardedCall(service: ConsoleService, subject: string): Promise<void> {
  const { url, environment } = service
  const { token, claims } = await service.issuer.signIn(subject)
  const user = createClient({ url, environment, bearer: () => token })
  const enrolled = await user.factor.enroll.mutate({ kind: 'totp', label: 'Work phone' })
  if (!('secret' in enrolled)) throw new Error('no TOTP secret came back')
  const totp = new TOTP({ secret: Secret.fromBase32(enrolled.secret) })
  const code = (steps: number) => totp.generate({ timestamp: Date.now() + steps * 30_000 })
  await awayFromStepEnd(8_000)
  const { factorId } = enrolled
  await user.factor.confirm.mutate({ kind: 'totp', factorId, code: code(-1) })
  const { elevatedToken } = await user.challenge.verify.mutate({
    method: 'totp',
    code: code(0),
    requestedScopes: ['wallet:sign'],
  })
  const { key } = await service.operator().environment.createResourceKey.mutate({
    environment,
    audience: DEMO.wallet,
    label: `wallet of ${subject}`,
  })
  const api = createClient({ url, environment, bearer: () => key })
  await api.token.consume.mutate({
    action: 'wallet.waas.sign',
    token: elevatedToken?.token ?? '',
    subject,
    sessionId: String(claims.sid),
  })
}
