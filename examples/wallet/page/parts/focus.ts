// Where the focus goes when what had it is gone: to the heading of the view, not to nowhere.
import { useEffect } from 'react'

/** Takes care of the focus when this component goes, unless it is somewhere else by then. */
export function useFocusKept(): void {
  useEffect(
    () => () => {
      const { activeElement, body } = document
      if (activeElement && activeElement !== body) return
      document.querySelector('h1')?.focus({ preventScroll: true })
    },
    [],
  )
}
