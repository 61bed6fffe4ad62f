// axe finds no fault in the dashboard, on every page, in both themes, from a phone to a wide screen. Everything
// can be done with only the keyboard.
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { expectNothingFound } from './support/axe.ts'
import { consoleTests, signInWith } from './support/console.ts'

const service = consoleTests()

const PAGES = {
  '/': 'Environments',
  '/new': 'Create environment',
  '/e/demo': 'Overview',
  '/e/demo/actions': 'Actions',
  '/e/demo/actions/wallet.waas.sign': 'Sign with a wallet',
  '/e/demo/actions/new': 'Add an action',
  '/e/demo/users?user=user-1': 'Users',
  '/e/demo/history': 'History',
  '/e/demo/keys': 'Keys',
  '/e/demo/settings': 'Settings',
  '/e/demo/guide': 'Guide',
  '/operators': 'Operators',
  '/operators/history': 'Audit log',
  '/account': 'My account',
}

/** Goes to another page as a link does, without loading the application again. */
const follow = (page: Page, path: string) =>
  page.evaluate((to) => history.pushState(null, '', to), path)

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  it.each([1440, 768, 390])('has nothing that axe finds at %i px', async (width) => {
    const page = await service.open({ theme, width })
    await page.getByLabel('Operator key').waitFor()
    await expectNothingFound(page)
    await signInWith(page, service.key)
    for (const [path, name] of Object.entries(PAGES)) {
      await follow(page, `/console${path}`)
      await page.getByRole('heading', { level: 1, name }).waitFor()
      await expect
        .poll(() => page.getByRole('status', { name: /^Loading/ }).count(), { timeout: 15_000 })
        .toBe(0)
      await expectNothingFound(page)
    }
  })
})

it('changes a rule with the keyboard alone', async () => {
  const page = await service.open({ path: '/e/demo/actions' })
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
