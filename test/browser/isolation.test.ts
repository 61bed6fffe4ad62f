// The dialog looks the same in a page whose own styles apply to every element.
import { Secret, TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import {
  browserTests,
  dialogOf,
  enrollTotp,
  makePerson,
  signIn,
  walletUrl,
} from './support/page.ts'

const openPage = browserTests()

/** What a page may say of its own elements, down to all of them, and of the dialog's without meaning to. */
const HOSTILE = `
  body { font: italic 900 30px/3 serif; letter-spacing: 0.2em; word-spacing: 9px; text-transform: uppercase;
    text-align: center; text-indent: 2em; white-space: pre; text-shadow: 2px 2px red; cursor: help;
    color: red; visibility: visible; list-style: square inside; font-variant: small-caps }
  *, *::before, *::after { box-sizing: content-box; margin: 3px; padding: 7px; border: 2px dashed red;
    background: pink; color: red; letter-spacing: 0.3em; line-height: 3; font-family: serif;
    border-radius: 0; text-transform: uppercase; box-shadow: 0 0 9px red; opacity: 0.9; float: left }
  code { display: block; padding: 9px; background: black; color: white; letter-spacing: 0.5em; font-size: 30px }
  code::before, code::after, p::before, button::after, h2::before { content: "x"; display: block }
  p::first-letter { font-size: 3em }
  button { appearance: none; min-width: 300px; font: 30px serif; background: red; transform: rotate(3deg) }
  button:hover, button:focus { background: green; outline: none }
  html body input, html body select { width: 40px; height: 90px; font: 9px serif; background: black }
  html body.any code, html body.any button, html body.any input, html body.any dialog,
  html body.any h2, html body.any p, html body.any div { font-weight: 100; width: 33px; gap: 1px; color: lime }
  h2 { position: absolute; font-size: 60px }
  p, label, header, section, div, span { font-size: 8px; max-width: 90px; display: inline }
  ul, ol, li, dl, dt, dd { list-style: square; padding: 40px; float: left }
  a, a:link { color: red; text-decoration: none; font-size: 40px }
  dialog { position: static; inset: auto; width: 100px; padding: 50px; background: red; transform: scale(0.5) }
  dialog::backdrop { background: red }
  details, summary { display: inline; list-style: square }
  svg { width: 20px; height: 20px; fill: red; stroke: red }
  svg path, svg rect { fill: red; stroke: red; stroke-width: 3px; opacity: 0.5 }
`

/** All computed styles in the dialog, and whether something is drawn before or after an element. */
const looks = (page: Page): Promise<Record<string, string>> =>
  page.evaluate(() => {
    const dialog = document.querySelector('dialog') ?? document.body
    const drawing = ['fill', 'stroke', 'opacity', 'display', 'transform', 'filter']
    const found: Record<string, string> = {}
    const note = (name: string, style: CSSStyleDeclaration, properties: Iterable<string>) => {
      for (const property of properties) {
        found[`${name} { ${property} }`] = style.getPropertyValue(property)
      }
    }
    for (const [index, element] of [dialog, ...dialog.querySelectorAll('*')].entries()) {
      const name = `${index} ${element.localName}.${element.getAttribute('class')}`
      const isDrawn = element instanceof SVGElement && element.localName !== 'svg'
      const style = getComputedStyle(element)
      note(name, style, isDrawn ? drawing : style)
      for (const pseudo of isDrawn ? [] : ['::before', '::after'])
        note(name + pseudo, getComputedStyle(element, pseudo), ['content'])
      if (!isDrawn)
        note(`${name}::first-letter`, getComputedStyle(element, '::first-letter'), ['font-size'])
    }
    note('::backdrop', getComputedStyle(dialog, '::backdrop'), ['background-color'])
    return found
  })

/** What changes in the dialog when the page has such styles. */
async function changesOf(page: Page): Promise<Record<string, unknown>> {
  // Where the pointer is would be seen in one of the two.
  await page.mouse.move(1, 1)
  await page.evaluate(async () => {
    const transitions = document.getAnimations().filter((one) => one instanceof CSSTransition)
    await Promise.allSettled(transitions.map(({ finished }) => finished))
  })
  const before = await looks(page)
  await page.evaluate((css) => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    document.adoptedStyleSheets = [sheet]
    document.body.classList.add('any')
  }, HOSTILE)
  // The page's own elements are of that look, so that the styles are there.
  expect(await page.evaluate(() => getComputedStyle(document.body).fontSize)).toBe('30px')
  const after = await looks(page)
  await page.evaluate(() => {
    document.adoptedStyleSheets = []
  })
  expect(Object.keys(after).length).toBeGreaterThan(2000)
  return Object.fromEntries(
    Object.entries(after)
      .filter(([name, value]) => before[name] !== value)
      .map(([name, value]) => [name, `${before[name]} → ${value}`]),
  )
}

it('looks the same while it asks for a code and shows details', async () => {
  const page = await openPage()
  const person = await makePerson()
  await enrollTotp(person)
  await signIn(page, person.name)
  await page.getByRole('tab', { name: 'Transaction' }).click()
  await page.getByRole('button', { name: 'Sign transaction' }).click()
  const field = dialogOf(page).getByLabel('Authentication code')
  await field.waitFor()
  await field.fill('12')
  await field.press('Enter')
  await dialogOf(page).getByRole('alert').getByText('all digits').waitFor()
  expect(await changesOf(page)).toEqual({})
})

it('looks the same while it enrolls a factor and shows recovery codes', async () => {
  const page = await openPage()
  const person = await makePerson()
  await signIn(page, person.name)
  const decision = {
    ...(await person.countersign.policy.check.query({ action: 'wallet.waas.export' })),
    ...{ decision: 'enroll', required: true, reason: 'always', methods: ['totp', 'passkey'] },
  }
  await page.route('**/trpc/policy.check', (route) =>
    route.request().method() === 'OPTIONS'
      ? route.continue()
      : route.fulfill({
          json: { result: { data: decision } },
          headers: { 'access-control-allow-origin': walletUrl },
        }),
  )
  await page.getByRole('button', { name: 'Export private key' }).click()
  const app = dialogOf(page).getByRole('button', { name: 'Authenticator app' })
  await app.waitFor()
  expect(await changesOf(page)).toEqual({})
  await app.click()
  const secret = await dialogOf(page).locator('code').innerText()
  expect(await changesOf(page)).toEqual({})
  const totp = new TOTP({ secret: Secret.fromBase32(secret.replaceAll(' ', '')) })
  await dialogOf(page).getByLabel('Code from the app').fill(totp.generate())
  await dialogOf(page).getByRole('button', { name: 'Continue' }).click()
  await dialogOf(page).getByRole('button', { name: 'I have saved them' }).waitFor()
  expect(await changesOf(page)).toEqual({})
})
