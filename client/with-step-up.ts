// Runs an action with the step-up that it needs: check, prompt, verify, run.
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
  /** Asks the user. Default: the prompt of the instance. */
  prompt?: StepUpPrompt | undefined
  /** Describes what the action will do. */
  details?: Details | undefined
}

/** A `fetch` that sends the token of the current action. */
export type StepUpFetch = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>

/**
 * Runs an action, and asks the user to step up first if that is needed. If the API still asks for a step-up,
 * asks the user once more and runs the action again. Throws if the API asks a second time.
 *
 * @param run performs the action with the given `fetch`, or with any other function of this SDK
 * @returns the result of `run`
 * @throws CountersignError `cancelled` by the user, `denied` by the rule, `details_required` if the rule or
 *   the API requires details and none were given, the reasons of the step-up, and any error of `run`
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
    // Never the scope of the challenge: an API could make the user step up for an action they do not see.
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
  wanted: { requestedScopes: string[]; details: Details | undefined },
  instance: Countersign,
): Promise<void> {
  if (!answer) throw new CountersignError('cancelled', 'The user cancelled.')
  if ('verified' in answer) return
  const { method, ...rest } = answer
  await AUTHENTICATE[method]({ ...wanted, ...rest } as never, instance)
}

const AUTHENTICATE = {
  passkey: authenticatePasskeyMFA,
  totp: authenticateTotpMfaDevice,
  recovery: authenticateMfaRecoveryCode,
}
