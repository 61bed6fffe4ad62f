// The reference of the HTTP API in a real browser: axe finds no fault, nothing comes from elsewhere, and the language
// of the lines is chosen with the keyboard.
import { expect, it } from 'vitest'
import { expectNothingFound } from './support/axe.ts'
import { browserTests, serviceUrl } from './support/page.ts'

const openPage = browserTests()

it.each([
  { theme: 'light', width: 1280 },
  { theme: 'dark', width: 390 },
] as const)(
  'the reference has nothing that axe finds and loads nothing from elsewhere, $theme at $width px',
  async (opening) => {
    const page = await openPage(opening, '')
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await page.goto(`${serviceUrl}/reference`)
    await page.getByRole('heading', { level: 1, name: 'HTTP API' }).waitFor()
    await expectNothingFound(page)
    expect(asked).toContain(`${serviceUrl}/reference.js`)
    expect(
      asked.filter((address) => !/^data:/.test(address) && !address.startsWith(serviceUrl)),
    ).toEqual([])

    const lines = page.getByRole('article', { name: 'Authorize an action' })
    await lines.getByRole('button', { name: 'Copy curl: Authorize an action' }).waitFor()
    await page.getByRole('radio', { name: 'curl' }).focus()
    await page.keyboard.press('ArrowRight')
    const written = lines.getByRole('group', { name: 'TypeScript: Authorize an action' })
    await written.waitFor()
    expect(await written.innerText()).toContain(`url: '${serviceUrl}'`)
    expect(await lines.getByRole('group', { name: 'curl' }).count()).toBe(0)

    const document = await page.evaluate(() => fetch('/openapi.json').then((one) => one.json()))
    expect(document.openapi).toBe('3.1.0')
  },
)
