// A dialog of the page: a native modal one, so that the browser keeps the focus inside, closes it with
// Escape and makes what is behind it inert. And the question that is asked before something is done.
import { type FormEvent, type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { keepFocus } from '../../ui/focus.ts'
import { Failure } from '../../ui/notice.tsx'

interface DialogProps {
  title: string
  /** By Escape or a button; without it the dialog stays. */
  onClose?: (() => void) | undefined
  wide?: boolean
  children: ReactNode
}

export function Dialog({ title, onClose, wide = false, children }: DialogProps) {
  const id = useId()
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    const { current } = dialog
    const opener = document.activeElement
    current?.showModal()
    // Who is asked for something begins there, not at the button that closes.
    current?.querySelector<HTMLElement>('.dialog-body :is(input, textarea, select)')?.focus()
    return () => {
      current?.close()
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
      keepFocus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      className={wide ? 'dialog dialog-wide' : 'dialog'}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose?.()
      }}
    >
      <header className="dialog-head">
        <h2 id={id}>{title}</h2>
        {onClose && <Button look="quiet" small icon="close" aria-label="Close" onClick={onClose} />}
      </header>
      <div className="dialog-body stack">{children}</div>
    </dialog>
  )
}

interface ConfirmProps {
  title: string
  children: ReactNode
  action: string
  look?: 'strong' | 'danger'
  isPending: boolean
  error: unknown
  onConfirm: (typed: string) => void
  onClose: () => void
  /** To be typed word for word. */
  typed?: string
  /** A reason to be given, which is recorded. */
  asksReason?: boolean
}

/** Asks before something is done; by a word to type, or a reason to give, where it cannot be undone. */
export function Confirm(props: ConfirmProps) {
  const { title, children, action, look = 'danger', isPending, error, typed, asksReason } = props
  const [text, setText] = useState('')
  const [problem, setProblem] = useState<string>()
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (isPending) return
    if (typed !== undefined && text !== typed) return setProblem(`Type ${typed} to go on.`)
    if (asksReason && (!text.trim() || [...text.trim()].length > 64))
      return setProblem('Say why in up to 64 characters: it is recorded.')
    setProblem(undefined)
    props.onConfirm(text.trim())
  }
  return (
    <Dialog title={title} onClose={props.onClose}>
      <form className="stack" onSubmit={send} noValidate>
        {children}
        {typed !== undefined && (
          <TextField
            label={`Type “${typed}” to confirm`}
            value={text}
            onValue={setText}
            error={problem}
            mono
          />
        )}
        {asksReason && (
          <TextField
            label="Reason"
            hint="Recorded in the user’s history with your name."
            value={text}
            onValue={setText}
            error={problem}
            maxLength={64}
          />
        )}
        <Failure error={error} />
        <div className="row row-end dialog-foot">
          <Button look="plain" onClick={props.onClose}>
            Cancel
          </Button>
          <Button type="submit" look={look} isPending={isPending}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
