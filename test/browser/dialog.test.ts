// The dialog in a real browser: with only the keyboard, cancelled, with wrong and used codes, without a network,
// and when another user signs in.
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import {
  browserTests,
  dialogOf,
  enrollFirstTotp,
  enrollPasskey,
  enrollTotp,
  enterCode,
  makePerson,
  signIn,
  walletUrl,
  wrongCode,
} from './support/page.ts'

const openPage = browserTests()

const exportButton = (page: Page) => page.getByRole('button', { name: 'Export private key' })
const exported = (page: Page) => page.getByText('this key matches your wallet address').waitFor()
const focused = (page: Page) =>
  page.evaluate(() => document.activeElement?.textContent || document.activeElement?.tagName)

/** How often the page asked the wallet to export, and whether each time with a token. */
function watchExports(page: Page): boolean[] {
  const sent: boolean[] = []
  page.on('request', (request) => {
    if (request.url() === `${walletUrl}/api/wallet/export`) {
      sent.push('countersign-token' in request.headers())
    }
  })
  return sent
}

/** A signed-in page of somebody with an authenticator app. */
async function openWithCodes() {
  const page = await openPage()
  const person = await makePerson()
  const { codes, recoveryCodes } = await enrollFirstTotp(person)
  await signIn(page, person.name)
  return { page, person, codes, recoveryCodes, sent: watchExports(page) }
}

it('is used by keyboard alone: the focus stays inside and comes back', async () => {
  const { page, codes } = await openWithCodes()
  await exportButton(page).focus()
  await page.keyboard.press('Enter')
  const field = dialogOf(page).getByLabel('Authentication code')
  await field.waitFor()
  expect(await field.evaluate((element) => element === document.activeElement)).toBe(true)
  for (let step = 0; step < 8; step += 1) {
    await page.keyboard.press('Tab')
    // Behind the dialog nothing takes the focus; the browser's own controls may, between two rounds.
    const inside = await page.evaluate(
      () =>
        document.activeElement === document.body ||
        document.querySelector('dialog')?.contains(document.activeElement),
    )
    expect(inside).toBe(true)
  }
  await field.focus()
  await page.keyboard.type(codes())
  await page.keyboard.press('Enter')
  await exported(page)
  expect(await dialogOf(page).count()).toBe(0)
  expect(await focused(page)).toContain('private key')
})

it('is named, and says what is about to happen', async () => {
  const { page } = await openWithCodes()
  await exportButton(page).click()
  const dialog = page.getByRole('dialog', { name: 'Confirm it’s you' })
  await dialog.getByText('export your wallet’s private key').waitFor()
  const field = dialog.getByLabel('Authentication code')
  expect(await field.getAttribute('autocomplete')).toBe('one-time-code')
  expect(await field.getAttribute('inputmode')).toBe('numeric')
})

it.each(['Escape', 'Cancel'])('runs nothing when the user cancels by %s', async (way) => {
  const { page, sent } = await openWithCodes()
  await exportButton(page).click()
  await dialogOf(page).getByLabel('Authentication code').waitFor()
  if (way === 'Escape') await page.keyboard.press('Escape')
  else await dialogOf(page).getByRole('button', { name: 'Cancel' }).click()
  await dialogOf(page).waitFor({ state: 'detached' })
  expect(await focused(page)).toContain('Export private key')
  expect(sent).toEqual([])
})

it('takes the right code after a wrong one', async () => {
  const { page, codes, sent } = await openWithCodes()
  await exportButton(page).click()
  await enterCode(page, wrongCode(codes))
  await dialogOf(page).getByRole('alert').getByText('That code is not right.').waitFor()
  expect(sent).toEqual([])
  await enterCode(page, codes())
  await exported(page)
  expect(sent).toEqual([true])
})

it('says how long to wait with the last wrong code, and speaks of no attempts', async () => {
  const { page, codes, sent } = await openWithCodes()
  const dialog = dialogOf(page)
  await exportButton(page).click()
  for (const left of ['4 attempts', '3 attempts', '2 attempts', '1 attempt']) {
    await enterCode(page, wrongCode(codes))
    await dialog.getByText(`${left} left.`).waitFor()
  }
  await enterCode(page, wrongCode(codes))
  await dialog.locator('.countersign-waiting').waitFor()
  expect(await dialog.locator('.countersign-waiting').innerText()).toMatch(
    /^Too many attempts\. Try again in (30|2\d) s\.$/,
  )
  expect(await dialog.innerText()).not.toContain('left')
  const verify = dialog.getByRole('button', { name: 'Verify' })
  expect(await verify.getAttribute('aria-disabled')).toBe('true')
  expect(sent).toEqual([])
})

it('lets a user who lost their phone add a passkey with a recovery code, and go on', async () => {
  const { page, recoveryCodes, sent } = await openWithCodes()
  await exportButton(page).click()
  const dialog = dialogOf(page)
  await dialog.getByRole('button', { name: 'I can’t use this' }).click()
  await dialog.getByText(/Ask an operator/).waitFor()
  const recover = dialog.getByRole('button', { name: 'Use a recovery code to add a new factor' })
  expect(await recover.innerText()).toContain('10 codes left')
  await recover.click()
  await dialog.getByLabel('Recovery code').fill(recoveryCodes[0] ?? '')
  await dialog.getByRole('button', { name: 'Verify' }).click()
  await dialog.getByRole('button', { name: 'Passkey' }).click()
  await dialog.getByRole('button', { name: 'Create passkey' }).click()
  expect(sent).toEqual([])
  await byPasskey(page)
  await exported(page)
  expect(sent).toEqual([true])
})

it('takes a code with a space in it, as it is pasted', async () => {
  const { page, codes } = await openWithCodes()
  await exportButton(page).click()
  await enterCode(page, codes().replace(/(...)/, '$1 '))
  await exported(page)
})

it('does not take a code twice', async () => {
  const { page, codes, sent } = await openWithCodes()
  const code = codes()
  await exportButton(page).click()
  await enterCode(page, code)
  await exported(page)
  await page.getByRole('button', { name: 'Done' }).click()
  await exportButton(page).click()
  await enterCode(page, code)
  await dialogOf(page)
    .getByText(/used.*next one/i)
    .first()
    .waitFor()
  expect(sent).toEqual([true])
})

it('lets nothing happen when the network is cut between the check and the action', async () => {
  const { page, codes, sent } = await openWithCodes()
  await exportButton(page).click()
  await dialogOf(page).getByLabel('Authentication code').waitFor()
  await page.context().setOffline(true)
  await enterCode(page, codes())
  await dialogOf(page).getByText('The verification service can’t be reached').waitFor()
  expect(sent).toEqual([])
  await page.context().setOffline(false)
  await enterCode(page, codes())
  await exported(page)
  expect(sent).toEqual([true])
})

it('loses a single-use token with the request that was cut off, and asks again', async () => {
  const { page } = await openWithPasskey()
  const sent = watchExports(page)
  await page.route('**/api/wallet/export', (route) => route.abort(), { times: 1 })
  await exportButton(page).click()
  await byPasskey(page)
  await page.getByRole('alert').first().waitFor()
  await page.getByRole('button', { name: 'Try again' }).click()
  await byPasskey(page)
  await exported(page)
  expect(sent).toEqual([true, true])
})

it('offers another method, the default one first', async () => {
  const { page, codes } = await openWithCodes()
  await page.getByRole('link', { name: 'Security' }).click()
  await page.getByRole('button', { name: 'Add passkey' }).click()
  await enterCode(page, codes())
  await page.getByText('The passkey was added.').waitFor()
  await page.getByRole('link', { name: 'Wallet' }).click()
  await exportButton(page).click()
  await dialogOf(page).getByLabel('Authentication code').waitFor()
  await dialogOf(page).getByRole('button', { name: 'Use another method' }).click()
  await byPasskey(page)
  await exported(page)
})

it('sends no token of one user after another signed in', async () => {
  const { page, codes } = await openWithCodes()
  const tokens: string[] = []
  page.on('request', (request) => {
    const token = request.headers()['countersign-token']
    if (token) tokens.push(token)
  })
  // The export is stopped before it leaves, so that its token could still be about.
  await page.route('**/api/wallet/export', (route) => route.abort(), { times: 1 })
  await exportButton(page).click()
  await enterCode(page, codes())
  await page.getByRole('alert').first().waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  const other = await makePerson()
  const others = await enrollTotp(other)
  await signIn(page, other.name)
  await exportButton(page).click()
  await enterCode(page, others())
  await exported(page)
  const subjects = tokens.map(
    (token) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sub,
  )
  expect(subjects).toHaveLength(2)
  expect(new Set(subjects).size).toBe(2)
})

async function openWithPasskey() {
  const page = await openPage()
  const person = await makePerson()
  await signIn(page, person.name)
  await enrollPasskey(page)
  return { page, person }
}

const byPasskey = (page: Page) =>
  dialogOf(page).getByRole('button', { name: 'Continue with passkey' }).click()
