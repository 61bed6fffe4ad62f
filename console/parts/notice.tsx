// What became of something: under way, failed with a way to try again, empty, or worth knowing.
import type { ReactNode } from 'react'
import { isCancelled, wordsOf } from '../words.ts'
import { Button } from './button.tsx'
import { Icon, type IconName } from './icon.tsx'

export type Tone = 'plain' | 'good' | 'bad' | 'warn'
const ICONS: Record<Tone, IconName> = {
  plain: 'info',
  good: 'check',
  bad: 'warning',
  warn: 'warning',
}

interface NoticeProps {
  tone?: Tone
  title?: string
  role?: 'status' | 'alert'
  children?: ReactNode
}

export const Notice = ({ tone = 'plain', title, role, children }: NoticeProps) => (
  <div className={`notice notice-${tone}`} role={role}>
    <Icon name={ICONS[tone]} />
    <div className="stack-close">
      {title && <p className="notice-title">{title}</p>}
      {children}
    </div>
  </div>
)

interface FailureProps {
  error: unknown
  onRetry?: (() => unknown) | undefined
}

/** Why something failed. Shows nothing to an operator who cancelled. */
export function Failure({ error, onRetry }: FailureProps) {
  if (!error || isCancelled(error)) return null
  const { title, text } = wordsOf(error)
  return (
    <Notice tone="bad" title={title} role="alert">
      <p>{text}</p>
      {onRetry && (
        <div>
          <Button look="plain" small onClick={() => void onRetry()}>
            Try again
          </Button>
        </div>
      )}
    </Notice>
  )
}

interface EmptyProps {
  icon: IconName
  title: string
  children?: ReactNode
}

/** Nothing yet, and what to do about it. */
export const Empty = ({ icon, title, children }: EmptyProps) => (
  <div className="empty">
    <span className="empty-icon">
      <Icon name={icon} />
    </span>
    <p className="empty-title">{title}</p>
    {children}
  </div>
)

/** The shape of what is being fetched. */
export const Skeleton = ({ what, lines = 4 }: { what: string; lines?: number }) => (
  <div className="skeleton" role="status" aria-label={`Loading ${what}`}>
    {Array.from({ length: lines }, (_, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
      <span key={index} className="skeleton-line" />
    ))}
  </div>
)

interface Asked<T> {
  data: T | undefined
  error: unknown
  refetch: () => unknown
}

interface AnswerProps<T> {
  query: Asked<T>
  what: string
  lines?: number
  children: (data: T) => ReactNode
}

/** What was asked for, or that it is under way, or why it did not come. */
export function Answer<T>({ query, what, lines = 4, children }: AnswerProps<T>) {
  const { data, error, refetch } = query
  if (data !== undefined) {
    return (
      <>
        <Failure error={error} onRetry={refetch} />
        {children(data)}
      </>
    )
  }
  return error ? (
    <Failure error={error} onRetry={refetch} />
  ) : (
    <Skeleton what={what} lines={lines} />
  )
}
