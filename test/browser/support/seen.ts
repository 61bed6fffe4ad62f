// What is seen of the dialog, and what a screen reader is given of it.
import type { Page } from 'playwright-core'

/** What is wider than its box in the dialog or the page: texts that are cut, or make it scroll to the side. */
export const overflowing = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const name = (element: Element) => `${element.className}: ${element.textContent?.slice(0, 60)}`
    const parts = document.querySelectorAll(
      ':is(.countersign-dialog, .countersign-onboarding), :is(.countersign-dialog, .countersign-onboarding) *, html',
    )
    const wide = [...parts].filter(
      (element) =>
        !element.closest('.countersign-said, svg, option') &&
        getComputedStyle(element).display !== 'inline' &&
        element.scrollWidth > element.clientWidth + 1 &&
        element.clientWidth > 0,
    )
    // What is wider than the dialog, though its own box holds it.
    const frame = document
      .querySelector('.countersign-dialog, .countersign-onboarding')
      ?.getBoundingClientRect()
    const outside = [...parts].filter((element) => {
      const { left, right, width } = element.getBoundingClientRect()
      return (
        frame &&
        width > 0 &&
        element.tagName !== 'HTML' &&
        !element.closest('.countersign-said, svg') &&
        (left < frame.left - 1 || right > frame.right + 1)
      )
    })
    return [...new Set([...wide, ...outside])].map(name)
  })

/** What cannot be seen in the dialog: controls without a border, texts in the color of their ground. */
export const unseen = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const dialog = document.querySelector('.countersign-dialog')
    if (!dialog) return ['no dialog']
    const groundOf = (element: Element | null): string => {
      if (!element) return 'white'
      const { backgroundColor } = getComputedStyle(element)
      return /, 0\)$|transparent/.test(backgroundColor)
        ? groundOf(element.parentElement)
        : backgroundColor
    }
    const name = (element: Element) => `${element.className}: ${element.textContent?.slice(0, 60)}`
    const framed =
      'dialog, .countersign-input, .countersign-choice, .countersign-button:not(.countersign-quiet)'
    const bare = [...document.querySelectorAll(framed)].filter((element) => {
      const { borderTopWidth, borderTopStyle, borderTopColor } = getComputedStyle(element)
      const isOwnGround = groundOf(element) !== groundOf(element.parentElement)
      const hasBorder =
        Number.parseFloat(borderTopWidth) >= 1 &&
        borderTopStyle === 'solid' &&
        borderTopColor !== groundOf(element.parentElement)
      return !hasBorder && !isOwnGround
    })
    const texts = [...dialog.querySelectorAll('*')].filter((element) =>
      [...element.childNodes].some(
        ({ nodeType, textContent }) => nodeType === Node.TEXT_NODE && textContent?.trim(),
      ),
    )
    const faint = texts.filter((element) => {
      const { color, display, visibility } = getComputedStyle(element)
      return color === groundOf(element) || display === 'none' || visibility === 'hidden'
    })
    return [...bare, ...faint].map(name)
  })

/** A node as assistive technology is given it. */
export interface AccessibleNode {
  role: string
  name: string
  description: string
  /** Its own text and that of everything in it. */
  text: string
}

/** Returns the accessibility tree of a page, as Chromium builds it. */
export async function accessibleNodes(page: Page): Promise<AccessibleNode[]> {
  const devtools = await page.context().newCDPSession(page)
  const { nodes } = await devtools.send('Accessibility.getFullAXTree')
  await devtools.detach()
  const byId = new Map(nodes.map((node) => [node.nodeId, node]))
  const textOf = (id: string): string => {
    const node = byId.get(id)
    if (node?.role?.value === 'StaticText') return String(node.name?.value ?? '')
    return (node?.childIds ?? []).map(textOf).join('')
  }
  return nodes
    .filter(({ ignored }) => !ignored)
    .map(({ nodeId, role, name, description }) => ({
      role: String(role?.value ?? ''),
      name: String(name?.value ?? ''),
      description: String(description?.value ?? ''),
      text: textOf(nodeId),
    }))
}

/** What the live regions of a page announce: `alert: …` or `status: …`, one a line. */
export async function liveRegions(page: Page): Promise<string> {
  const nodes = await accessibleNodes(page)
  return nodes
    .filter(({ role, text }) => /^(alert|status)$/.test(role) && text)
    .map(({ role, text }) => `${role}: ${text}`)
    .join('\n')
}
