// The editor of rules: actions have names for people, conditions are checked, completed and built while they are
// typed, and the review shows what becomes weaker.
import type { Locator, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { consoleTests, review } from './support/console.ts'

const service = consoleTests('rules')

const signedIn = (path: string, width = 1280) => service.openSignedIn({ path, width })

/** Adds an action to the draft, with what else its form takes. */
const addAction = async (page: Page, action: string, words: Record<string, string> = {}) => {
  await page.getByLabel('Action', { exact: true }).fill(action)
  await page.getByLabel('Scope', { exact: true }).fill(action.replace('.', ':'))
  for (const [label, text] of Object.entries(words)) await page.getByLabel(label).fill(text)
  await page.getByRole('button', { name: 'Continue to its rule' }).click()
  await page.getByRole('heading', { level: 1, name: words.Title ?? action }).waitFor()
}

const addCase = async (page: Page): Promise<Locator> => {
  const fields = page.getByRole('textbox', { name: 'When' })
  const index = await fields.count()
  await page.getByRole('button', { name: 'Add a stricter case' }).click()
  return fields.nth(index)
}

/** Whether two elements have the same color of text. */
const colorOf = (element: Locator) => element.evaluate((node) => getComputedStyle(node).color)
const colorNamed = (page: Page, name: string) =>
  page.evaluate((variable) => {
    const probe = document.createElement('i')
    probe.style.color = `var(--${variable})`
    document.body.append(probe)
    const { color } = getComputedStyle(probe)
    probe.remove()
    return color
  }, name)

describe('an action', () => {
  it('is called by its title everywhere, with its identifier beside it', async () => {
    const page = await signedIn('/e/rules/actions/new')
    await addAction(page, 'order.refund', { Title: 'Refund', Sentence: 'refund an order' })
    await page.getByText('order.refund', { exact: true }).waitFor()
    const dialog = await review(page)
    await dialog.getByText('Refund', { exact: true }).first().waitFor()
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText(/Saved as version/).waitFor()
    const { settings } = await service.operator().environment.get.query({ environment: 'rules' })
    expect(settings.actions?.find(({ action }) => action === 'order.refund')).toMatchObject({
      title: 'Refund',
      sentence: 'refund an order',
    })
    await page.getByRole('link', { name: 'Actions' }).first().click()
    await page.getByRole('heading', { level: 3, name: 'Refund' }).waitFor()
    await page.getByRole('link', { name: 'Edit Refund' }).click()
    await page.getByLabel('Title').fill('')
    await page.getByRole('heading', { level: 1, name: 'order.refund' }).waitFor()
  })

  it('that is built in says as placeholders what it is called without a title', async () => {
    const page = await signedIn('/e/rules/actions/wallet.waas.sign')
    const placeholder = (label: string) => page.getByLabel(label).getAttribute('placeholder')
    expect(await placeholder('Title')).toBe('Sign with a wallet')
    expect(await placeholder('Sentence')).toBe('sign with your wallet')
  })
})

describe('a review', () => {
  it('paints what becomes weaker red, and what does not green', async () => {
    const page = await signedIn('/e/rules/actions')
    await page.getByRole('switch', { name: 'Export a wallet’s key' }).click()
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByLabel('Relying party name').fill('Renamed')
    const dialog = await review(page)
    const change = (text: string) => dialog.getByRole('listitem').filter({ hasText: text })
    const weaker = change('Export a wallet’s key')
    await weaker.getByText('Weaker', { exact: true }).waitFor()
    const value = (of: Locator, name: string) => of.locator('dd', { hasText: name })
    expect(await colorOf(value(weaker, 'Nobody'))).toBe(await colorNamed(page, 'bad'))
    expect(await colorOf(weaker.locator('dd').first())).toBe(await colorNamed(page, 'ink'))
    const other = change('Relying party name')
    expect(await colorOf(value(other, 'Renamed'))).toBe(await colorNamed(page, 'good'))
  })

  it('shows a new action in one column, without a value from before', async () => {
    const page = await signedIn('/e/rules/actions/new')
    await addAction(page, 'payee.add', { Title: 'New payee' })
    const dialog = await review(page)
    await dialog.getByText('New', { exact: true }).waitFor()
    expect(await dialog.getByText('None', { exact: true }).count()).toBe(0)
    expect(await dialog.getByText('Before', { exact: true }).count()).toBe(0)
  })

  it.each([390, 1280])('keeps its buttons in view with thirty changes, at %i px', async (width) => {
    const page = await signedIn('/e/rules/settings', width)
    const changes = Array.from({ length: 30 }, (_, index) => ({
      path: `actions[action.n${index}].base.acr`,
      before: 'mfa',
      after: 'phr',
      weaker: false,
    }))
    const { version } = await service.operator().environment.get.query({ environment: 'rules' })
    await page.route('**/environment.preview*', (route) =>
      route.fulfill({ json: { result: { data: { version, changes } } } }),
    )
    await page.getByLabel('Relying party name').fill('Thirty')
    const dialog = await review(page)
    const isOnTop = (button: Locator) =>
      button.evaluate((node) => {
        const { x, y, width: w, height: h } = node.getBoundingClientRect()
        return node.contains(document.elementFromPoint(x + w / 2, y + h / 2))
      })
    const save = dialog.getByRole('button', { name: 'Save', exact: true })
    await dialog.getByText('30 changes against').waitFor()
    expect(await isOnTop(save)).toBe(true)
    await dialog.evaluate((node) => node.scrollTo(0, node.scrollHeight))
    expect(await isOnTop(save)).toBe(true)
  })
})

describe('a condition', () => {
  it('is checked while it is typed, and is right again as soon as it is', async () => {
    const page = await signedIn('/e/rules/actions/new')
    await addAction(page, 'order.check')
    const first = await addCase(page)
    await first.fill('details.amount > 1')
    const second = await addCase(page)
    await second.fill('detials.amount > 2')
    await page.getByText('at 1: detials is not known').waitFor()
    expect(await second.getAttribute('aria-invalid')).toBe('true')
    expect(await first.getAttribute('aria-invalid')).toBeNull()
    await second.fill('details.amount > 2')
    await page.getByText('at 1: detials is not known').waitFor({ state: 'detached' })
    expect(await second.getAttribute('aria-invalid')).toBeNull()
  })

  it('is said to be required only once its field was left', async () => {
    const page = await signedIn('/e/rules/actions/new')
    await addAction(page, 'order.empty')
    const when = await addCase(page)
    await expect.poll(() => when.evaluate((node) => node === document.activeElement)).toBe(true)
    expect(await page.getByText('Required.').count()).toBe(0)
    await page.keyboard.press('Tab')
    await page.getByText('Required.').waitFor()
    // The message does not push away the button by which the field is left.
    await when.focus()
    await page.getByRole('button', { name: 'Build a condition' }).click({ delay: 100 })
    await page.getByRole('group', { name: 'Build a condition' }).waitFor()
  })

  it('is completed with the keyboard', async () => {
    const page = await signedIn('/e/rules/actions/wallet.waas.sign')
    await page
      .getByLabel('Schema of the details')
      .fill('{ "type": "object", "properties": { "amount": { "type": "number" }, "asset": {} } }')
    const when = await addCase(page)
    await when.pressSequentially('!details.a')
    const names = page.getByRole('listbox', { name: 'Names' })
    await names.waitFor()
    expect(await names.getByRole('option').allInnerTexts()).toEqual([
      'details.amount',
      'details.asset',
    ])
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    const chosen = names.getByRole('option', { selected: true })
    expect(await when.getAttribute('aria-activedescendant')).toBe(await chosen.getAttribute('id'))
    await page.keyboard.press('Enter')
    expect(await when.inputValue()).toBe('!details.asset')
    await when.pressSequentially(' && sub')
    await names.waitFor()
    await page.keyboard.press('Escape')
    await names.waitFor({ state: 'detached' })
    expect(await when.inputValue()).toBe('!details.asset && sub')
  })

  it('is built from fields, with the names of the schema, beside what is there', async () => {
    const page = await signedIn('/e/rules/actions/wallet.waas.sign')
    await page
      .getByLabel('Schema of the details')
      .fill('{ "type": "object", "properties": { "total": { "type": "number" }, "to": {} } }')
    const when = await addCase(page)
    await when.fill('details.to == "a" || details.to == "b"')
    await page.getByRole('button', { name: 'Build a condition' }).click()
    const builder = page.getByRole('group', { name: 'Build a condition' })
    await builder.getByLabel('Kind').selectOption({ label: 'A number is over a limit' })
    expect(await builder.getByLabel('Number').locator('option').allInnerTexts()).toEqual(['total'])
    await builder.getByLabel('Over').fill('')
    await builder.getByText('Fill in every field.').waitFor()
    await builder.getByLabel('Over').fill('250')
    await builder.getByText('details.total > 250').waitFor()
    await builder.getByRole('button', { name: 'Use it' }).click()
    expect(await when.inputValue()).toBe(
      '(details.to == "a" || details.to == "b") && details.total > 250',
    )
    expect(await builder.count()).toBe(0)
  })
})

describe('a rule', () => {
  it('offers no method that its level rules out, and says why', async () => {
    const page = await signedIn('/e/rules/actions/wallet.waas.sign')
    const rule = page.getByRole('region', { name: 'Rule', exact: true })
    const codes = rule.getByRole('checkbox', { name: 'Authenticator app' })
    expect(await codes.isDisabled()).toBe(false)
    await rule.getByRole('radio', { name: 'Passkey alone' }).check()
    expect(await codes.isDisabled()).toBe(true)
    await rule.getByText('Below the assurance level').first().waitFor()
    await rule.getByRole('radio', { name: 'Authenticator code or better' }).check()
    expect(await codes.isChecked()).toBe(true)
  })

  it('says of a case whose methods are all below its level that it refuses everybody', async () => {
    const page = await signedIn('/e/rules/actions/wallet.waas.sign')
    await addCase(page)
    const one = page.getByRole('region', { name: 'Case 1' })
    await one.getByLabel('Assurance level').selectOption({ label: 'Same as the rule' })
    await one.getByRole('checkbox', { name: 'Authenticator app' }).check()
    await one.getByLabel('Assurance level').selectOption({ label: 'Passkey alone' })
    await one.getByText('it refuses everybody').waitFor()
    await one.getByRole('checkbox', { name: 'Passkey' }).check()
    expect(await one.getByText('it refuses everybody').count()).toBe(0)
  })

  it('takes a schema from an example of details', async () => {
    const page = await signedIn('/e/rules/actions/wallet.waas.sign')
    await page.getByRole('button', { name: 'From an example' }).click()
    const example = page.getByLabel('An example of the details')
    await example.fill('25')
    await page.getByRole('button', { name: 'Make the schema' }).click()
    await page.getByText('Paste one JSON object').waitFor()
    await example.fill('{ "amount": 25 }')
    await page.getByRole('button', { name: 'Make the schema' }).click()
    const schema = await page.getByLabel('Schema of the details').inputValue()
    expect(JSON.parse(schema)).toMatchObject({ required: ['amount'], additionalProperties: false })
  })
})
