// What axe finds in the wallet and in the dialog: nothing, in both themes, on a wide screen and a phone.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type axe from 'axe-core'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  browserTests,
  dialogOf,
  enrollTotp,
  makePerson,
  signIn,
  wrongCode,
} from './support/page.ts'

const openPage = browserTests()
const script = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

async function expectNothingFound(page: Page): Promise<void> {
  await page.evaluate(script)
  const found = await page.evaluate(async (values) => {
    const { axe: engine } = globalThis as unknown as { axe: typeof axe }
    const { violations } = await engine.run({ runOnly: { type: 'tag', values } })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  }, STANDARDS)
  expect(found).toEqual([])
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  expect(overflow).toBeLessThanOrEqual(0)
}

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  it.each([1280, 390])('has nothing that axe finds at %i px', async (width) => {
    const page = await openPage({ theme, width })
    await expectNothingFound(page)
    const person = await makePerson()
    const codes = await enrollTotp(person)
    await signIn(page, person.name)
    await page.getByText('0x').first().waitFor()
    await expectNothingFound(page)
    for (const view of ['Security', 'History', 'Wallet']) {
      await page.getByRole('link', { name: view }).click()
      await page.getByRole('heading', { level: 1, name: view }).waitFor()
      await expectNothingFound(page)
    }
    await page.getByRole('tab', { name: 'Transaction' }).click()
    await expectNothingFound(page)
    await page.getByRole('button', { name: 'Sign transaction' }).click()
    await dialogOf(page).getByLabel('Authentication code').waitFor()
    await expectNothingFound(page)
    await dialogOf(page).getByLabel('Authentication code').fill(wrongCode(codes))
    await dialogOf(page).getByRole('button', { name: 'Verify' }).click()
    await dialogOf(page).getByRole('alert').first().waitFor()
    await expectNothingFound(page)
  })
})
