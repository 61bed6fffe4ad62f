// One field for a code, and the button beside it: of an authenticator app or of the recovery codes.
// What is done with the code is its caller's.
import { type FormEvent, useEffect, useId, useRef, useState } from 'react'
import type { CountersignError } from '../errors.ts'
import { Button, Problem, Said, useSecondsUntil } from './parts.tsx'
import { errorInWords, type StepUpTexts } from './texts.ts'
import { inTime, WaitSaid } from './waiting.tsx'

interface CodeFieldProps {
  kind: 'totp' | 'recovery'
  label: string
  hint?: string | undefined
  submitLabel: string
  texts: StepUpTexts
  busy: boolean
  error: CountersignError | undefined
  /** Until when no code is taken, in epoch milliseconds. */
  waitUntil?: number | undefined
  /** Until when the code that was just used is still shown, in epoch milliseconds. */
  nextCodeAt?: number | undefined
  locked?: boolean
  onCode: (code: string) => void
}

/** What a user types around a code, or pastes with it. */
const AROUND = /[\s\-–]/g
const TOTP = /^\d{6,8}$/

/** Returns a code as it is sent, or undefined while it is incomplete. */
const read = (kind: CodeFieldProps['kind'], typed: string): string | undefined => {
  if (kind === 'recovery') return typed.trim() || undefined
  const digits = typed.replace(AROUND, '')
  return TOTP.test(digits) ? digits : undefined
}

export function CodeField(props: CodeFieldProps) {
  const { kind, label, hint, submitLabel, texts, busy, error, waitUntil, nextCodeAt, locked } =
    props
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState('')
  const [isIncomplete, setIncomplete] = useState(false)
  const waiting = useSecondsUntil(waitUntil)
  const untilNext = useSecondsUntil(nextCodeAt)

  useEffect(() => input.current?.focus({ preventScroll: true }), [])
  // A wrong code is selected: the next one replaces it.
  useEffect(() => {
    if (!error) return
    input.current?.focus()
    input.current?.select()
  }, [error])

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (busy || locked || waiting > 0 || untilNext > 0) return
    const code = read(kind, typed)
    setIncomplete(!code)
    if (code) props.onCode(code)
    else input.current?.focus()
  }
  const problem = isIncomplete
    ? texts.codeIncomplete
    : error && error.reason !== 'rate_limited' && errorInWords(texts, error)
  const isWaiting = waiting > 0
  const described = [hint && `${id}-hint`, problem && `${id}-problem`, isWaiting && `${id}-waiting`]
  return (
    <form className="countersign-form" noValidate onSubmit={submit}>
      <label className="countersign-label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        ref={input}
        className={`countersign-input countersign-input-${kind}`}
        value={typed}
        onChange={({ target }) => {
          setTyped(target.value)
          setIncomplete(false)
        }}
        aria-invalid={Boolean(problem) || undefined}
        aria-describedby={described.filter(Boolean).join(' ') || undefined}
        dir="ltr"
        spellCheck={false}
        autoCapitalize={kind === 'totp' ? 'none' : 'characters'}
        {...(kind === 'totp'
          ? { inputMode: 'numeric', autoComplete: 'one-time-code', pattern: '[0-9 ]*' }
          : { autoComplete: 'off' })}
      />
      {hint && (
        <p id={`${id}-hint`} className="countersign-hint">
          {hint}
        </p>
      )}
      <Problem id={`${id}-problem`}>{problem && <p>{problem}</p>}</Problem>
      {isWaiting && (
        <p id={`${id}-waiting`} className="countersign-waiting" aria-hidden="true">
          {inTime(texts, 'waiting', waiting)}
        </p>
      )}
      <WaitSaid waitUntil={waitUntil} waiting={waiting} texts={texts} />
      <Said>{busy && texts.verifying}</Said>
      <Button
        type="submit"
        kind="primary"
        busy={busy}
        disabled={locked || isWaiting || untilNext > 0}
      >
        {busy
          ? texts.verifying
          : untilNext > 0
            ? inTime(texts, 'nextCodeIn', untilNext)
            : submitLabel}
      </Button>
    </form>
  )
}
