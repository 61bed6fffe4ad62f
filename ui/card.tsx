// A card: a part of a page with a heading, which names it.
import { type ReactNode, useId } from 'react'

interface CardProps {
  title: string
  /** One sentence that says what the card is for. */
  lead?: ReactNode
  /** Shown at the other end of the heading. */
  beside?: ReactNode
  tone?: 'danger' | 'asking'
  level?: 2 | 3
  children?: ReactNode
}

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
