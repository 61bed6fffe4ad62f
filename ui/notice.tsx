// The state of something: loading, failed with a way to try again, empty, or worth knowing.
import { createContext, type ReactNode, useContext } from 'react'
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

/** A failure in words. */
export interface Words {
  title: string
  text: string
  /** Whether trying again may help; it may, unless this is false. */
  canRetry?: boolean
}

/** Returns an error in words; undefined where the user cancelled, which is not shown. */
export type WordsOf = (error: unknown) => Words | undefined

/** How the page words its errors. */
export const WordsContext = createContext<WordsOf>((error) => ({
  title: 'That did not work',
  text: String(error),
}))

interface FailureProps {
  error: unknown
  onRetry?: (() => unknown) | undefined
}

/** Why something failed. Shows nothing to a user who cancelled. */
export function Failure({ error, onRetry }: FailureProps) {
  const wordsOf = useContext(WordsContext)
  const words = error ? wordsOf(error) : undefined
  if (!words) return null
  return (
    <Notice tone="bad" title={words.title} role="alert">
      <p>{words.text}</p>
      {onRetry && words.canRetry !== false && (
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
export const Skeleton = ({ what, lines = 4 }: { what: string; lines?: number | undefined }) => (
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

/** The data of a query, or that it is loading, or why it failed. */
export function Answer<T>({
  query: { data, error, refetch },
  what,
  lines,
  children,
}: AnswerProps<T>) {
  const failure = <Failure error={error} onRetry={refetch} />
  if (data === undefined) return error ? failure : <Skeleton what={what} lines={lines} />
  return (
    <>
      {failure}
      {children(data)}
    </>
  )
}
