// The dialog around a step-up: a native modal one, so that the browser keeps focus inside, closes it
// with Escape and makes the page behind it inert. See conversation.tsx for its content.
import { type SyntheticEvent, useId, useLayoutEffect, useRef } from 'react'
import { createPortal } from 'react-dom'
import type { CountersignError } from '../errors.ts'
import type { Countersign } from '../instance.ts'
import type { StepUpRequest } from '../prompt.ts'
import { prepareAnnouncement } from './announce.ts'
import { Conversation } from './conversation.tsx'
import { Button } from './parts.tsx'
import { useCountersign } from './provider.ts'
import { type StepUpTexts, type StepUpTextsPart, spoken, textsWith } from './texts.ts'
import type { StepUpHelp } from './ways.tsx'

/** How the dialog looks and speaks. */
export interface StepUpLook {
  /** Words in place of the default ones. */
  texts?: StepUpTextsPart | undefined
  /** In place of what the system prefers, or `data-theme` of the page says. */
  theme?: 'light' | 'dark' | undefined
  /** Whom a user asks who can use nothing that they are offered. Default: `texts.askSupport`. */
  help?: StepUpHelp | undefined
  /** Whether the action's name is shown below its words. Default: `shown` where it has no words. */
  actionName?: 'shown' | 'hidden' | undefined
}

/** Props of `StepUpDialog`. */
export interface StepUpDialogProps extends StepUpLook {
  /** What `withStepUp` asks its prompt. */
  request: StepUpRequest
  /** The user is verified, and the token in the store: answer `{ verified: true }`. */
  onVerified: () => void
  /** By button, Escape or the browser: answer null. */
  onCancel: () => void
  /** It cannot go on: throw this. Without it that is a cancel. */
  onFailed?: (error: CountersignError) => void
  instance?: Countersign
}

/** Events in the dialog are not events of the component that renders it. */
const stop = (event: SyntheticEvent) => event.stopPropagation()
const CONTAINED = {
  onClick: stop,
  onSubmit: stop,
  onKeyDown: stop,
  onKeyUp: stop,
  onChange: stop,
  onInput: stop,
  onPaste: stop,
}

/**
 * Asks the user for a step-up, for as long as it is rendered. `useStepUp` and `StepUpProvider` render it
 * when it is needed; render it yourself to prompt in your own way.
 *
 * @example {request && <StepUpDialog request={request} onVerified={done} onCancel={cancel} />}
 */
export function StepUpDialog({ request, onVerified, onCancel, ...props }: StepUpDialogProps) {
  const instance = useCountersign(props.instance)
  const texts = textsWith(props.texts)
  const dialog = useRef<HTMLDialogElement>(null)
  const isLeaving = useRef(false)
  const verified = useRef<StepUpTexts>(undefined)
  const id = useId()

  useLayoutEffect(() => {
    const { current } = dialog
    const opener = document.activeElement
    const announce = prepareAnnouncement()
    isLeaving.current = false
    current?.showModal()
    return () => {
      isLeaving.current = true
      current?.close()
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
      announce(verified.current)
    }
  }, [])

  return createPortal(
    <dialog
      {...CONTAINED}
      ref={dialog}
      className="countersign-dialog"
      data-theme={props.theme}
      {...spoken(texts)}
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-intro`}
      onCancel={(event) => {
        event.preventDefault()
        event.stopPropagation()
        onCancel()
      }}
      onClose={(event) => {
        event.stopPropagation()
        // A browser may close it without asking; this very component does it when it goes.
        if (!isLeaving.current && !dialog.current?.open) onCancel()
      }}
    >
      <div className="countersign-body">
        <Conversation
          request={request}
          instance={instance}
          texts={texts}
          ownTexts={props.texts}
          help={props.help}
          actionName={props.actionName}
          titleId={`${id}-title`}
          introId={`${id}-intro`}
          onVerified={() => {
            verified.current = texts
            onVerified()
          }}
          onFailed={props.onFailed ?? onCancel}
        />
        <Button kind="quiet" onPress={onCancel}>
          {texts.cancel}
        </Button>
      </div>
    </dialog>,
    document.body,
  )
}
