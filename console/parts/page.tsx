// The frame of a page: its title, and its head with the heading that takes the focus.
import { type ReactNode, useEffect, useRef } from 'react'

interface PageProps {
  title: string
  /** Follows the page's title in the window's title. */
  of?: string | undefined
  lead?: ReactNode
  beside?: ReactNode
  children?: ReactNode
}

/** Names the page in the window, and moves the focus to its heading so that a screen reader reads it. */
export function Page({ title, of, lead, beside, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = [title, of, 'Countersign'].filter(Boolean).join(' · ')
  }, [title, of])
  useEffect(() => {
    // The list of environments keeps the focus, so that the operator can choose again.
    if (!document.activeElement?.matches('select')) heading.current?.focus({ preventScroll: true })
  }, [])
  return (
    <>
      <header className="page-head">
        <div className="stack-close">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <p className="lead">{lead}</p>}
        </div>
        {beside && <div className="row">{beside}</div>}
      </header>
      {children}
    </>
  )
}
