// Short messages on what was done, one at a time, read aloud when they come and gone after a while. What went wrong
// is not said here: that stays beside what caused it.
import { useEffect, useSyncExternalStore } from 'react'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'

const SHOWN_MILLISECONDS = 8000

interface Toast {
  id: number
  text: string
}

const listeners = new Set<() => void>()
let toasts: readonly Toast[] = []
let count = 0

function change(next: readonly Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}

/** Says something to the user. */
export function say(text: string): void {
  count += 1
  change([{ id: count, text }])
}

/** Removes all messages, so that the next user does not see them. */
export const hush = (): void => change([])

const dismiss = (id: number): void => change(toasts.filter((toast) => toast.id !== id))

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Where they appear: once in the page, and always there, so that a screen reader is listening. */
export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts)
  return (
    <div className="toasts" role="status" aria-label="Messages">
      {shown.map((toast) => (
        <Shown key={toast.id} {...toast} />
      ))}
    </div>
  )
}

function Shown({ id, text }: Toast) {
  useEffect(() => {
    const timer = setTimeout(() => dismiss(id), SHOWN_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [id])
  return (
    <div className="toast">
      <span>{text}</span>
      <Button look="icon" aria-label="Dismiss" onClick={() => dismiss(id)}>
        <Icon name="close" />
      </Button>
    </div>
  )
}
