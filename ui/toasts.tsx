// Shows one short message at a time about a completed change. Screen readers announce it. It covers no button and
// no field, and disappears by itself. An error appears beside the control that caused it, not here.
import { useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react'
import { Button } from './button.tsx'

const SHOWN_MILLISECONDS = 8000

const GAP_PIXELS = 16
const CONTROLS = ':is(button, a.button, input, select, textarea):not(.toasts *)'

const listeners = new Set<() => void>()
let toast: { id: number; text: string } | undefined
let count = 0

function change(next: typeof toast): void {
  toast = next
  for (const listener of listeners) listener()
}

/** Shows a message. */
export function say(text: string): void {
  count += 1
  change({ id: count, text })
}

/** Removes the message, so that the next user does not see it. */
export const hush = (): void => change(undefined)

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Returns the smallest distance from the bottom of the window, in pixels, at which a message covers no control. */
function freePlace(message: HTMLElement): number {
  const { left, right } = message.getBoundingClientRect()
  const height = message.offsetHeight
  const controls = [...document.querySelectorAll(CONTROLS)]
    .map((control) => control.getBoundingClientRect())
    .filter((area) => area.width > 1 && area.right > left && area.left < right)
  let top = innerHeight - GAP_PIXELS - height
  while (top > 0) {
    const covered = controls.filter((area) => area.bottom > top && area.top < top + height)
    if (covered.length === 0) return innerHeight - top - height
    top = Math.min(...covered.map((area) => area.top)) - GAP_PIXELS / 2 - height
  }
  return GAP_PIXELS
}

/** Finds a place for a message when it appears, and again when the page moves below it. */
function usePlace(id: number | undefined) {
  const message = useRef<HTMLDivElement>(null)
  const [bottom, setBottom] = useState(GAP_PIXELS)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the size depends on the message
  useLayoutEffect(() => {
    const place = () => message.current && setBottom(freePlace(message.current))
    place()
    for (const event of ['scroll', 'resize']) addEventListener(event, place)
    return () => {
      for (const event of ['scroll', 'resize']) removeEventListener(event, place)
    }
  }, [id])
  return { message, bottom }
}

/** The region for messages. It stays in the page while it is empty: screen readers announce only its changes. */
export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toast)
  const id = shown?.id
  useEffect(() => {
    if (id === undefined) return
    const timer = setTimeout(hush, SHOWN_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [id])
  const { message, bottom } = usePlace(id)
  return (
    <div className="toasts" role="status" aria-label="Messages" style={{ bottom }}>
      {shown && (
        <div className="toast" key={shown.id} ref={message}>
          <span>{shown.text}</span>
          <Button look="quiet" small icon="close" aria-label="Dismiss" onClick={hush} />
        </div>
      )}
    </div>
  )
}
