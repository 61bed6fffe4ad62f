// What became of something: under way, failed with a way to try again, or worth knowing.
import type { ReactNode } from 'react'
import { isCancelled, wordsOf } from '../words.ts'
import { Button } from './button.tsx'

type Tone = 'plain' | 'good' | 'bad' | 'warn'

export const Notice = ({ tone = 'plain', children }: { tone?: Tone; children: ReactNode }) => (
  <div className={tone === 'plain' ? 'notice' : `notice notice-${tone}`}>{children}</div>
)

interface FailureProps {
  error: unknown
  onRetry?: () => void
}

/** Why something failed. A user who turned back by themselves is told nothing. */
export function Failure({ error, onRetry }: FailureProps) {
  if (!error || isCancelled(error)) return null
  const { title, text, canRetry } = wordsOf(error)
  return (
    <div className="notice notice-bad" role="alert">
      <strong>{title}</strong>
      <p>{text}</p>
      {onRetry && canRetry && (
        <Button look="danger" small onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  )
}

export const Loading = ({ what }: { what: string }) => (
  <div className="loading" role="status">
    <span className="spinner" aria-hidden="true" />
    <span>Loading {what} …</span>
  </div>
)

interface Asked<T> {
  data: T | undefined
  error: unknown
  refetch: () => unknown
}

/** What was asked for, or that it is under way, or why it did not come. */
export function Answer<T>({
  query,
  what,
  children,
}: {
  query: Asked<T>
  what: string
  children: (data: T) => ReactNode
}) {
  const { data, error, refetch } = query
  if (data !== undefined) {
    return (
      <>
        {error ? <Failure error={error} onRetry={() => void refetch()} /> : null}
        {children(data)}
      </>
    )
  }
  return error ? <Failure error={error} onRetry={() => void refetch()} /> : <Loading what={what} />
}
