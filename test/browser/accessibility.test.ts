// axe finds no fault in the wallet and in the dialog, in both themes, on a wide screen and on a phone.
import { it } from 'vitest'
import { expectNothingFoundAt } from './support/axe.ts'
import {
  browserTests,
  dialogOf,
  enrollTotp,
  makePerson,
  signIn,
  wrongCode,
} from './support/page.ts'

const openPage = browserTests()
it.each([1280, 390])('has nothing that axe finds in either theme, at %i px', async (width) => {
  const page = await openPage({ width })
  await expectNothingFoundAt(page, [width])
  const person = await makePerson()
  const codes = await enrollTotp(person)
  await signIn(page, person.name)
  await page.getByText('0x').first().waitFor()
  await expectNothingFoundAt(page, [width])
  for (const view of ['Security', 'History', 'Wallet']) {
    await page.getByRole('link', { name: view }).click()
    await page.getByRole('heading', { level: 1, name: view }).waitFor()
    await expectNothingFoundAt(page, [width])
  }
  await page.getByRole('tab', { name: 'Transaction' }).click()
  await expectNothingFoundAt(page, [width])
  await page.getByRole('button', { name: 'Sign transaction' }).click()
  await dialogOf(page).getByLabel('Authentication code').waitFor()
  await expectNothingFoundAt(page, [width])
  await dialogOf(page).getByLabel('Authentication code').fill(wrongCode(codes))
  await dialogOf(page).getByRole('button', { name: 'Verify' }).click()
  await dialogOf(page).getByRole('alert').first().waitFor()
  await expectNothingFoundAt(page, [width])
})
