// A form with one button: Enter sends it, and while it is under way it is not sent again. Where a field
// is wrong, the first of them gets the focus.
import { type FormEvent, type ReactNode, useRef } from 'react'
import { Button } from './button.tsx'
import { useFocusKept } from './focus.ts'

interface FormProps {
  action: string
  isPending: boolean
  onSend: () => void
  look?: 'strong' | 'plain'
  /** Beside the button. */
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
    // Once what is wrong has been rendered.
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
