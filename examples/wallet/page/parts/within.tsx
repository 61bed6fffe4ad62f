// Something that a button opens beside itself: the focus goes into it, and back when it goes, so that
// nobody who uses the keyboard alone is lost.
import { type ReactNode, useEffect, useRef } from 'react'
import { useFocusKept } from './focus.ts'

export function Within({ label, children }: { label: string; children: ReactNode }) {
  const group = useRef<HTMLFieldSetElement>(null)
  useEffect(() => {
    const opener = document.activeElement
    group.current?.querySelector<HTMLElement>('input, button')?.focus()
    return () => {
      if (document.activeElement === document.body && opener instanceof HTMLElement) opener.focus()
    }
  }, [])
  useFocusKept()
  return (
    <fieldset className="within stack" ref={group}>
      <legend className="hidden-visually">{label}</legend>
      {children}
    </fieldset>
  )
}
