// Managing factors on the wallet's page. The dashboard uses the same parts, from ui/factors.
import { expect, it } from 'vitest'
import { browserTests, enrollPasskey, makePerson, signIn } from './support/page.ts'

const openPage = browserTests()

it('renames and removes a factor in place, and the focus comes back to the button', async () => {
  const page = await openPage()
  await signIn(page, (await makePerson()).name)
  await enrollPasskey(page)
  await page.getByRole('link', { name: 'Security' }).click()
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const isFocused = (name: string) =>
    button(name).evaluate((element) => element === document.activeElement)

  await button('Rename Passkey').press('Enter')
  await page.keyboard.type('Laptop')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 3, name: 'Laptop' }).waitFor()
  await page.getByRole('status', { name: 'Messages' }).getByText('Renamed.').waitFor()
  await expect.poll(() => isFocused('Rename Laptop')).toBe(true)

  await button('Remove Laptop').press('Enter')
  await expect.poll(() => isFocused('Remove last method')).toBe(true)
  await button('Keep it').press('Enter')
  await expect.poll(() => isFocused('Remove Laptop')).toBe(true)

  await button('Remove Laptop').press('Enter')
  await button('Remove last method').press('Enter')
  await page.getByRole('dialog').getByRole('button', { name: 'Continue with passkey' }).click()
  await page.getByText('None yet').waitFor()
  await page.getByText('Laptop was removed.').waitFor()
})
