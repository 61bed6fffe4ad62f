// Shows the recovery codes once. The user copies or downloads them, and confirms that they are saved.
import { useEffect, useRef } from 'react'
import { acknowledgeRecoveryCodes } from '../devices.ts'
import type { Countersign } from '../instance.ts'
import { Button, Problem, Said, useCall, useCopy } from './parts.tsx'
import { useCountersign } from './provider.ts'
import { errorInWords, type StepUpTextsPart, spoken, textsWith } from './texts.ts'

/** Props of `RecoveryCodes`. */
export interface RecoveryCodesProps {
  codes: readonly string[]
  /** Called after the user confirmed this and the service recorded it. */
  onAcknowledged: () => void
  instance?: Countersign
  texts?: StepUpTextsPart
}

/**
 * Shows recovery codes, and asks the user to confirm that they are saved.
 *
 * @example <RecoveryCodes codes={codes} onAcknowledged={() => setCodes(undefined)} />
 */
export function RecoveryCodes({ codes, onAcknowledged, ...props }: RecoveryCodesProps) {
  const instance = useCountersign(props.instance)
  const texts = textsWith(props.texts)
  const [outcome, copy] = useCopy()
  const { busy, error, run } = useCall()
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => list.current?.focus(), [])
  const text = codes.join('\n')
  return (
    <div className="countersign-form" {...spoken(texts)}>
      <p className="countersign-hint">{texts.codesHint}</p>
      <ol className="countersign-codes" aria-label={texts.codesLabel} ref={list} tabIndex={-1}>
        {codes.map((code) => (
          <li key={code}>
            <code dir="ltr">{code}</code>
          </li>
        ))}
      </ol>
      <div className="countersign-row countersign-pair">
        <Button onPress={() => copy(text)}>
          {outcome === 'copied' ? texts.copied : texts.copy}
        </Button>
        <Button onPress={() => download(`${text}\n`, texts.codesFile)}>{texts.download}</Button>
      </div>
      <Said>{outcome === 'copied' && texts.copied}</Said>
      <Problem>
        {outcome === 'failed' && <p>{texts.copyFailed}</p>}
        {error && <p>{errorInWords(texts, error)}</p>}
      </Problem>
      <Button
        kind="primary"
        busy={busy}
        onPress={() => run(() => acknowledgeRecoveryCodes(instance), { done: onAcknowledged })}
      >
        {texts.codesSaved}
      </Button>
    </div>
  )
}

function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}
