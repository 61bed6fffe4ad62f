// Something that opens in place of a button: the focus goes into it, and back to where it was when it
// goes, so that nobody who uses the keyboard alone is lost.
import { type ReactNode, useEffect, useRef } from 'react'

export function Within({ label, children }: { label: string; children: ReactNode }) {
  const group = useRef<HTMLFieldSetElement>(null)
  useEffect(() => {
    group.current?.querySelector<HTMLElement>('input, button')?.focus()
  }, [])
  return (
    <fieldset className="within stack" ref={group}>
      <legend className="hidden-visually">{label}</legend>
      {children}
    </fieldset>
  )
}
