// A card: a part of the page with a heading of its own, by which it is found.
import { type ReactNode, useId } from 'react'

interface CardProps {
  title: string
  /** One sentence on what this is for. */
  lead?: ReactNode
  /** At the other end of the heading. */
  beside?: ReactNode
  isAsking?: boolean
  children?: ReactNode
}

export function Card({ title, lead, beside, isAsking = false, children }: CardProps) {
  const id = useId()
  return (
    <section className={isAsking ? 'card card-asking' : 'card'} aria-labelledby={id}>
      <div className="stack stack-close">
        <div className="row row-apart">
          <h2 id={id}>{title}</h2>
          {beside}
        </div>
        {lead && <p className="soft">{lead}</p>}
      </div>
      {children}
    </section>
  )
}
