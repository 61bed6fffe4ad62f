// The button of this page. While its work runs it stays focusable and does nothing, because a disabled
// button would lose the focus.
import type { ButtonHTMLAttributes, ReactNode } from 'react'

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'strong' | 'plain' | 'danger' | 'icon'
  small?: boolean
  isPending?: boolean
  children: ReactNode
}

export function Button({
  look = 'strong',
  small = false,
  isPending = false,
  type = 'button',
  children,
  onClick,
  ...rest
}: ButtonProps) {
  const looks = ['button', look !== 'strong' && `button-${look}`, small && 'button-small']
  return (
    <button
      {...rest}
      type={type}
      className={looks.filter(Boolean).join(' ')}
      aria-disabled={isPending || undefined}
      onClick={(event) => {
        if (isPending) event.preventDefault()
        else onClick?.(event)
      }}
    >
      {isPending && <span className="spinner" aria-hidden="true" />}
      {children}
    </button>
  )
}
