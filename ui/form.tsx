// A form with one button: Enter sends it, and it is not sent twice while its work runs. After sending, the
// first invalid field gets the focus.
import { type FormEvent, type ReactNode, useRef } from 'react'
import { Button, type ButtonProps } from './button.tsx'
import { useFocusKept } from './focus.ts'

interface FormProps extends Pick<ButtonProps, 'look' | 'icon' | 'isPending'> {
  action: string
  onSend: () => void
  /** Shown beside the button. */
  beside?: ReactNode
  children: ReactNode
}

export function Form({ action, onSend, beside, children, ...button }: FormProps) {
  const form = useRef<HTMLFormElement>(null)
  useFocusKept()
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (button.isPending) return
    onSend()
    // React renders the errors first.
    setTimeout(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
  }
  return (
    <form className="stack" onSubmit={send} noValidate ref={form}>
      {children}
      <div className="row">
        <Button type="submit" {...button}>
          {action}
        </Button>
        {beside}
      </div>
    </form>
  )
}
