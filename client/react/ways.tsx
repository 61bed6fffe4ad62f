// Shows the options of a user who cannot use a method: another method, a recovery code that lets them add a new
// factor, and whom to ask. The caller acts on the choice.
import { useEffect, useId, useRef, useState } from 'react'
import { checkStepUpAuth } from '../check.ts'
import { getMfaMethods } from '../devices.ts'
import type { Countersign } from '../instance.ts'
import { MFAAction } from '../names.ts'
import { Choices } from './choices.tsx'
import { Notice } from './panels.tsx'
import { Button, Problem, useCall } from './parts.tsx'
import { errorInWords, type StepUpTexts } from './texts.ts'

/** Whom to ask for help. */
export interface StepUpHelp {
  text: string
  /** Where it leads: an address of http, https or mailto, or of the page's own origin. Any other is not a link. */
  href?: string
}

/** A method that the user has. */
export type Offered = 'passkey' | 'totp' | 'recovery'

export interface WaysProps {
  instance: Countersign
  texts: StepUpTexts
  help: StepUpHelp | undefined
  /** The user's other methods. */
  others: readonly Offered[]
  onMethod: (method: Offered) => void
  /** Adds a factor with a recovery code; missing where that is not possible in this step. */
  onRecover: (() => void) | undefined
}

const RECOVER = 'recover'

/** The options, below a method that failed. */
export function Ways({ problem, ...props }: WaysProps & { problem?: boolean }) {
  const { instance, texts, help, others, onMethod, onRecover } = props
  const [codesLeft, setCodesLeft] = useState(0)
  const { busy, error, run } = useCall()
  const isOffered = onRecover !== undefined
  useEffect(() => {
    if (isOffered) run(() => usableRecoveryCodes(instance), { done: setCodesLeft })
  }, [isOffered, instance, run])

  const choices: { id: Offered | typeof RECOVER; title: string; hint?: string }[] = [
    ...others.map((id) => ({ id, title: texts.methods[id] })),
    ...(codesLeft > 0
      ? [
          {
            id: RECOVER,
            title: texts.recoverFactor,
            hint: texts.recoverFactorHint(codesLeft),
          } as const,
        ]
      : []),
  ]
  return (
    <div className="countersign-form">
      {choices.length > 0 && (
        <Choices
          label={texts.cannotUseTitle}
          choices={choices}
          takesFocus={false}
          onChoose={(id) => (id === RECOVER ? onRecover?.() : onMethod(id))}
        />
      )}
      {busy && (
        <p className="countersign-hint" role="status">
          {texts.loading}
        </p>
      )}
      <Problem>{problem && error && <p>{errorInWords(texts, error)}</p>}</Problem>
      <HelpLine help={help} texts={texts} />
    </div>
  )
}

/** Says why the user cannot go on, and whom to ask. */
export const DeadEnd = ({ notice, ...help }: HelpLineProps & { notice: string }) => (
  <div className="countersign-form">
    <Notice>{notice}</Notice>
    <HelpLine {...help} />
  </div>
)

/** The options as a panel of their own, with a button that leads back. */
export function CannotUse({ onBack, ...props }: WaysProps & { onBack: () => void }) {
  const { texts } = props
  const heading = useRef<HTMLHeadingElement>(null)
  const id = useId()
  useEffect(() => heading.current?.focus(), [])
  return (
    <>
      <section className="countersign-form" aria-labelledby={id}>
        <h3 id={id} ref={heading} tabIndex={-1} className="countersign-subtitle">
          {texts.cannotUseTitle}
        </h3>
        <p className="countersign-hint">{texts.cannotUseIntro}</p>
        <Ways {...props} problem />
      </section>
      <Button kind="quiet" onPress={onBack}>
        {texts.back}
      </Button>
    </>
  )
}

type HelpLineProps = Pick<WaysProps, 'help' | 'texts'>

/** Whom to ask, below a step. */
export function HelpLine({ help, texts }: HelpLineProps) {
  const { text, href } = help ?? { text: texts.askSupport }
  const address = href === undefined ? undefined : linkOf(href)
  return (
    <p className="countersign-help">
      {address ? (
        <a className="countersign-link" href={address} target="_blank" rel="noreferrer">
          {text}
        </a>
      ) : (
        text
      )}
    </p>
  )
}

const LINKED = ['http:', 'https:', 'mailto:']

/** Returns an address that may be a link: nothing that would run as a script. */
function linkOf(href: string): string | undefined {
  if (!URL.canParse(href, location.href)) return undefined
  const { protocol, host, href: address } = new URL(href, location.href)
  const isOwn = protocol === location.protocol && host !== '' && host === location.host
  return isOwn || LINKED.includes(protocol) ? address : undefined
}

/** How many recovery codes could be used to add a factor: none where the rule for adding one takes no code. */
async function usableRecoveryCodes(instance: Countersign): Promise<number> {
  const [{ recovery }, { decision, cause }] = await Promise.all([
    getMfaMethods(instance),
    checkStepUpAuth({ mfaAction: MFAAction.CredentialLink }, instance),
  ])
  if (cause) throw cause
  const isTaken = decision?.decision === 'step_up' && decision.methods.includes('recovery')
  return isTaken ? recovery.remaining : 0
}
