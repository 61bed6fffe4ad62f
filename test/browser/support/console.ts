// The dashboard in a real Chromium, with a service of its own: after an operator enrolls a factor there, every
// change needs a step-up, which must not affect other tests.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret, TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { type CountersignClient, createClient } from '../../../client/index.ts'
import { DEMO, type DemoIssuer, readDemoIssuer } from '../../../scripts/demo.ts'
import { nextFreePort } from '../../../scripts/ports.ts'
import { readVariables } from '../../../scripts/variables.ts'
import { awayFromStepEnd } from '../../support/steps.ts'
import { browserTests, type Opening } from './page.ts'
import { startProcess } from './process.ts'

/** Files that run at the same time look for a port from different ones on. */
const FIRST_PORT = 18_500 + 20 * Number(process.env.VITEST_POOL_ID ?? 0)

/** A service with its page, as a test uses it. */
export interface ConsoleService {
  url: string
  /** The first operator's key. */
  key: string
  /** The pretended application of the demo environment. */
  issuer: DemoIssuer
  /** Opens the page at an address below /console. */
  open: (opening?: Opening & { path?: string }) => Promise<Page>
  /** The service beside the page, as its first operator. */
  operator: () => CountersignClient
  /** The same as a user of the demo environment. */
  user: (subject: string) => Promise<CountersignClient>
}

/** To be called once by a file of tests. What it returns is filled before the first test. */
export function consoleTests(): ConsoleService {
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
    const { OPERATOR_KEY, DEMO_ISSUER_KEY } = readVariables(variables, [
      'OPERATOR_KEY',
      'DEMO_ISSUER_KEY',
    ])
    const url = `http://localhost:${port}`
    const issuer = await readDemoIssuer(DEMO_ISSUER_KEY)
    Object.assign(service, {
      url,
      key: OPERATOR_KEY,
      issuer,
      open: async ({ path = '/', ...opening }: Opening & { path?: string } = {}) => {
        const page = await openPage(opening, `${url}/console${path}`)
        return page
      },
      operator: () => createClient({ url, environment: 'operator', bearer: () => OPERATOR_KEY }),
      user: async (subject: string) => {
        const { token } = await issuer.signIn(subject)
        return createClient({ url, environment: DEMO.environment, bearer: () => token })
      },
    } satisfies ConsoleService)
  })
  afterAll(() => end())
  return service
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

/** Lets a user of the demo environment step up to sign with a wallet, and the wallet's API use the token. */
export async function guardedCall(service: ConsoleService, subject: string): Promise<void> {
  const { token, claims } = await service.issuer.signIn(subject)
  const user = createClient({
    url: service.url,
    environment: DEMO.environment,
    bearer: () => token,
  })
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
    environment: DEMO.environment,
    audience: DEMO.wallet,
    label: `wallet of ${subject}`,
  })
  const api = createClient({ url: service.url, environment: DEMO.environment, bearer: () => key })
  await api.token.consume.mutate({
    action: 'wallet.waas.sign',
    token: elevatedToken?.token ?? '',
    subject,
    sessionId: String(claims.sid),
  })
}
