// Runs axe on a page with the standards that the pages must meet.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const script = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** The tags of the standards. */
const EVERY_RULE = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** The rules that compare colors. Only they can find something else in the other theme. */
const OF_COLORS = ['color-contrast', 'link-in-text-block']

/** Expects nothing that axe finds on a page as it is shown, in both themes at each width. */
export async function expectNothingFoundAt(page: Page, widths: readonly number[]): Promise<void> {
  for (const [colorScheme, runOnly] of [
    ['light', EVERY_RULE],
    ['dark', OF_COLORS],
  ] as const) {
    // Colors change at once, not gradually.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 })
      // Wherever else the page was scrolled to, its header could cover half of a control.
      await page.evaluate(() => scrollTo(0, 0))
      await expectNothingFound(page, runOnly)
    }
  }
}

/** Expects nothing that axe finds with some rules, and nothing to scroll to the side. */
export async function expectNothingFound(page: Page, runOnly = EVERY_RULE): Promise<void> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(script)
  const found = await page.evaluate(async (values) => {
    const { axe: engine } = globalThis as unknown as { axe: typeof axe }
    const { violations } = await engine.run({ runOnly: values })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  }, runOnly)
  expect(found).toEqual([])
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  expect(overflow).toBeLessThanOrEqual(0)
}
