// A form with one button: Enter sends it, and while it is under way it is not sent again.
import type { FormEvent, ReactNode } from 'react'
import { Button } from './button.tsx'

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
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (!isPending) onSend()
  }
  return (
    <form className="stack" onSubmit={send} noValidate>
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
