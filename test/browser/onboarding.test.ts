// When a user must enroll a first factor, in a real browser: at sign-in with `onboarding`, and at the first
// action that needs it with `action`. The tests restore the wallet's environment.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import type { EnvironmentSettings } from '../../contract/index.ts'
import { operatorClient } from '../../scripts/provision.ts'
import { expectNothingFound } from './support/axe.ts'
import {
  browserTests,
  codeOfShown,
  dialogOf,
  enrollTotp,
  makePerson,
  serviceUrl,
  signIn,
} from './support/page.ts'

const environment = 'wallet'
const EXPORT = 'wallet.waas.export'
/** How long an isolate may go by settings that it read before. */
const SETTINGS_WITHIN = { timeout: 30_000, interval: 500 }

const openPage = browserTests()
const operator = operatorClient(serviceUrl, inject('operatorKey'))
const newName = () => `newcomer ${crypto.randomUUID().slice(0, 8)}`

let found: EnvironmentSettings
beforeAll(async () => {
  found = (await operator.environment.get.query({ environment })).settings
})
afterAll(() => change({}))

/** Changes the environment from what it was, and waits until a newcomer is answered by it. */
async function change(changes: Partial<EnvironmentSettings>, decision = 'permit'): Promise<void> {
  const { version } = await operator.environment.get.query({ environment })
  const settings = { ...found, ...changes }
  await operator.environment.update.mutate({ environment, version, settings })
  const { factor, policy } = (await makePerson()).countersign
  await vi.waitFor(async () => {
    const { mustEnroll } = await factor.list.query()
    expect(mustEnroll).toBe(settings.enrollment === 'onboarding')
    expect(await policy.check.query({ action: EXPORT })).toMatchObject({ decision })
  }, SETTINGS_WITHIN)
}

const onboarding = (page: Page) => page.getByRole('heading', { name: 'One more step' })
const wallet = (page: Page) => page.getByRole('button', { name: 'Export private key' })
const codes = (page: Page) => page.getByRole('list', { name: 'Recovery codes' })

/** Watches for anything of the wallet; returns whether it was ever there. */
async function watchForWallet(page: Page): Promise<() => Promise<boolean>> {
  await page.evaluate(() => {
    const look = () => {
      if (document.querySelector('nav')) document.documentElement.dataset.sawWallet = 'yes'
    }
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true })
  })
  return () => page.evaluate(() => document.documentElement.dataset.sawWallet === 'yes')
}

async function saveCodes(page: Page): Promise<string> {
  await codes(page).getByRole('listitem').nth(9).waitFor()
  const first = await codes(page).getByRole('listitem').first().innerText()
  await page.getByRole('button', { name: 'I have saved them' }).click()
  await codes(page).waitFor({ state: 'detached' })
  return first
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Your name').waitFor()
}

describe('with onboarding', () => {
  beforeAll(() => change({ enrollment: 'onboarding' }))

  it('stands before the wallet until a passkey is there, and shows the codes once', async () => {
    const page = await openPage()
    const sawWallet = await watchForWallet(page)
    const name = newName()
    await signIn(page, name)
    await onboarding(page).waitFor()
    await page.getByText(`Signed in as ${name}`).waitFor()
    await page.getByRole('button', { name: 'Passkey' }).click()
    await page.getByRole('button', { name: 'Create passkey' }).click()
    await codes(page).waitFor()
    expect(await sawWallet()).toBe(false)
    const code = await saveCodes(page)
    await wallet(page).waitFor()
    await page.getByText('Your second factor is set up.').waitFor()

    await page.getByRole('link', { name: 'Security' }).click()
    await page.getByText('10 of 10').waitFor()
    expect(await page.getByText(code).count()).toBe(0)
    expect(await page.getByText('You have not confirmed that you saved them').count()).toBe(0)

    await signOut(page)
    await signIn(page, name)
    await page.getByRole('link', { name: 'Wallet' }).click()
    await wallet(page).waitFor()
    expect(await onboarding(page).count()).toBe(0)
  })

  it('takes an authenticator app as well', async () => {
    const page = await openPage()
    const name = newName()
    await signIn(page, name)
    await page.getByRole('button', { name: 'Authenticator app' }).click()
    await page.getByRole('img', { name: /QR code/ }).waitFor()
    const field = page.getByLabel('Code from the app')
    await field.fill(await codeOfShown(page))
    await field.press('Enter')
    await saveCodes(page)
    await wallet(page).waitFor()
    await page.reload()
    await wallet(page).waitFor()
    expect(await onboarding(page).count()).toBe(0)
  })

  it('asks nothing of a user who has a factor', async () => {
    const person = await makePerson()
    await enrollTotp(person)
    const page = await openPage()
    await signIn(page, person.name)
    await wallet(page).waitFor()
    expect(await onboarding(page).count()).toBe(0)
  })

  it('lets a user who turns back sign out, and asks again', async () => {
    const page = await openPage()
    const name = newName()
    await signIn(page, name)
    await onboarding(page).waitFor()
    await signOut(page)
    await signIn(page, name)
    await onboarding(page).waitFor()
  })

  it('shows nothing of the wallet while the service does not answer', async () => {
    const page = await openPage()
    const sawWallet = await watchForWallet(page)
    await page.route(/factor\.list/, (route) => route.abort())
    await signIn(page, newName())
    await page.getByRole('alert').getByText('Countersign cannot be reached').waitFor()
    await page.unroute(/factor\.list/)
    await page.getByRole('button', { name: 'Try again' }).click()
    await onboarding(page).waitFor()
    expect(await sawWallet()).toBe(false)
  })

  describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
    it.each([1280, 390])('has nothing that axe finds at %i px', async (width) => {
      const page = await openPage({ theme, width })
      await signIn(page, `${newName()} of a long name`)
      await page.getByRole('button', { name: 'Passkey' }).waitFor()
      await expectNothingFound(page)
      await page.getByRole('button', { name: 'Authenticator app' }).click()
      await page.getByRole('img', { name: /QR code/ }).waitFor()
      await expectNothingFound(page)
      await page.getByRole('button', { name: 'Use another method' }).click()
      await page.getByRole('button', { name: 'Passkey' }).click()
      await page.getByRole('button', { name: 'Create passkey' }).waitFor()
      await expectNothingFound(page)
      await page.getByRole('button', { name: 'Create passkey' }).click()
      await codes(page).waitFor()
      await expectNothingFound(page)
    })
  })
})

describe('with action', () => {
  beforeAll(() => {
    const others = (found.actions ?? []).filter(({ action }) => action !== EXPORT)
    const always = { action: EXPORT, base: { require: 'always' as const } }
    return change({ enrollment: 'action', actions: [...others, always] }, 'enroll')
  })

  it('asks when an action first needs a factor, and not before', async () => {
    const page = await openPage()
    await signIn(page, newName())
    await wallet(page).waitFor()
    expect(await onboarding(page).count()).toBe(0)
    await wallet(page).click()
    await dialogOf(page).getByRole('heading', { name: 'Set up verification' }).waitFor()
    await dialogOf(page).getByRole('button', { name: 'Passkey' }).click()
    await dialogOf(page).getByRole('button', { name: 'Create passkey' }).click()
    await saveCodes(page)
    await dialogOf(page).getByRole('button', { name: 'Continue with passkey' }).click()
    await page.getByText('this key matches your wallet address').waitFor()
  })
})
