// The frames of a page: its head with the heading that takes the focus, and cards with headings below it.
import { type ReactNode, useEffect, useId, useRef } from 'react'

interface PageProps {
  title: string
  /** In the window's title, after the page's. */
  of?: string | undefined
  lead?: ReactNode
  beside?: ReactNode
  children?: ReactNode
}

/** A page: named in the window, and read out when somebody comes to it. */
export function Page({ title, of, lead, beside, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = [title, of, 'Countersign'].filter(Boolean).join(' · ')
  }, [title, of])
  useEffect(() => {
    // Who came by the list of environments may choose on.
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

interface CardProps {
  title: string
  lead?: ReactNode
  beside?: ReactNode
  tone?: 'danger'
  level?: 2 | 3
  children?: ReactNode
}

/** A part of a page with a heading of its own, by which it is found. */
export function Card({ title, lead, beside, tone, level = 2, children }: CardProps) {
  const id = useId()
  const Heading = level === 2 ? 'h2' : 'h3'
  return (
    <section className={tone ? `card card-${tone}` : 'card'} aria-labelledby={id}>
      <div className="card-head">
        <div className="stack-close">
          <Heading id={id}>{title}</Heading>
          {lead && <p className="soft">{lead}</p>}
        </div>
        {beside && <div className="row">{beside}</div>}
      </div>
      {children}
    </section>
  )
}
