// Short facts: a word beside a name, and names with their values.
import type { ReactNode } from 'react'

type BadgeTone = 'plain' | 'accent' | 'good' | 'warn' | 'bad'

/** A word about something, beside its name. */
export const Badge = ({ tone = 'plain', children }: { tone?: BadgeTone; children: ReactNode }) => (
  <span className={`badge badge-${tone}`}>{children}</span>
)

/** Names and their values. */
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
