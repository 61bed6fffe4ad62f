// Enrolling a factor: an authenticator app, or a passkey. Enrolling is not stepping up: no token comes
// of it. A settings page uses these as the dialog does.
import { useEffect, useRef, useState } from 'react'
import {
  confirmTotpMfaDevice,
  type RegisteredDevice,
  type Registration,
  registerPasskey,
  registerTotpMfaDevice,
} from '../devices.ts'
import { type CountersignError, isStepUpRequired } from '../errors.ts'
import type { Countersign } from '../instance.ts'
import { cancelCeremony } from '../passkey.ts'
import { CodeField } from './code-field.tsx'
import { Button, Problem, Said, useCall, useCopy } from './parts.tsx'
import { useCountersign } from './provider.ts'
import { QrCode } from './qr-code.tsx'
import { errorInWords, type StepUpTexts, type StepUpTextsPart, spoken, textsWith } from './texts.ts'
import { waitUntilOf } from './waiting.tsx'

/** Props of `EnrollTotp` and of `EnrollPasskey`. */
export interface EnrollProps extends Registration {
  /** The factor is there. With the first one come the recovery codes: show them by `RecoveryCodes`. */
  onDone: (enrolled: Enrolled) => void
  /** A `credential:link` token is needed first; without this the error is shown. */
  onStepUpRequired?: (error: CountersignError) => void
  instance?: Countersign
  texts?: StepUpTextsPart
}

/** What was enrolled. */
export interface Enrolled extends RegisteredDevice {
  /** From when an authenticator app shows a code that was not used yet, in epoch milliseconds. */
  nextCodeAt?: number
}

type Shown = Awaited<ReturnType<typeof registerTotpMfaDevice>>

const registrationOf = ({ label, accountName, assertion }: EnrollProps): Registration => ({
  ...(label && { label }),
  ...(accountName && { accountName }),
  ...(assertion && { assertion }),
})

/**
 * Enrolls an authenticator app: shows its QR code and key, and takes the first code.
 *
 * @example <EnrollTotp label="Phone" onDone={({ recoveryCodes }) => setCodes(recoveryCodes)} />
 */
export function EnrollTotp(props: EnrollProps) {
  const { onDone, onStepUpRequired } = props
  const instance = useCountersign(props.instance)
  const texts = textsWith(props.texts)
  const [shown, setShown] = useState<Shown>()
  const [waitUntil, setWait] = useState<number>()
  const [beginning, confirming] = [useCall(), useCall()]

  const begin = () =>
    beginning.run(() => registerTotpMfaDevice(registrationOf(props), instance), {
      done: setShown,
      failed: (error) => isStepUpRequired(error) && onStepUpRequired?.(error),
    })
  const hasBegun = useRef(false)
  useEffect(() => {
    if (hasBegun.current) return
    hasBegun.current = true
    begin()
  })
  const confirm = ({ deviceId, uri }: Shown, code: string) =>
    confirming.run(() => confirmTotpMfaDevice({ deviceId, code }, instance), {
      done: (registered) => onDone({ ...registered, nextCodeAt: nextCodeAt(uri) }),
      failed: (error) => {
        setWait(waitUntilOf(error))
        if (error.reason === 'challenge_expired') setShown(undefined)
      },
    })

  if (!shown) {
    const error = beginning.error ?? confirming.error
    return error ? (
      <Again problem={errorInWords(texts, error)} label={texts.retry} onPress={begin} />
    ) : (
      <p className="countersign-hint" role="status">
        {texts.loading}
      </p>
    )
  }
  return (
    <div className="countersign-form" {...spoken(texts)}>
      <p className="countersign-hint">{texts.scanHint}</p>
      <QrCode text={shown.uri} label={texts.qrLabel} />
      <a className="countersign-link countersign-open" href={shown.uri}>
        {texts.openApp}
      </a>
      <Secret secret={shown.secret} texts={texts} />
      <CodeField
        kind="totp"
        label={texts.enrollCodeLabel}
        submitLabel={texts.confirm}
        texts={texts}
        busy={confirming.busy}
        error={confirming.error}
        waitUntil={waitUntil}
        locked={confirming.error?.reason === 'locked'}
        onCode={(code) => confirm(shown, code)}
      />
    </div>
  )
}

/** When the step ends whose code was just used: a step is never accepted twice. */
function nextCodeAt(uri: string): number {
  const period = Number(new URLSearchParams(uri.split('?')[1]).get('period') ?? 30) * 1000 || 30_000
  return (Math.floor(Date.now() / period) + 1) * period
}

function Secret({ secret, texts }: { secret: string; texts: StepUpTexts }) {
  const [outcome, copy] = useCopy()
  return (
    <div className="countersign-secret">
      <span className="countersign-label">{texts.secretLabel}</span>
      <div className="countersign-row">
        <code dir="ltr">{secret.replace(/(.{4})(?=.)/g, '$1 ')}</code>
        <Button onPress={() => copy(secret)}>
          {outcome === 'copied' ? texts.copied : texts.copy}
        </Button>
      </div>
      <Said>{outcome && (outcome === 'copied' ? texts.copied : texts.copyFailed)}</Said>
    </div>
  )
}

interface AgainProps {
  problem: string | undefined
  label: string
  busy?: boolean
  onPress: () => void
}

/** What went wrong, and one button. */
export function Again({ problem, label, busy = false, onPress }: AgainProps) {
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => button.current?.focus(), [])
  return (
    <div className="countersign-form">
      <Problem>{problem && <p>{problem}</p>}</Problem>
      <Button kind="primary" innerRef={button} busy={busy} onPress={onPress}>
        {label}
      </Button>
    </div>
  )
}

/**
 * Enrolls a passkey: one button, and the browser asks the user.
 *
 * @example <EnrollPasskey label="Laptop" onDone={() => refetch()} />
 */
export function EnrollPasskey(props: EnrollProps) {
  const instance = useCountersign(props.instance)
  const texts = textsWith(props.texts)
  const { busy, error, run } = useCall()
  const isUnderWay = useRef(false)
  useEffect(
    () => () => {
      if (isUnderWay.current) cancelCeremony()
    },
    [],
  )
  const create = () => {
    isUnderWay.current = true
    run(() => registerPasskey(registrationOf(props), instance), {
      done: (registered) => {
        isUnderWay.current = false
        props.onDone(registered)
      },
      failed: (failure) => {
        isUnderWay.current = false
        if (isStepUpRequired(failure)) props.onStepUpRequired?.(failure)
      },
    })
  }
  return (
    <div className="countersign-form" {...spoken(texts)}>
      <p className="countersign-hint">{texts.passkeyHint}</p>
      <Again
        problem={error && errorInWords(texts, error)}
        label={busy ? texts.passkeyPending : texts.createPasskey}
        busy={busy}
        onPress={create}
      />
      <Said>{busy && texts.passkeyPending}</Said>
    </div>
  )
}
