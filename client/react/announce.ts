// What is announced when the dialog has closed. A live region inside the dialog goes with it, and one that
// appears together with its words is not read, so the region is there for as long as the dialog is.
import { type StepUpTexts, spoken } from './texts.ts'

/** The browser has to move the focus first, or it talks over the announcement. */
const AFTER_FOCUS_MILLISECONDS = 150
const KEPT_MILLISECONDS = 5000

/**
 * Prepares a live region. Returns a function that announces in it that the user is verified, and removes it;
 * without texts it only removes it.
 *
 * @example const announce = prepareAnnouncement()
 */
export function prepareAnnouncement(): (texts?: StepUpTexts) => void {
  const region = document.createElement('div')
  region.className = 'countersign-said'
  region.setAttribute('role', 'status')
  document.body.append(region)
  return (texts) => {
    if (!texts) return region.remove()
    Object.assign(region, spoken(texts))
    setTimeout(() => {
      region.textContent = texts.verified
    }, AFTER_FOCUS_MILLISECONDS)
    setTimeout(() => region.remove(), KEPT_MILLISECONDS)
  }
}
