// What the wallet's page tells a person: the true state of shared access, what removing a factor means, what
// happened and when; and that a phone shows all of it.
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { expectNothingFound } from './support/axe.ts'
import {
  browserTests,
  dialogOf,
  enrollTotp,
  enterCode,
  makePerson,
  serviceUrl,
  signIn,
} from './support/page.ts'

const openPage = browserTests()

/** A page of a user who has an authenticator app. */
async function openWithCodes(opening = {}) {
  const page = await openPage(opening)
  const person = await makePerson()
  const codes = await enrollTotp(person)
  await signIn(page, person.name)
  return { page, person, codes }
}

const card = (page: Page, name: string) => page.getByRole('region', { name, exact: true })
const goTo = (page: Page, view: string) => page.getByRole('link', { name: view }).click()

describe('shared access', () => {
  it('is said to wait for approval until the other person holds a share', async () => {
    const [owner, friend] = [await makePerson(), await makePerson()]
    await owner.post('/api/wallet/delegate', { to: friend.name })
    const page = await openPage()
    await signIn(page, owner.name)
    const waiting = `Waiting for you to approve ${friend.name}`
    for (const name of ['Your wallet', 'Shared access', 'Activity'])
      await card(page, name).getByText(waiting).waitFor()
    expect(await page.getByText('holds a share').count()).toBe(0)

    await page.getByRole('button', { name: 'Approve access' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await signIn(page, owner.name)
    await page.getByRole('button', { name: 'Confirm approval' }).click()
    for (const name of ['Your wallet', 'Shared access', 'Activity'])
      await card(page, name).getByText(`${friend.name} holds a share`).waitFor()
    expect(await card(page, 'Your wallet').getByText(waiting).count()).toBe(0)
  })
})

it('says of a delegate who never signed in before it asks for a code', async () => {
  const { page } = await openWithCodes()
  await page.getByLabel('Delegate’s name').fill('Nobody at all')
  await page.getByRole('button', { name: 'Delegate access' }).click()
  await page
    .getByRole('alert')
    .getByText(/Nobody has signed in as Nobody at all yet/)
    .waitFor()
  expect(await dialogOf(page).count()).toBe(0)
})

it('leads a user who lost everything to an operator, with their user id', async () => {
  const { page, person } = await openWithCodes()
  const { subject } = await person.get('/api/me')
  await page.getByRole('button', { name: 'Export private key' }).click()
  await page.getByRole('button', { name: 'I can’t use this' }).click()
  const help = dialogOf(page).getByRole('link', { name: /Ask an operator to reset your factors/ })
  expect(await help.innerText()).toContain(subject)
  expect(await help.getAttribute('href')).toBe(
    `${serviceUrl}/console/e/wallet/users?user=${subject}`,
  )
})

describe('removing a factor', () => {
  it('says of the last one what is blocked without it, and that is what happens', async () => {
    const { page, person, codes } = await openWithCodes()
    await goTo(page, 'Security')
    await page.getByRole('button', { name: 'Remove Authenticator app' }).click()
    const panel = page.getByRole('group', { name: 'Remove Authenticator app' })
    await panel.getByText('This is your last verification method.').waitFor()
    await panel.getByText('blocked until you add a new one').waitFor()
    await panel.getByText('needs one of your recovery codes').waitFor()
    await expectNothingFound(page)
    await panel.getByRole('button', { name: 'Remove last method' }).click()
    await enterCode(page, codes())
    await page.getByText('None yet').waitFor()
    await page.getByText('is blocked until you add one').waitFor()

    const check = (action: string) => person.countersign.policy.check.query({ action })
    expect(await check('wallet.waas.export')).toMatchObject({
      decision: 'enroll',
      reason: 'no_usable_factor',
    })
    expect(await check('credential.link')).toMatchObject({
      decision: 'step_up',
      methods: ['recovery'],
    })
  })

  it('says nothing of the last one while there is another', async () => {
    const { page, codes } = await openWithCodes()
    await goTo(page, 'Security')
    await page.getByRole('button', { name: 'Add passkey' }).click()
    await enterCode(page, codes())
    await page.getByRole('button', { name: 'Remove Authenticator app' }).click()
    await page.getByRole('button', { name: 'Yes, remove it' }).waitFor()
    expect(await page.getByText('last verification method').count()).toBe(0)
  })
})

it('gives the authenticator app the name of the user', async () => {
  const page = await openPage()
  const { name } = await makePerson()
  await signIn(page, name)
  await goTo(page, 'Security')
  await page.getByRole('button', { name: 'Add authenticator app' }).click()
  const link = page.locator('a[href^="otpauth:"]')
  expect(await link.getAttribute('href')).toContain(encodeURIComponent(name))
})

describe('the header', () => {
  it('shortens a name of 40 characters on a phone, and keeps it in the tooltip', async () => {
    const name = `${crypto.randomUUID()}-end`
    expect(name).toHaveLength(40)
    const page = await openPage({ width: 390 })
    await signIn(page, name)
    await page.getByText('0x').first().waitFor()
    const header = page.getByRole('banner')
    expect(await header.evaluate((one) => one.clientHeight)).toBeLessThanOrEqual(112)
    const shown = header.getByTitle(name)
    expect(await shown.evaluate((one) => one.scrollWidth > one.clientWidth)).toBe(true)
    const outside = await header.evaluate((one) =>
      [...one.querySelectorAll('a, button, img, strong')].filter((part) => {
        const { left, right, top } = part.getBoundingClientRect()
        return left < 8 || right > innerWidth - 8 || top < 6
      }),
    )
    expect(outside).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
  })
})

describe('the first view', () => {
  const heading = (page: Page) => page.getByRole('main').getByRole('heading', { level: 2 }).first()

  it.each([0, 8])(
    'starts with the export, in columns of equal length, after %i uses',
    async (uses) => {
      const person = await makePerson()
      for (let use = 0; use < uses; use += 1) await person.post('/api/wallet/export')
      const page = await openPage()
      await signIn(page, person.name)
      await page.getByText('0x').first().waitFor()
      expect(await heading(page).textContent()).toBe('Export')
      const button = page.getByRole('button', { name: 'Export private key' })
      expect(await button.getAttribute('class')).toContain('button-strong')
      const ends = await page
        .locator('.columns > *')
        .evaluateAll((columns) =>
          columns.map((column) => column.lastElementChild?.getBoundingClientRect().bottom ?? 0),
        )
      expect(ends).toHaveLength(2)
      expect(Math.abs(Number(ends[0]) - Number(ends[1]))).toBeLessThan(200)
    },
  )

  it('says what Countersign is, and leads to the dashboard and the guide', async () => {
    const page = await openPage()
    await signIn(page, (await makePerson()).name)
    await page.getByText(/Countersign asks who you are before/).waitFor()
    const link = (name: string) => page.getByRole('link', { name, exact: true })
    expect(await link('dashboard').getAttribute('href')).toBe(`${serviceUrl}/console`)
    expect(await link('guide').getAttribute('href')).toBe(`${serviceUrl}/console/e/wallet/guide`)
    expect(await page.title()).toBe('Countersign wallet')
  })
})

describe('an exported key', () => {
  it('is shown and hidden by one button, and the log says that it was exported', async () => {
    const page = await openPage()
    await signIn(page, (await makePerson()).name)
    await page.getByRole('button', { name: 'Export private key' }).click()
    const key = page.getByText(/^0x[0-9a-f]{64}$/)
    const buttons = page.getByRole('button', { name: /^(Show|Hide|Export) private key$/ })
    const onlyButton = (name: string) =>
      expect.poll(() => buttons.allTextContents()).toEqual([`${name} private key`])
    await onlyButton('Show')
    await card(page, 'Activity').getByText('Key exported', { exact: true }).waitFor()
    expect(await card(page, 'Activity').getByText(/shown/).count()).toBe(0)
    await buttons.click()
    await key.waitFor()
    await onlyButton('Hide')
    await buttons.click()
    await onlyButton('Show')
    expect(await key.count()).toBe(0)
    await page.getByRole('button', { name: 'Done' }).click()
    await onlyButton('Export')
  })
})

it('says of a name that has a wallet that another one is not possible', async () => {
  const page = await openPage()
  const { name } = await makePerson()
  await signIn(page, name)
  await page.getByLabel('Friend’s name').fill(name)
  await page.getByRole('button', { name: 'Create wallet' }).click()
  const alert = page.getByRole('alert')
  await alert.getByText('This is not possible').waitFor()
  await alert.getByText('There is a wallet for this name already.').waitFor()
})

describe('the history', () => {
  it('is one row for a signature, with what was signed and how, and the details on demand', async () => {
    const { page, codes } = await openWithCodes()
    await page.getByRole('tab', { name: 'Transaction' }).click()
    await page.getByRole('button', { name: 'Sign transaction' }).click()
    await enterCode(page, codes())
    await page.getByText('your wallet signed this').waitFor()
    await goTo(page, 'History')
    const rows = page
      .getByRole('main')
      .getByRole('listitem')
      .filter({ has: page.locator('summary') })
    const signed = rows.filter({ hasText: 'Signed: 0.01 ETH to 0x0000…dEaD on Sepolia' })
    await signed.waitFor()
    await signed.getByText('with Authenticator app').waitFor()
    const texts = await rows.locator('summary').allInnerTexts()
    expect(texts.filter((text) => /confirm/i.test(text))).toEqual([])
    const soft = await rows.evaluateAll((all) =>
      all.filter((row) => row.matches('.event-soft')).map((row) => row.textContent),
    )
    expect(soft).toEqual([expect.stringContaining('Began to add an authenticator app')])

    expect(await signed.getByText('Hash of the details').isVisible()).toBe(false)
    await signed.locator('summary').click()
    await signed.getByText('Hash of the details').waitFor()
    await signed.getByText(/^Confirmed with an authenticator app/).waitFor()
    await signed.getByText(/^Confirmation used by API \S/).waitFor()
    await expectNothingFound(page)
  })
})

describe('a message on a phone', () => {
  const CONTROLS = 'a, button, summary, input, textarea, select'

  /** Copies something, and returns which controls the message covers that were in view before. */
  async function coveredBy(page: Page, copy: string): Promise<string[]> {
    const button = page.getByRole('button', { name: copy })
    await button.scrollIntoViewIfNeeded()
    await page.locator(CONTROLS).evaluateAll((controls) => {
      for (const control of controls) {
        const { top, bottom } = control.getBoundingClientRect()
        if (top >= 0 && bottom <= innerHeight) control.setAttribute('data-in-view', '')
      }
    })
    await button.click()
    const toast = page.locator('.toast')
    await toast.waitFor()
    await toast.evaluate((one) => Promise.all(one.getAnimations().map(({ finished }) => finished)))
    const { y = 0, height = 0 } = (await toast.boundingBox()) ?? {}
    expect(height).toBeGreaterThan(20)
    const inView = page.locator('[data-in-view]')
    expect(await inView.count()).toBeGreaterThan(3)
    return inView.evaluateAll(
      (controls, [start, end]) =>
        controls
          .filter((control) => {
            const { top, bottom } = control.getBoundingClientRect()
            return top < end && bottom > start
          })
          .map((control) => control.textContent || String(control.ariaLabel)),
      [y, y + height] as const,
    )
  }

  it.each([0, 120, 400])('covers no control on a page scrolled by %i px', async (scrolled) => {
    const page = await openPage({ width: 390 })
    await signIn(page, (await makePerson()).name)
    await page.getByText('0x').first().waitFor()
    await page.evaluate((to) => scrollTo(0, to), scrolled)
    expect(await coveredBy(page, 'Copy address')).toEqual([])
    await expectNothingFound(page)
  })

  it('covers no control at the end of the page', async () => {
    const page = await openPage({ width: 390 })
    await signIn(page, (await makePerson()).name)
    await goTo(page, 'History')
    await page.getByRole('button', { name: 'Verify the chain' }).click()
    await page.getByRole('button', { name: 'Copy last hash' }).waitFor()
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight))
    expect(await coveredBy(page, 'Copy last hash')).toEqual([])
  })
})
