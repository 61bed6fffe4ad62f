// A panel that a button opens below itself: it takes the focus, and gives it back when it closes.
import { type ReactNode, useEffect, useRef } from 'react'
import { useFocusKept } from './focus.ts'

export function Within({ label, children }: { label: string; children: ReactNode }) {
  const group = useRef<HTMLFieldSetElement>(null)
  const opener = useRef<Element>(null)
  useEffect(() => {
    // The first one counts: in StrictMode this runs again when the panel has the focus.
    opener.current ??= document.activeElement
    const { current } = opener
    group.current?.querySelector<HTMLElement>('input, button')?.focus()
    return () => {
      if (document.activeElement === document.body && current instanceof HTMLElement)
        current.focus()
    }
  }, [])
  useFocusKept()
  return (
    <fieldset className="stack" ref={group}>
      <legend className="hidden-visually">{label}</legend>
      {children}
    </fieldset>
  )
}
