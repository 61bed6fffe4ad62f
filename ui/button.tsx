// The button of our pages. While its work runs it keeps the focus and does nothing: a disabled button would
// lose the focus.
import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'
import { Icon, type IconName } from './icon.tsx'

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'strong' | 'plain' | 'danger' | 'quiet'
  small?: boolean
  icon?: IconName
  isPending?: boolean
  ref?: Ref<HTMLButtonElement>
  children?: ReactNode
}

export function Button({
  look = 'strong',
  small = false,
  icon,
  isPending = false,
  type = 'button',
  children,
  className,
  onClick,
  ...rest
}: ButtonProps) {
  const looks = [
    'button',
    `button-${look}`,
    small && 'button-small',
    icon && !children && 'button-square',
    className,
  ]
  return (
    <button
      {...rest}
      type={type}
      className={looks.filter(Boolean).join(' ')}
      aria-disabled={isPending || rest['aria-disabled']}
      onClick={(event) => {
        if (isPending) event.preventDefault()
        else onClick?.(event)
      }}
    >
      {isPending ? <span className="spinner" aria-hidden="true" /> : icon && <Icon name={icon} />}
      {children}
    </button>
  )
}
