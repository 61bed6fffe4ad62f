// The whole of a step-up around one action: check, prompt, verify, run.
import type { Details } from '../contract/index.ts'
import { checkStepUpAuth } from './check.ts'
import { CountersignError, isStepUpRequired, type StepUpRequiredError } from './errors.ts'
import { faultOf } from './fault.ts'
import { countersignFetch } from './fetch.ts'
import { type Countersign, instanceOf, learnScope } from './instance.ts'
import type { MFAAction } from './names.ts'
import type { StepUpAnswer, StepUpPrompt } from './prompt.ts'
import {
  authenticateMfaRecoveryCode,
  authenticatePasskeyMFA,
  authenticateTotpMfaDevice,
} from './step-up.ts'

export interface WithStepUpOptions {
  /** Asks the user; the instance's own prompt where it is left out. */
  prompt?: StepUpPrompt | undefined
  /** What is about to be done. */
  details?: Details | undefined
}

/** `fetch` that sends the token of the action at hand. */
export type StepUpFetch = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>

/**
 * Runs an action, and has the user verified before it where that is needed. Where the API asks for a
 * step-up all the same, that is answered once; a second time it is thrown.
 *
 * @param run does it, with the `fetch` that it is given or any other function of this SDK
 * @returns what `run` returns
 * @throws CountersignError `cancelled` by the user, `denied` by the rule, `details_required` where the rule
 *   or the API requires details and none were given, those of verifying, and any error that `run` throws
 * @example
 * const response = await withStepUp('wallet.waas.export', (fetch) => fetch('/api/export', { method: 'POST' }), { prompt })
 */
export async function withStepUp<T>(
  action: MFAAction,
  run: (fetch: StepUpFetch) => Promise<T>,
  { prompt, details }: WithStepUpOptions = {},
  instance?: Countersign,
): Promise<T> {
  const countersign = instanceOf(instance)
  const asks = prompt ?? countersign.options.prompt
  const stepUp = async (challenge?: StepUpRequiredError) => {
    const auth = await checkStepUpAuth({ mfaAction: action, details }, countersign)
    if (!auth.isRequired && !challenge) return
    const { decision } = auth
    const fault = faultOf(decision, details, challenge?.requirement)
    if (fault) throw fault
    if (!asks) throw challenge ?? new CountersignError('step_up_required', 'Pass a `prompt`.')
    // Never the challenge's: an API could have the user verify for another action than they see.
    const scope = decision?.scope ?? (await learnScope(countersign, { mfaAction: action }))
    const answer = await asks({
      ...auth,
      action,
      scope,
      methods: challenge?.methods ?? decision?.methods ?? [],
      enroll: decision?.decision === 'enroll' || challenge?.reason === 'enrollment_required',
      details,
    })
    await verify(answer, { requestedScopes: [scope], details }, countersign)
  }
  const act = () =>
    run((input, init) =>
      countersignFetch(input, { ...init, mfaAction: action, details }, countersign),
    )

  await stepUp()
  try {
    return await act()
  } catch (error) {
    if (!isStepUpRequired(error)) throw error
    await stepUp(error)
    return act()
  }
}

async function verify(
  answer: StepUpAnswer,
  wish: { requestedScopes: string[]; details: Details | undefined },
  instance: Countersign,
): Promise<void> {
  if (!answer) throw new CountersignError('cancelled', 'The user cancelled.')
  if ('verified' in answer) return
  const { method, ...rest } = answer
  await AUTHENTICATE[method]({ ...wish, ...rest } as never, instance)
}

const AUTHENTICATE = {
  passkey: authenticatePasskeyMFA,
  totp: authenticateTotpMfaDevice,
  recovery: authenticateMfaRecoveryCode,
}
