// Editing rules in the dashboard: mistakes are shown where they are, changes are described in words, and no typed
// text is lost.
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { consoleTests, review } from './support/console.ts'

const service = consoleTests('editing')

const signedIn = (path: string) => service.openSignedIn({ path })

const addAction = async (page: Page, action: string, scope: string) => {
  await page.getByLabel('Action', { exact: true }).fill(action)
  await page.getByLabel('Scope', { exact: true }).fill(scope)
  await page.getByRole('button', { name: 'Continue to its rule' }).click()
  await page.getByRole('heading', { level: 1, name: action }).waitFor()
}

it('shows a mistake in a condition at its field, from whatever page it was sent', async () => {
  const page = await signedIn('/e/editing/actions/new')
  await addAction(page, 'order.refund', 'orders:refund')
  await page.getByRole('button', { name: 'Add a stricter case' }).click()
  const when = page.getByLabel('When')
  await when.fill('details.amount > 1 || detials.amount > 2')
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('button', { name: 'Review and save' }).click()
  await page.getByRole('button', { name: 'Show the condition' }).click()
  await page.getByText('at 23: detials is not known').waitFor()
  await expect.poll(() => when.evaluate((field) => field === document.activeElement)).toBe(true)
  expect(await when.getAttribute('aria-invalid')).toBe('true')

  await when.fill('details.amount > 1 || details.fee > 2')
  await expect.poll(() => page.getByText('at 23:').count()).toBe(0)
})

it('leads to the field that keeps settings from being saved, on whatever page it is', async () => {
  const page = await signedIn('/e/editing/settings')
  await page.getByLabel('Keep history').fill('many')
  await page.getByRole('link', { name: 'Actions' }).first().click()
  await page.getByText('1 error to fix').waitFor()
  await page.getByRole('button', { name: 'Show error' }).click()
  const field = page.getByLabel('Keep history')
  await expect.poll(() => field.evaluate((one) => one === document.activeElement)).toBe(true)
})

it('says a new action in words before it is saved, and keeps what was tried after', async () => {
  const page = await signedIn('/e/editing/actions/new')
  await addAction(page, 'payout.send', 'payouts:send')
  await page.getByLabel('Required').check()
  await page.getByRole('button', { name: 'Add a stricter case' }).click()
  await page.getByLabel('When').fill('details.amount > 1000')
  const panel = page.getByRole('complementary', { name: 'Try it' })
  await panel.getByLabel('Details').fill('{ "amount": 1500 }')
  await panel.getByRole('button', { name: 'Try it' }).click()
  await panel.getByText('How it came about').waitFor()
  await page.getByLabel('Every user').check()
  await panel.getByText('The rule or the call was changed since.').waitFor()

  const dialog = await review(page)
  const said = await dialog.getByRole('definition').allInnerTexts()
  expect(said.map((text) => text.replace(/\s+/g, ' '))).toEqual(
    expect.arrayContaining([
      'Who is asked Every user',
      'Lifetime 10 minutes',
      'Stricter when details.amount > 1000 Assurance level: Passkey alone',
    ]),
  )
  await dialog.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText(/Saved as version/).waitFor()
  expect(await panel.getByLabel('Details').inputValue()).toBe('{ "amount": 1500 }')
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('H1')
})

it('requires that tokens are bound to a key', async () => {
  const { settings } = await service.operator().environment.get.query({ environment: 'editing' })
  await service.operator().environment.create.mutate({ environment: 'bound', settings })
  const page = await signedIn('/e/bound/settings#binding')
  const choice = page.getByRole('group', { name: 'Every token must be bound' })
  expect(await choice.getByLabel('Off').isChecked()).toBe(true)
  await choice.getByLabel('On', { exact: true }).check()
  const dialog = await review(page)
  await dialog.getByText('Tokens bound to the page’s key (DPoP)').first().waitFor()
  await dialog.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText(/Saved as version/).waitFor()
  const saved = await service.operator().environment.get.query({ environment: 'bound' })
  expect(saved.settings.senderConstrained).toBe('dpop')
})

it('says so when signing out was not heard, and does not pretend', async () => {
  const page = await signedIn('/')
  await page.route('**/console/session', (route) => route.abort())
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('alert').getByText('You are still signed in').waitFor()
  await page.unroute('**/console/session')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Operator key').waitFor()
})

it('shows the same place of another environment, and leaves the focus with who chose it', async () => {
  const { settings } = await service.operator().environment.get.query({ environment: 'editing' })
  await service.operator().environment.create.mutate({ environment: 'second', settings })
  const page = await signedIn('/e/editing/keys')
  const environments = page.getByLabel('Environment', { exact: true }).and(page.locator('select'))
  await environments.focus()
  await environments.selectOption('second')
  await page.waitForURL('**/e/second/keys')
  await page.getByText('/second/.well-known/jwks.json').waitFor()
  expect(await environments.evaluate((field) => field === document.activeElement)).toBe(true)
})
