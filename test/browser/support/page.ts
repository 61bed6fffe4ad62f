// A page of the wallet in a real Chromium, with a virtual authenticator. A failed test stores a screenshot of its
// page in test-results/. setup.ts starts the service, the wallet and the browser.
import { mkdirSync } from 'node:fs'
import { Secret, TOTP } from 'otpauth'
import {
  type Browser,
  type BrowserContext,
  type CDPSession,
  chromium,
  type Page,
} from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest'
import { type CountersignClient, createClient } from '../../../client/index.ts'
import { awayFromStepEnd } from '../../support/steps.ts'

const PICTURES = 'test-results'
const PATIENCE_MILLISECONDS = 15_000

export const walletUrl = inject('walletUrl')
export const serviceUrl = inject('serviceUrl')

/** How a page is opened. */
export interface Opening {
  theme?: 'light' | 'dark'
  width?: number
  /** An earlier page, whose storage this one is to share. */
  beside?: BrowserContext
  /** The address of a proxy that all its calls go through. */
  proxy?: string
  /** What the browser does before it opens the page. */
  prepare?: (context: BrowserContext) => Promise<unknown>
  /** True for a browser of its own, where another test could notice what this one leaves behind. */
  fresh?: boolean
}

/** An opened page. */
interface Opened {
  page: Page
  devtools: CDPSession
  complaints: string[]
}

let browser: Browser
let opened: Opened[] = []
/** The page of an earlier test. To take it over takes less time than to open another. */
let reusable: Opened | undefined

/** To be called once by a file of browser tests. Returns how to open a page; without an address it is empty. */
export function browserTests(): (opening?: Opening, address?: string) => Promise<Page> {
  beforeAll(async () => {
    browser = await chromium.connect(inject('browserEndpoint'))
  })
  afterAll(() => {
    reusable = undefined
    return browser.close()
  })
  afterEach(async ({ task }) => {
    const pages = opened
    opened = []
    if (task.result?.state === 'fail') reusable = undefined
    try {
      if (task.result?.state === 'fail') await takePictures(task.name, pages)
      // Nothing that the page was refused by its own policy goes unseen.
      for (const { complaints } of pages) expect(complaints).toEqual([])
    } finally {
      const over = pages.filter((one) => one !== reusable)
      await Promise.all(over.map(closePage))
    }
  })
  return async (opening = {}, address = walletUrl) => {
    const { beside, proxy, fresh, prepare } = opening
    const isPlain = !beside && !proxy && !fresh
    const one = (isPlain && (await takeOver(opening))) || (await openPage(opening))
    if (isPlain) reusable ??= one
    opened.push(one)
    await prepare?.(one.page.context())
    if (address) await one.page.goto(address)
    return one.page
  }
}

/** Closes a page, and its browser unless another test takes that over. */
const closePage = ({ page }: Opened): Promise<void> =>
  page.context() === reusable?.page.context() ? page.close() : page.context().close()

/** Takes over the page of an earlier test, without anything that its browser stores. */
async function takeOver({ theme = 'light', width = 1280 }: Opening): Promise<Opened | undefined> {
  if (!reusable || opened.includes(reusable)) return undefined
  const { page, devtools, complaints } = reusable
  if (page.isClosed()) {
    reusable = undefined
    return undefined
  }
  page.removeAllListeners('request')
  await page.unrouteAll()
  const { origin, protocol } = new URL(page.url())
  if (protocol === 'http:') {
    await page.evaluate(() => sessionStorage.clear())
    await showBlank(page, origin)
    await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' })
  }
  await devtools.send('WebAuthn.disable')
  await addAuthenticator(devtools)
  await page.mouse.move(0, 0)
  await page.setViewportSize({ width, height: 900 })
  await page.emulateMedia({ colorScheme: theme, reducedMotion: null, forcedColors: null })
  complaints.length = 0
  return reusable
}

/** Shows an empty document of an origin. For about:blank, the browser would start another process. */
async function showBlank(page: Page, origin: string): Promise<void> {
  const address = `${origin}/blank`
  await page.route(address, (route) => route.fulfill({ contentType: 'text/html', body: '' }))
  await page.goto(address)
  await page.unroute(address)
}

async function openPage({
  theme = 'light',
  width = 1280,
  beside,
  proxy,
}: Opening): Promise<Opened> {
  const context =
    beside ??
    (await browser.newContext({
      ...{ colorScheme: theme, viewport: { width, height: 900 } },
      // By default, calls of this machine to itself pass no proxy.
      ...(proxy && { proxy: { server: proxy, bypass: '<-loopback>' } }),
    }))
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE_MILLISECONDS)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted ?Type/i.test(message.text()))
      complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  const devtools = await context.newCDPSession(page)
  await addAuthenticator(devtools)
  return { page, devtools, complaints }
}

/** Gives a page an empty authenticator. */
async function addAuthenticator(devtools: CDPSession): Promise<void> {
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
}

async function takePictures(name: string, pages: typeof opened): Promise<void> {
  mkdirSync(PICTURES, { recursive: true })
  const file = name.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 80)
  await Promise.all(
    pages.map(({ page }, index) => page.screenshot({ path: `${PICTURES}/${file}-${index}.png` })),
  )
}

/** Somebody with a wallet, as a test acts for them beside the page. */
export interface Person {
  name: string
  /** Their session token. */
  session: string
  countersign: CountersignClient
  /** Both call the wallet, and fail where it does not do what was asked. */
  get(path: string): Promise<Record<string, unknown>>
  post(path: string, body?: unknown): Promise<Record<string, unknown>>
}

/** Signs somebody in beside the page; the page may sign in with the same name. */
export async function makePerson(
  name = `user ${crypto.randomUUID().slice(0, 8)}`,
): Promise<Person> {
  const call = async (path: string, init: RequestInit) => {
    const answer = await fetch(walletUrl + path, init)
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
    return (await answer.json()) as Record<string, unknown>
  }
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    call(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  const { session } = await post('/api/sign-in', { name })
  const bearer = String(session)
  const headers = { authorization: `Bearer ${bearer}` }
  return {
    name,
    session: bearer,
    countersign: createClient({ url: serviceUrl, environment: 'wallet', bearer: () => bearer }),
    get: (path) => call(path, { headers }),
    post: (path, body = {}) => post(path, body, headers),
  }
}

/** Codes of an authenticator app. */
export type Codes = (stepsFromNow?: number) => string

/** A page takes a while between reading a code and sending it, on a machine that runs other tests, too. */
const STEP_MARGIN_MILLISECONDS = 5_000

/** Enrolls an authenticator app, with the code before the one that is shown now. */
export const enrollTotp = async (person: Person): Promise<Codes> =>
  (await enrollFirstTotp(person)).codes

/** Does the same for a first factor, and keeps the recovery codes. */
export async function enrollFirstTotp({
  countersign,
}: Person): Promise<{ codes: Codes; recoveryCodes: readonly string[] }> {
  const { factorId, ...shown } = await countersign.factor.enroll.mutate({ kind: 'totp' })
  if (!('secret' in shown)) throw new Error('no TOTP secret came back')
  const totp = new TOTP({ secret: Secret.fromBase32(shown.secret) })
  const codes: Codes = (stepsFromNow = 0) =>
    totp.generate({ timestamp: Date.now() + stepsFromNow * 30_000 })
  await awayFromStepEnd(STEP_MARGIN_MILLISECONDS)
  const code = codes(-1)
  const { recoveryCodes = [] } = await countersign.factor.confirm.mutate({
    kind: 'totp',
    factorId,
    code,
  })
  return { codes, recoveryCodes }
}

/** A code of the authenticator app whose key the page shows. */
export async function codeOfShown(page: Page): Promise<string> {
  const shown = await page.locator('.countersign-secret code').innerText()
  await awayFromStepEnd(STEP_MARGIN_MILLISECONDS)
  return new TOTP({ secret: Secret.fromBase32(shown.replaceAll(' ', '')) }).generate()
}

/** Signs in on the page. */
export async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Your name').fill(name)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
}

/** Enrolls a passkey on the page, as the first factor. */
export async function enrollPasskey(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Security' }).click()
  await page.getByRole('button', { name: 'Add passkey' }).click()
  await page.getByRole('button', { name: 'I have saved them' }).click()
  await page.getByRole('link', { name: 'Wallet' }).click()
}

/** The dialog that asks for the step-up. */
export const dialogOf = (page: Page) => page.getByRole('dialog')

/** Gives a code in the dialog. */
export async function enterCode(page: Page, code: string): Promise<void> {
  await dialogOf(page).getByLabel('Authentication code').fill(code)
  await dialogOf(page).getByRole('button', { name: 'Verify' }).click()
}

/** A code that is certainly not one of now. */
export function wrongCode(codes: Codes): string {
  const right = [-1, 0, 1].map(codes)
  return ['000000', '111111', '222222', '333333'].find((code) => !right.includes(code)) ?? ''
}
