// What the dialog says from its first word to its last: reach the server, enroll where there is
// nothing to verify with, verify. It shows one thing at a time, and ends in one of three ways.
import { useState } from 'react'
import { checkStepUpAuth } from '../check.ts'
import type { CountersignError } from '../errors.ts'
import { faultOf } from '../fault.ts'
import type { Countersign } from '../instance.ts'
import { MFAAction, TokenScope } from '../names.ts'
import type { StepUpAuth, StepUpRequest } from '../prompt.ts'
import { DetailList } from './details.tsx'
import { Again, type Enrolled, EnrollPasskey, EnrollTotp } from './enroll.tsx'
import { type Kind, Kinds, kindsOf, kindsToAdd } from './kinds.tsx'
import { Button, useCall } from './parts.tsx'
import { askedFor } from './prompt-queue.ts'
import { RecoveryCodes } from './recovery-codes.tsx'
import { actionInWords, errorInWords, type StepUpTexts, type StepUpTextsPart } from './texts.ts'
import { Verify } from './verify.tsx'
import { DeadEnd, HelpLine, type StepUpHelp } from './ways.tsx'

export interface ConversationProps {
  request: StepUpRequest
  instance: Countersign
  texts: StepUpTexts
  ownTexts: StepUpTextsPart | undefined
  help: StepUpHelp | undefined
  actionName: 'shown' | 'hidden' | undefined
  titleId: string
  introId: string
  onVerified: () => void
  /** It cannot go on, and not by the user's will. */
  onFailed: (error: CountersignError) => void
}

type Step =
  | { at: 'verify'; nextCodeAt?: number | undefined }
  | { at: 'choose' }
  | { at: 'enroll'; kind: Kind }
  | { at: 'link'; kind: Kind; auth: StepUpAuth | undefined }
  | { at: 'recover' }
  | { at: 'codes'; codes: readonly string[]; enrolled: Enrolled }

export function Conversation(props: ConversationProps) {
  const { instance, texts, ownTexts, help, titleId, introId, onVerified, onFailed } = props
  const [request, setRequest] = useState(props.request)
  const [step, setStep] = useState<Step>({ at: request.enroll ? 'choose' : 'verify' })
  const [codeWait, onCodeWait] = useState<number>()
  const { busy, run } = useCall()
  const { action, scope, details, cause } = request
  const kinds = kindsOf(request.methods)

  const ask = () =>
    run(() => checkStepUpAuth({ mfaAction: action, details }, instance), {
      done: (auth) => {
        if (!auth.isRequired) return onVerified()
        const fault = faultOf(auth.decision, details)
        if (fault) return onFailed(fault)
        const { cause: _, ...before } = request
        const again: StepUpRequest = { ...before, ...auth, ...askedFor(auth, before) }
        setRequest(again)
        setStep({ at: again.enroll ? 'choose' : 'verify' })
      },
    })
  const link = (kind: Kind) => {
    setStep({ at: 'link', kind, auth: undefined })
    run(() => checkStepUpAuth({ mfaAction: MFAAction.CredentialLink }, instance), {
      done: (auth) =>
        setStep(auth.isRequired ? { at: 'link', kind, auth } : { at: 'enroll', kind }),
    })
  }
  const enrolled = (done: Enrolled) => {
    const { device, recoveryCodes } = done
    const { id, type, label } = device
    setRequest({
      ...request,
      methods: [type],
      credentials: [{ id, type, label, isDefault: true }],
      defaultCredentialId: id,
    })
    if (recoveryCodes) setStep({ at: 'codes', codes: recoveryCodes, enrolled: done })
    else setStep({ at: 'verify', nextCodeAt: done.nextCodeAt })
  }

  const shared = { instance, ...(ownTexts && { texts: ownTexts }) }
  const verifying = { instance, texts, help, codeWait, onCodeWait }
  const linkProps = { ...verifying, scope: TokenScope.Credentiallink, details: undefined }
  // The action is named where it is decided on, and not over a step of something else.
  const isAsking = step.at === 'verify' || step.at === 'choose'
  const { what, isInWords } = actionInWords(texts, action, request.decision)
  const { title, intro } = heading(cause ? 'verify' : step.at, what, texts)
  const isNamed = (props.actionName ?? (isInWords ? 'hidden' : 'shown')) === 'shown'
  // The steps that verify offer more ways than this, and a dead end says it already.
  const isDeadEnd = step.at === 'choose' && kinds.length === 0
  const asks = Boolean(cause) || (['choose', 'enroll', 'codes'].includes(step.at) && !isDeadEnd)
  return (
    <>
      <header className="countersign-header">
        <h2 id={titleId}>{title}</h2>
        <p id={introId}>{intro}</p>
        {isAsking && isNamed && (
          <p className="countersign-name" dir="ltr">
            {action}
          </p>
        )}
      </header>
      {isAsking && details && (
        <DetailList details={details} display={request.decision?.display} texts={texts} />
      )}
      {panel()}
      {asks && <HelpLine help={help} texts={texts} />}
    </>
  )

  function panel() {
    if (cause) {
      const unreachable = cause.reason === 'unavailable'
      const problem = unreachable ? texts.offline : errorInWords(texts, cause)
      const label = busy ? texts.loading : texts.retry
      return <Again problem={problem} label={label} busy={busy} onPress={ask} />
    }
    switch (step.at) {
      case 'choose':
        return kinds.length === 0 ? (
          <DeadEnd notice={texts.nothingToEnroll} help={help} texts={texts} />
        ) : (
          <Kinds kinds={kinds} texts={texts} onChoose={(kind) => setStep({ at: 'enroll', kind })} />
        )
      case 'enroll': {
        const Enroll = step.kind === 'totp' ? EnrollTotp : EnrollPasskey
        return (
          <>
            <Enroll {...shared} onDone={enrolled} onStepUpRequired={() => link(step.kind)} />
            {kinds.length > 1 && (
              <Button kind="quiet" onPress={() => setStep({ at: 'choose' })}>
                {texts.anotherMethod}
              </Button>
            )}
          </>
        )
      }
      case 'codes':
        return (
          <RecoveryCodes
            {...shared}
            codes={step.codes}
            onAcknowledged={() => setStep({ at: 'verify', nextCodeAt: step.enrolled.nextCodeAt })}
          />
        )
      case 'link':
        return linking(step)
      case 'verify':
        return (
          <Verify
            key={scope}
            {...verifying}
            scope={scope}
            details={details}
            methods={request.methods}
            credentials={request.credentials}
            nextCodeAt={step.nextCodeAt}
            onRecover={
              scope === TokenScope.Credentiallink ? undefined : () => setStep({ at: 'recover' })
            }
            onVerified={onVerified}
          />
        )
      case 'recover':
        return (
          <Verify
            key="recover"
            {...linkProps}
            methods={['recovery']}
            credentials={[]}
            onBack={() => setStep({ at: 'verify' })}
            onVerified={() => {
              setRequest({ ...request, methods: kindsToAdd(request), enroll: true })
              setStep({ at: 'choose' })
            }}
          />
        )
    }
  }
  /** A further factor takes a step-up of its own, with what the user has. */
  function linking({ kind, auth }: Extract<Step, { at: 'link' }>) {
    const problem = auth?.cause && errorInWords(texts, auth.cause)
    if (!auth || problem) {
      const label = busy ? texts.loading : texts.retry
      return <Again problem={problem} label={label} busy={busy} onPress={() => link(kind)} />
    }
    const { decision, credentials } = auth
    if (decision?.decision !== 'step_up')
      return <DeadEnd notice={texts.nothingUsable} help={help} texts={texts} />
    return (
      <Verify
        key="link"
        {...linkProps}
        methods={decision.methods}
        credentials={credentials}
        onVerified={() => setStep({ at: 'enroll', kind })}
      />
    )
  }
}

function heading(at: Step['at'], what: string, texts: StepUpTexts) {
  if (at === 'codes') return { title: texts.codesTitle, intro: texts.codesIntro }
  if (at === 'recover') return { title: texts.title, intro: texts.recoverIntro }
  if (at === 'link') return { title: texts.title, intro: texts.linkFirst }
  return at === 'verify'
    ? { title: texts.title, intro: texts.intro(what) }
    : { title: texts.enrollTitle, intro: texts.enrollIntro(what) }
}
