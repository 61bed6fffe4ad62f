// axe finds no fault in the dashboard, on every page, in both themes, from a phone to a wide screen. Everything
// can be done with only the keyboard.
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { expectNothingFoundAt } from './support/axe.ts'
import { consoleTests, guardedCall, review, signInWith } from './support/console.ts'

const service = consoleTests('accessible')

const PAGES = {
  '/': 'Environments',
  '/new': 'Create environment',
  '/e/accessible': 'Overview',
  '/e/accessible/actions': 'Actions',
  '/e/accessible/actions/wallet.waas.sign': 'Sign with a wallet',
  '/e/accessible/actions/new': 'Add an action',
  '/e/accessible/users?user=user-1': 'Users',
  '/e/accessible/history': 'History',
  '/e/accessible/keys': 'Keys',
  '/e/accessible/settings': 'Settings',
  '/e/accessible/guide': 'Guide',
  '/operators': 'Operators',
  '/operators/history': 'Audit log',
  '/account': 'My account',
}

/** Goes to another page as a link does, without loading the application again. */
const follow = (page: Page, path: string) =>
  page.evaluate((to) => history.pushState(null, '', to), path)

it('has nothing that axe finds on any page, in both themes, from a phone to a wide screen', async () => {
  const widths = [1440, 768, 390]
  const page = await service.open()
  await page.getByLabel('Operator key').waitFor()
  await expectNothingFoundAt(page, widths)
  await signInWith(page, service.key)
  for (const [path, name] of Object.entries(PAGES)) {
    await follow(page, `/console${path}`)
    await page.getByRole('heading', { level: 1, name }).waitFor()
    await expect
      .poll(() => page.getByRole('status', { name: /^Loading/ }).count(), { timeout: 15_000 })
      .toBe(0)
    await expectNothingFoundAt(page, widths)
  }
}, 180_000)

/** What a page shows only after something was done on it. */
const STATES: Record<string, readonly [path: string, reach: (page: Page) => Promise<unknown>]> = {
  'a template that is chosen': [
    '/new',
    (page) => page.getByRole('radio', { name: 'Payments' }).check(),
  ],
  'a login that is chosen, and a token that is not a JWT': [
    '/new',
    async (page) => {
      await page.getByRole('radio', { name: 'Auth0' }).check()
      await page.getByLabel('Domain', { exact: true }).fill('shop.eu.auth0.com')
      await page.getByLabel('API identifier').fill('https://api.shop.example')
      await page.getByLabel('A session token of your application').fill('opaque')
      await page.getByText('The token would be refused').waitFor()
    },
  ],
  'required claims, and a time of sign-in in a list': [
    '/e/accessible/settings',
    async (page) => {
      await page.getByRole('button', { name: 'Add a required claim' }).click()
      await page.getByLabel('Where the time of sign-in is').selectOption('newest')
      await page.getByLabel('Time of an entry').waitFor()
    },
  ],
  'a guide with progress': [
    '/e/accessible/guide',
    (page) => page.getByText('Done', { exact: true }).first().waitFor(),
  ],
  'a condition that is wrong, while another is built': [
    '/e/accessible/actions/wallet.waas.sign',
    async (page) => {
      await page.getByRole('button', { name: 'Add a stricter case' }).click()
      await page.getByLabel('When').fill('detials.amount > 1')
      await page.getByText('detials is not known').waitFor()
      await page.getByRole('button', { name: 'Build a condition' }).click()
      await page.getByLabel('Kind').waitFor()
    },
  ],
  'names that complete a condition': [
    '/e/accessible/actions/wallet.waas.export',
    async (page) => {
      await page.getByRole('button', { name: 'Add a stricter case' }).click()
      await page.getByLabel('When').pressSequentially('subject.')
      await page.getByRole('listbox').waitFor()
      await page.keyboard.press('ArrowDown')
    },
  ],
  'a schema from an example': [
    '/e/accessible/actions/user.update',
    async (page) => {
      await page.getByRole('button', { name: 'From an example' }).click()
      await page.getByRole('button', { name: 'Make the schema' }).click()
    },
  ],
  'a review of something weaker and something new': [
    '/e/accessible/actions/new',
    async (page) => {
      await page.getByLabel('Action', { exact: true }).fill('order.refund')
      await page.getByLabel('Title').fill('Refund')
      await page.getByRole('button', { name: 'Continue to its rule' }).click()
      await page.getByRole('link', { name: 'Actions' }).last().click()
      await page.getByRole('switch', { name: 'Change the profile' }).click()
      await (await review(page)).getByText('New', { exact: true }).waitFor()
    },
  ],
  'a later section of the settings': [
    '/e/accessible/settings#methods',
    (page) => page.getByRole('link', { name: 'Methods' }).click(),
  ],
  'a user of whom nothing is known': [
    '/e/accessible/users?user=unheard-of',
    (page) => page.getByText('Nothing is known').waitFor(),
  ],
  'a history with an opened row': [
    '/e/accessible/users?user=accessible',
    async (page) => {
      const row = page.locator('summary', { hasText: 'Sign with a wallet' })
      await row.click()
      await page.getByText('step_up.passed', { exact: true }).waitFor()
    },
  ],
  'a reason that is asked for': [
    '/e/accessible/users?user=accessible',
    (page) => page.getByRole('button', { name: 'Forgive failed attempts' }).click(),
  ],
  'an environment that is not there': [
    '/e/nowhere/keys',
    (page) => page.getByText('There is no such environment').waitFor(),
  ],
  'changes that are kept': [
    '/e/accessible/settings',
    async (page) => {
      await page.getByLabel('Relying party name').fill('Half typed')
      await follow(page, '/console/e/accessible/keys')
      await page.getByText('has unsaved changes').waitFor()
    },
  ],
}

describe('a state', () => {
  beforeAll(() => guardedCall(service, 'accessible'))

  it.each(Object.entries(STATES))('has nothing that axe finds: %s', async (_, [path, reach]) => {
    const page = await service.openSignedIn({ path })
    await reach(page)
    await expectNothingFoundAt(page, [1280, 390])
  })
})

it('changes a rule with the keyboard alone', async () => {
  const page = await service.open({ path: '/e/accessible/actions' })
  const { keyboard } = page
  await page.getByLabel('Operator key').focus()
  await keyboard.type(service.key)
  await keyboard.press('Enter')
  const heading = page.getByRole('heading', { level: 1, name: 'Actions' })
  await heading.waitFor()
  const isAt = (name: string) =>
    page.evaluate((wanted) => document.activeElement?.matches(':focus-visible') && wanted, name)
  const goTo = async (target: ReturnType<typeof page.getByRole>) => {
    for (let presses = 0; presses < 60; presses += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return
      await keyboard.press('Tab')
    }
    throw new Error('it cannot be reached')
  }
  await goTo(page.getByRole('switch', { name: 'Sign with a wallet' }))
  expect(await isAt('switch')).toBe('switch')
  await keyboard.press('Space')
  await goTo(page.getByRole('button', { name: 'Review and save' }))
  await keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Review and save' })
  await dialog.getByText('Before').first().waitFor()
  await keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await goTo(page.getByRole('button', { name: 'Review and save' }))
})
