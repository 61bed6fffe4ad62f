// The small things that every panel is made of: a button, a message, a countdown, and one call at a
// time. They know nothing of factors.
import { type ReactNode, type RefObject, useCallback, useEffect, useRef, useState } from 'react'
import { asCountersignError, type CountersignError } from '../errors.ts'

const SECOND = 1000

interface ButtonProps {
  children: ReactNode
  kind?: 'primary' | 'quiet'
  type?: 'button' | 'submit'
  busy?: boolean
  disabled?: boolean
  innerRef?: RefObject<HTMLButtonElement | null>
  onPress?: () => void
}

/** A button. While it is busy it stays focusable, and pressing it does nothing. */
export const Button = ({
  children,
  kind,
  type = 'button',
  busy,
  disabled,
  innerRef,
  onPress,
}: ButtonProps) => (
  <button
    type={type}
    ref={innerRef as RefObject<HTMLButtonElement>}
    className={`countersign-button${kind ? ` countersign-${kind}` : ''}`}
    aria-disabled={busy || disabled || undefined}
    aria-busy={busy || undefined}
    onClick={(event) => {
      if (busy || disabled) event.preventDefault()
      else onPress?.()
    }}
  >
    {busy && <span className="countersign-spinner" aria-hidden="true" />}
    {children}
  </button>
)

/** What went wrong: the region is always there, so that its words are announced when they come. */
export const Problem = ({ id, children }: { id?: string; children?: ReactNode }) => (
  <div role="alert" id={id} className="countersign-problem">
    {children}
  </div>
)

/** What is said politely, for those who do not see it. */
export const Said = ({ children }: { children?: ReactNode }) => (
  <div role="status" className="countersign-said">
    {children}
  </div>
)

/** Seconds left until a moment in epoch milliseconds, counted down. */
export function useSecondsUntil(moment: number | undefined): number {
  const left = () =>
    moment === undefined ? 0 : Math.max(0, Math.ceil((moment - Date.now()) / SECOND))
  const [, renderAgain] = useState(0)
  useEffect(() => {
    if (moment === undefined || moment <= Date.now()) return
    const timer = setInterval(() => {
      renderAgain((count) => count + 1)
      if (moment <= Date.now()) clearInterval(timer)
    }, SECOND)
    return () => clearInterval(timer)
  }, [moment])
  return left()
}

interface Heard<T> {
  done: (answer: T) => void
  failed?: (error: CountersignError) => void
  late?: (answer: T) => void
}

/** One call at a time, and nothing of it once the component has gone. */
export interface Call {
  busy: boolean
  error: CountersignError | undefined
  clear: () => void
  /** Runs it, unless one is under way; an answer that finds the component gone is `late`. */
  run: <T>(call: () => Promise<T>, heard: Heard<T>) => void
}

/**
 * Calls the service from a panel.
 *
 * @example const { busy, error, run } = useCall()
 */
export function useCall(): Call {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<CountersignError>()
  const there = useRef(false)
  const running = useRef(false)
  useEffect(() => {
    there.current = true
    return () => {
      there.current = false
    }
  }, [])
  const clear = useCallback(() => setError(undefined), [])
  const run: Call['run'] = useCallback((call, { done, failed, late }) => {
    if (running.current) return
    running.current = true
    setBusy(true)
    setError(undefined)
    call()
      .then(
        (answer) => {
          if (there.current) done(answer)
          else late?.(answer)
        },
        (thrown) => {
          if (!there.current) return
          const problem = asCountersignError(thrown)
          setError(problem)
          failed?.(problem)
        },
      )
      .finally(() => {
        running.current = false
        if (there.current) setBusy(false)
      })
      .catch(() => {})
  }, [])
  return { busy, error, clear, run }
}

/** Copies a text; says whether that worked. */
export function useCopy(): [
  outcome: 'copied' | 'failed' | undefined,
  copy: (text: string) => void,
] {
  const [outcome, setOutcome] = useState<'copied' | 'failed'>()
  useEffect(() => {
    if (!outcome) return
    const timer = setTimeout(() => setOutcome(undefined), 4 * SECOND)
    return () => clearTimeout(timer)
  }, [outcome])
  const copy = (text: string) => {
    const written = globalThis.navigator?.clipboard?.writeText(text) ?? Promise.reject()
    written.then(
      () => setOutcome('copied'),
      () => setOutcome('failed'),
    )
  }
  return [outcome, copy]
}
