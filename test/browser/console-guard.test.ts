// The dashboard guards itself: operators enroll a factor, and confirm every change with it.
import { Secret, TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import { awayFromStepEnd } from '../support/steps.ts'
import { ownConsoleTests, review, signInWith } from './support/console.ts'
import { enterCode } from './support/page.ts'

const service = ownConsoleTests()

const makeKey = async (page: Page, label: string) => {
  await page.goto(`${service.url}/console/e/demo/keys`)
  await page.getByLabel('Label').fill(label)
  await page.getByRole('button', { name: 'Make a resource key' }).click()
}
const named = async (name: string): Promise<string> =>
  (await service.operator().operator.create.mutate({ name })).key

// Once an operator has a factor, no other can be named without one.
let dayShift = ''
beforeAll(async () => {
  dayShift = await named('day shift')
})

it('asks for a passkey or a code once an operator has one, and says what for', async () => {
  const [early, late] = [await named('early shift'), await named('late shift')]
  const page = await service.open({ path: '/account' })
  await signInWith(page, early)
  await page.goto(`${service.url}/console/`)
  await page.getByText('Protect Countersign itself').waitFor()
  await page.getByRole('link', { name: 'Set it up' }).click()
  await page.getByRole('button', { name: 'Add passkey' }).click()
  await page.getByRole('button', { name: 'I have saved them' }).click()
  await page.getByText('Changes ask for a step-up').waitFor()

  await makeKey(page, 'by passkey')
  const dialog = page.getByRole('dialog')
  await dialog.getByText(/You are about to make a resource key for/).waitFor()
  await dialog.getByRole('button', { name: 'Continue with passkey' }).click()
  await page.getByText(/^csk_res_/).waitFor()

  // Turning back changes nothing, and what was typed stays.
  await makeKey(page, 'never made')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await dialog.waitFor({ state: 'detached' })
  expect(await page.getByLabel('Label').inputValue()).toBe('never made')

  // An operator without a factor is led to one by the very change.
  const other = await service.open()
  await signInWith(other, late)
  await other.getByText('Set up a factor of your own').waitFor()
  await other.getByRole('link', { name: 'Set it up' }).click()
  await other.getByRole('button', { name: 'Add authenticator app' }).click()
  const secret = (await other.locator('.countersign-secret code').innerText()).replaceAll(' ', '')
  const totp = new TOTP({ secret: Secret.fromBase32(secret) })
  const code = (steps: number) => totp.generate({ timestamp: Date.now() + steps * 30_000 })
  // The code of the last step must still be good when it arrives.
  await awayFromStepEnd(10_000)
  await other.getByLabel('Code from the app').fill(code(-1))
  await other.getByRole('button', { name: 'Continue' }).click()
  await other.getByRole('button', { name: 'I have saved them' }).click()
  await makeKey(other, 'by code')
  await other
    .getByRole('dialog')
    .getByText(/You are about to make/)
    .waitFor()
  await enterCode(other, code(0))
  await other.getByText(/^csk_res_/).waitFor()
})

it('says in words what a change weakens, and folds away what is for programs', async () => {
  const page = await service.open({ path: '/account' })
  await signInWith(page, dayShift)
  await page.getByRole('button', { name: 'Add passkey' }).click()
  await page.getByRole('button', { name: 'I have saved them' }).click()
  await page.getByRole('link', { name: 'Actions' }).click()
  await page.getByRole('switch', { name: 'Export a wallet’s key' }).click()
  await page.getByRole('switch', { name: 'Change the profile' }).click()
  const save = (await review(page)).getByRole('button', { name: 'Save, weaker parts too' })
  await save.click()
  const dialog = page.getByRole('dialog', { name: 'Confirm it’s you' })
  await dialog
    .getByText(
      /You are about to weaken .*: Who is asked from “Users who have enrolled” to “Nobody” in demo, and make 1 more change, 1 of them weaker/,
    )
    .waitFor()
  expect(await dialog.getByText('environment.update').isVisible()).toBe(false)
  await dialog.getByText('Technical details').click()
  await dialog.getByText('environment.update').waitFor()
  await dialog.getByRole('button', { name: 'Continue with passkey' }).click()
  await page.getByText(/Saved as version/).waitFor()

  await page.getByRole('link', { name: 'Operators' }).click()
  await page.getByLabel('Name').fill('Ada')
  await page.getByRole('button', { name: 'Add operator' }).click()
  await dialog.getByText('You are about to add operator Ada.').waitFor()
})
