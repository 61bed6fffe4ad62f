// What a user meets when they verify: the passkey's button, the choice of an authenticator app, a lock,
// and a notice where there is nothing to be done. They show, and decide nothing.
import { type ReactNode, useEffect, useRef } from 'react'
import type { CountersignError } from '../errors.ts'
import type { StepUpCredential } from '../prompt.ts'
import { Button, Problem, Said, useSecondsUntil } from './parts.tsx'
import { errorInWords, type StepUpTexts } from './texts.ts'
import { inTime, WaitSaid } from './waiting.tsx'

interface PasskeyPanelProps {
  texts: StepUpTexts
  busy: boolean
  error: CountersignError | undefined
  waitUntil?: number | undefined
  onPress: () => void
  /** What else can be done, where the passkey did not work. */
  ways: ReactNode
}

export function PasskeyPanel(props: PasskeyPanelProps) {
  const { texts, busy, error, waitUntil, onPress, ways } = props
  const button = useRef<HTMLButtonElement>(null)
  const waiting = useSecondsUntil(waitUntil)
  useEffect(() => button.current?.focus({ preventScroll: true }), [])
  return (
    <div className="countersign-form">
      <p className="countersign-hint">{texts.passkeyHint}</p>
      <Problem>{error && <p>{errorInWords(texts, error)}</p>}</Problem>
      <Button kind="primary" innerRef={button} busy={busy} disabled={waiting > 0} onPress={onPress}>
        {busy
          ? texts.passkeyPending
          : waiting > 0
            ? inTime(texts, 'waiting', waiting)
            : texts.usePasskey}
      </Button>
      <WaitSaid waitUntil={waitUntil} waiting={waiting} texts={texts} />
      <Said>{busy && texts.passkeyPending}</Said>
      {ways}
    </div>
  )
}

interface LockedProps {
  texts: StepUpTexts
  onPasskey: (() => void) | false
}

/** No code is taken any more; a passkey is, and ends the lock. */
export const Locked = ({ texts, onPasskey }: LockedProps) =>
  onPasskey ? (
    <div className="countersign-form">
      <Notice>{texts.lockedWithPasskey}</Notice>
      <Button kind="primary" onPress={onPasskey}>
        {texts.usePasskey}
      </Button>
    </div>
  ) : (
    <Notice>{texts.errors.locked}</Notice>
  )

/** Something to be read where there is nothing to be done. */
export function Notice({ children }: { children: string }) {
  const notice = useRef<HTMLParagraphElement>(null)
  useEffect(() => notice.current?.focus(), [])
  return (
    <Problem>
      <p ref={notice} tabIndex={-1}>
        {children}
      </p>
    </Problem>
  )
}

interface DevicesProps {
  apps: readonly StepUpCredential[]
  texts: StepUpTexts
  value: string | undefined
  onChange: (deviceId: string) => void
}

export const Devices = ({ apps, texts, value, onChange }: DevicesProps) => (
  <label className="countersign-form countersign-label">
    {texts.deviceLabel}
    <select
      className="countersign-input countersign-select"
      value={value}
      onChange={({ target }) => onChange(target.value)}
    >
      {apps.map(({ id, label }, index) => (
        <option key={id} value={id}>
          {label ?? texts.unnamedDevice(index + 1)}
        </option>
      ))}
    </select>
  </label>
)
