// Enrolling a first factor outside of any action, such as right after signing in: what the environment
// offers, one of it enrolled, and the recovery codes. use-onboarding.ts decides whether to ask at all.
import { useEffect, useId, useRef, useState } from 'react'
import { checkStepUpAuth } from '../check.ts'
import { getMfaMethods, type Registration } from '../devices.ts'
import type { Countersign } from '../instance.ts'
import { MFAAction } from '../names.ts'
import { Again, type Enrolled, EnrollPasskey, EnrollTotp } from './enroll.tsx'
import { type Kind, Kinds, kindsOf } from './kinds.tsx'
import { Button, useCall } from './parts.tsx'
import { useCountersign } from './provider.ts'
import { RecoveryCodes } from './recovery-codes.tsx'
import { errorInWords, type StepUpTexts, type StepUpTextsPart, spoken, textsWith } from './texts.ts'
import { useUserName } from './user.ts'

/** Props of `Onboarding`. */
export interface OnboardingProps extends Pick<Registration, 'assertion'> {
  /**
   * The user has a factor and has put the recovery codes away; or had a factor before this was rendered,
   * in which case they are asked nothing.
   */
  onDone: () => void
  instance?: Countersign
  texts?: StepUpTextsPart
}

type Step =
  | { at: 'ask' }
  | { at: 'choose'; kinds: readonly Kind[] }
  | { at: 'enroll'; kinds: readonly Kind[]; kind: Kind }
  | { at: 'codes'; codes: readonly string[] }

/**
 * Has the signed-in user enroll a first factor, wherever on a page it is rendered: a choice of what the
 * environment offers, the enrolment, the recovery codes. What fails is said, with a way to try again;
 * when somebody else signs in it begins again. Enrolling is not stepping up: no token comes of it.
 *
 * Keep it until `onDone`: once the factor is there the user is not missing one any more, and the recovery
 * codes are still to be shown. `useOnboarding` does.
 *
 * @example if (state === 'needed') return <Onboarding onDone={finish} />
 */
export function Onboarding(props: OnboardingProps) {
  const instance = useCountersign(props.instance)
  // What was shown to one user, codes above all, is not for the next.
  const user = useUserName(instance)
  return <Steps key={user ?? ''} {...props} instance={instance} />
}

function Steps({ instance, onDone, ...props }: OnboardingProps & { instance: Countersign }) {
  const texts = textsWith(props.texts)
  const [step, setStep] = useState<Step>({ at: 'ask' })
  const { error, run } = useCall()
  const id = useId()

  const ask = () => {
    setStep({ at: 'ask' })
    run(() => whatIsOffered(instance), {
      done: ({ isEnrolled, kinds }) => {
        const [first, ...others] = kinds
        if (isEnrolled) onDone()
        else if (!first || others.length > 0) setStep({ at: 'choose', kinds })
        else setStep({ at: 'enroll', kinds, kind: first })
      },
    })
  }
  const hasAsked = useRef(false)
  useEffect(() => {
    if (hasAsked.current) return
    hasAsked.current = true
    ask()
  })
  const enrolled = ({ recoveryCodes }: Enrolled) => {
    if (recoveryCodes) setStep({ at: 'codes', codes: recoveryCodes })
    else onDone()
  }

  const shared = { instance, ...(props.texts && { texts: props.texts }) }
  const { title, intro } = heading(step, texts)
  return (
    <section className="countersign-onboarding" aria-labelledby={id} {...spoken(texts)}>
      <header className="countersign-header">
        <h2 id={id}>{title}</h2>
        <p>{intro}</p>
      </header>
      {panel()}
    </section>
  )

  function panel() {
    switch (step.at) {
      case 'ask': {
        if (!error) return <Loading texts={texts} />
        const problem = error.reason === 'unavailable' ? texts.offline : errorInWords(texts, error)
        return <Again problem={problem} label={texts.retry} onPress={ask} />
      }
      case 'choose':
        return step.kinds.length === 0 ? (
          <Again problem={texts.nothingToEnroll} label={texts.retry} onPress={ask} />
        ) : (
          <Kinds
            kinds={step.kinds}
            texts={texts}
            onChoose={(kind) => setStep({ ...step, at: 'enroll', kind })}
          />
        )
      case 'enroll': {
        const { kinds, kind } = step
        const Enroll = kind === 'totp' ? EnrollTotp : EnrollPasskey
        return (
          <>
            <Enroll
              {...shared}
              {...(props.assertion && { assertion: props.assertion })}
              onDone={enrolled}
              // Another tab was faster: there is a factor already.
              onStepUpRequired={ask}
            />
            {kinds.length > 1 && (
              <Button kind="quiet" onPress={() => setStep({ at: 'choose', kinds })}>
                {texts.anotherMethod}
              </Button>
            )}
          </>
        )
      }
      case 'codes':
        return <RecoveryCodes {...shared} codes={step.codes} onAcknowledged={onDone} />
    }
  }
}

const Loading = ({ texts }: { texts: StepUpTexts }) => (
  <p className="countersign-hint" role="status">
    {texts.loading}
  </p>
)

const heading = ({ at }: Step, texts: StepUpTexts) =>
  at === 'codes'
    ? { title: texts.codesTitle, intro: texts.codesIntro }
    : { title: texts.enrollTitle, intro: texts.onboardingIntro }

/** Whether there is a factor already, and else which kinds the rule for adding one takes. */
async function whatIsOffered(instance: Countersign) {
  const [{ enrolled: isEnrolled }, { decision, cause }] = await Promise.all([
    getMfaMethods(instance),
    checkStepUpAuth({ mfaAction: MFAAction.CredentialLink }, instance),
  ])
  if (cause) throw cause
  return { isEnrolled, kinds: kindsOf(decision?.methods ?? []) }
}
