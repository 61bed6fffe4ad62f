// Short messages about what was done, one at a time: a screen reader reads them, and they go after a while.
// Failures are not shown here: they stay beside what caused them.
import { useEffect, useSyncExternalStore } from 'react'
import { Button } from './button.tsx'

const SHOWN_MILLISECONDS = 8000

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

/** Where messages appear: always in the page, so that a screen reader listens. */
export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toast)
  const id = shown?.id
  useEffect(() => {
    if (id === undefined) return
    const timer = setTimeout(hush, SHOWN_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [id])
  return (
    <div className="toasts" role="status" aria-label="Messages">
      {shown && (
        <div className="toast" key={shown.id}>
          <span>{shown.text}</span>
          <Button look="quiet" small icon="close" aria-label="Dismiss" onClick={hush} />
        </div>
      )}
    </div>
  )
}
