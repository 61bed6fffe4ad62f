// Badges, and lists of names with values.
import type { ReactNode } from 'react'

type BadgeTone = 'plain' | 'accent' | 'good' | 'warn' | 'bad'

/** A badge beside a name. */
export const Badge = ({ tone = 'plain', children }: { tone?: BadgeTone; children: ReactNode }) => (
  <span className={`badge badge-${tone}`}>{children}</span>
)

/** A list of names with values. */
export const Facts = ({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) => (
  <dl className="facts">
    {facts.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
)
