// A form with one button: Enter sends it, and it is not sent twice while its work runs. After sending, the
// first invalid field gets the focus.
import { type FormEvent, type ReactNode, useRef } from 'react'
import { Button } from './button.tsx'
import { useFocusKept } from './focus.ts'

interface FormProps {
  action: string
  isPending: boolean
  onSend: () => void
  look?: 'strong' | 'plain'
  /** Shown beside the button. */
  beside?: ReactNode
  children: ReactNode
}

export function Form({ action, isPending, onSend, look = 'strong', beside, children }: FormProps) {
  const form = useRef<HTMLFormElement>(null)
  useFocusKept()
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (isPending) return
    onSend()
    // React renders the errors first.
    setTimeout(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
  }
  return (
    <form className="stack" onSubmit={send} noValidate ref={form}>
      {children}
      <div className="row">
        <Button type="submit" look={look} isPending={isPending}>
          {action}
        </Button>
        {beside}
      </div>
    </form>
  )
}
