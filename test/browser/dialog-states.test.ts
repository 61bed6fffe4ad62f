// The dialog alone, in each of its states: its languages, its sizes, what axe and a screen reader find, and
// what is left of it with reduced motion, forced colors and zoom.
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { DEFAULT_TEXTS } from '../../client/react/texts.ts'
import { expectNothingFound } from './support/axe.ts'
import { browserTests, dialogOf, type Opening } from './support/page.ts'
import { accessibleNodes, liveRegions, overflowing, unseen } from './support/seen.ts'
import { LANGUAGES, STATES, showDialog, showState, speak } from './support/states.ts'

const openBrowser = browserTests()
const openPage = (opening?: Opening) => openBrowser(opening, '')
const NAMES = Object.keys(STATES)

/** Each state must be whole with these. A width of 640 or 195 is a zoom of 200 % on a computer or a phone. */
const SETTINGS = [
  { width: 390, forcedColors: 'active' },
  { width: 640, forcedColors: 'none' },
  { width: 195, forcedColors: 'none' },
] as const

it.each(NAMES)(
  'cuts nothing in any language, and axe finds nothing in either theme, in the state: %s',
  async (name) => {
    const page = await openPage({ theme: 'dark', width: 390 })
    // Colors change at once, not gradually.
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await showState(page, name)
    await expectNothingFound(page)
    for (const texts of LANGUAGES) {
      const { lang, dir } = texts
      await speak(page, texts)
      expect(await overflowing(page), lang).toEqual([])
      const root = await dialogOf(page).evaluate(({ lang, dir }: HTMLElement) => ({ lang, dir }))
      expect(root).toEqual({ lang, dir })
      if (dir === 'rtl') await expectNothingFound(page)
    }
    await speak(page, DEFAULT_TEXTS)
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize({ width: 1280, height: 900 })
    await expectNothingFound(page)
    for (const { width, forcedColors } of SETTINGS) {
      await page.setViewportSize({ width, height: 900 })
      await page.emulateMedia({ forcedColors })
      expect(await overflowing(page), `${width} px`).toEqual([])
      expect(await unseen(page), `${width} px`).toEqual([])
      await expectFocusRings(page, `${width} px`)
    }
  },
)

it('finds a text that is cut', async () => {
  const page = await openPage({ width: 390 })
  await showState(page, 'a code')
  const hint = page.locator('.countersign-hint').first()
  await hint.evaluate((element: HTMLElement) => {
    element.style.whiteSpace = 'nowrap'
  })
  expect((await overflowing(page)).join()).toContain('countersign-hint')
})

describe('the QR code', () => {
  it.each([1280, 390])(
    'is at least 240 px wide without its edge, and centered, at %i px',
    async (width) => {
      const page = await openPage({ width })
      await showState(page, 'an app to add')
      const code = await page.locator('.countersign-qr > path').boundingBox()
      const dialog = await dialogOf(page).boundingBox()
      if (!code || !dialog) throw new Error('nothing is shown')
      expect(code.width).toBeGreaterThanOrEqual(240)
      const middle = (box: typeof code) => box.x + box.width / 2
      expect(Math.abs(middle(code) - middle(dialog))).toBeLessThan(2)
    },
  )

  it('has the link for this device directly under it, which the keyboard opens', async () => {
    const page = await openPage({ width: 390 })
    await showState(page, 'an app to add')
    const link = page.getByRole('link', { name: 'Open in an app on this device' })
    const [code, below] = [
      await page.locator('.countersign-qr').boundingBox(),
      await link.boundingBox(),
    ]
    if (!code || !below) throw new Error('nothing is shown')
    expect(below.y - (code.y + code.height)).toBeGreaterThanOrEqual(0)
    expect(below.y - (code.y + code.height)).toBeLessThan(32)
    const opened = link.evaluate(
      (element: HTMLAnchorElement) =>
        new Promise<string>((resolve) => {
          element.addEventListener('click', (event) => {
            event.preventDefault()
            resolve(element.href)
          })
        }),
    )
    await page.getByLabel('Code from the app').focus()
    for (let step = 0; step < 2; step += 1) await page.keyboard.press('Shift+Tab')
    expect(await link.evaluate((element) => element === document.activeElement)).toBe(true)
    await page.keyboard.press('Enter')
    expect(await opened).toMatch(/^otpauth:\/\/totp\//)
  })
})

it('calls an action by what an operator wrote, and leaves out its name', async () => {
  const page = await openPage()
  await showDialog(page, { words: { title: 'Keys', sentence: 'take your key home' } })
  await dialogOf(page).getByText('You are about to take your key home.').waitFor()
  expect(await dialogOf(page).getByText('wallet.waas.export').count()).toBe(0)
})

it('folds technical details, below the others, until they are opened by keyboard', async () => {
  const page = await openPage()
  await showState(page, 'a code')
  const fingerprint = dialogOf(page).getByText('8JoyPoKx2mQ4c0Yw')
  expect(await fingerprint.isVisible()).toBe(false)
  expect(await dialogOf(page).getByText('0.01 ETH').isVisible()).toBe(true)
  await page.getByText('Technical details').focus()
  await page.keyboard.press('Enter')
  await fingerprint.waitFor()
})

it('cuts no text of the onboarding on a phone in any language', async () => {
  const page = await openPage({ width: 390 })
  await showDialog(page, { factors: [], onboarding: true })
  for (const texts of LANGUAGES) {
    await speak(page, texts)
    const onboarding = page.getByRole('region', { name: texts.enrollTitle })
    await onboarding.getByRole('button').first().waitFor()
    expect(await overflowing(page), texts.lang).toEqual([])
    const root = await onboarding.evaluate(({ lang, dir }: HTMLElement) => ({ lang, dir }))
    expect(root).toEqual({ lang: texts.lang, dir: texts.dir })
    await expectNothingFound(page)
  }
})

describe('a screen reader', () => {
  it.each([
    ['a wrong code', /alert.*That code is not right\. 3 attempts left\./],
    ['a wait', /status.*Too many attempts\. Try again in 30 s\./],
    ['verifying', /status.*Verifying…/],
    ['a lock', /alert.*Codes are locked after too many wrong ones/],
    ['a passkey that failed', /alert.*(closed|No passkey)/],
  ])('hears of %s', async (name, heard) => {
    const page = await openPage()
    await showState(page, name)
    await expect.poll(() => liveRegions(page)).toMatch(heard)
  })

  it('hears every ten seconds how long a wait still is, and when it is over', async () => {
    const page = await openPage({ fresh: true })
    await page.clock.install()
    await showState(page, 'a wait')
    for (const seconds of [20, 10]) {
      await page.clock.runFor(10_000)
      await expect
        .poll(() => liveRegions(page))
        .toMatch(`status: Too many attempts. Try again in ${seconds} s.`)
    }
    await page.clock.runFor(11_000)
    await expect.poll(() => liveRegions(page)).toMatch('status: You can try again now.')
  })

  it('hears that the user is verified, when the dialog has closed', async () => {
    const page = await openPage()
    await showState(page, 'a code')
    await page.getByLabel('Authentication code').fill('123456')
    await page.keyboard.press('Enter')
    await dialogOf(page).waitFor({ state: 'detached' })
    await expect.poll(() => liveRegions(page)).toMatch(/status.*Verified\./)
  })

  it('hears the description of a field', async () => {
    const page = await openPage()
    await showState(page, 'a wrong code')
    const fields = (await accessibleNodes(page)).filter(({ role }) => role === 'textbox')
    expect(fields).toHaveLength(1)
    expect(fields[0]?.description).toContain('Open your authenticator app')
    expect(fields[0]?.description).toContain('That code is not right. 3 attempts left.')
  })
})

it('moves nothing where the user wants no motion', async () => {
  const page = await openPage()
  await showState(page, 'verifying')
  const moving = () => page.evaluate(() => document.getAnimations().length)
  expect(await moving()).toBeGreaterThan(0)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  expect(await moving()).toBe(0)
  await dialogOf(page).getByRole('button', { name: 'Verifying…' }).waitFor()
})

/** Goes around the dialog by keyboard, and expects a ring around everything that has the focus. */
async function expectFocusRings(page: Page, name: string): Promise<void> {
  const seen = new Set<string>()
  for (let step = 0; step < 8; step += 1) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(() => {
      const { activeElement } = document
      if (!activeElement?.closest('.countersign-dialog')) return undefined
      const { outlineStyle, outlineWidth } = getComputedStyle(activeElement)
      const ring = outlineStyle === 'none' ? 0 : Number.parseFloat(outlineWidth)
      return { text: activeElement.outerHTML.slice(0, 120), ring }
    })
    if (!focused) continue
    seen.add(focused.text)
    expect(focused.ring, `${name}: ${focused.text}`).toBeGreaterThanOrEqual(2)
  }
  expect(seen.size, name).toBeGreaterThan(0)
}
