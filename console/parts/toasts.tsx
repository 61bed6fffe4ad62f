// Short messages on what was done, read aloud when they come and gone after a while. What went wrong is
// not said here: that stays beside what caused it.
import { useEffect, useSyncExternalStore } from 'react'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'

const SHOWN_MILLISECONDS = 8000

const listeners = new Set<() => void>()
let toast: { id: number; text: string } | undefined
let count = 0

function change(next: typeof toast): void {
  toast = next
  for (const listener of listeners) listener()
}

/** Says something to the operator. */
export function say(text: string): void {
  count += 1
  change({ id: count, text })
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Where they appear: always there, so that a screen reader is listening. */
export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toast)
  const id = shown?.id
  useEffect(() => {
    if (id === undefined) return
    const timer = setTimeout(() => toast?.id === id && change(undefined), SHOWN_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [id])
  return (
    <div className="toasts" role="status" aria-label="Messages">
      {shown && (
        <div className="toast" key={shown.id}>
          <Icon name="check" />
          <span>{shown.text}</span>
          <Button
            look="quiet"
            small
            icon="close"
            aria-label="Dismiss"
            onClick={() => change(undefined)}
          />
        </div>
      )}
    </div>
  )
}
