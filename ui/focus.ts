// Keeps the focus when the element that has it is removed: the page's heading gets it.
import { useEffect } from 'react'

/** Call this when something that may have the focus is removed. */
export function keepFocus(): void {
  setTimeout(() => {
    if (document.activeElement === document.body)
      document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
  }, 0)
}

/** Keeps the focus when this component is removed. */
export const useFocusKept = (): void => useEffect(() => keepFocus, [])
