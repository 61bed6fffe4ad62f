// "Is a step-up needed now?" The server decides; where it cannot be asked, the answer is yes.
import type { Details } from '../contract/index.ts'
import { asCountersignError } from './errors.ts'
import { ask, type Countersign, instanceOf } from './instance.ts'
import { type ActionOrScope, namedFor, scopeOf } from './names.ts'
import type { StepUpAuth } from './prompt.ts'

type Asked = ActionOrScope & { details?: Details | undefined }

/**
 * Whether a step-up is needed before an action.
 *
 * @param details what is about to be done, where the rule may look at it
 * @returns true also where the server cannot be asked; false without a call where a fitting token is at hand
 * @example if (await isMfaRequiredForAction({ mfaAction: MFAAction.WalletWaasExport })) askForCode()
 */
export async function isMfaRequiredForAction(
  asked: Asked,
  instance?: Countersign,
): Promise<boolean> {
  return (await decide(instanceOf(instance), asked)).isRequired
}

/**
 * Whether a step-up is needed for a scope, and which of the user's factors can give it.
 *
 * @returns `isRequired` without credentials where the server cannot be asked, with the `cause`
 * @example const { isRequired, defaultCredentialId } = await checkStepUpAuth({ scope: 'wallet:export' })
 */
export async function checkStepUpAuth(asked: Asked, instance?: Countersign): Promise<StepUpAuth> {
  const countersign = instanceOf(instance)
  const auth = await decide(countersign, asked)
  if (auth.decision?.decision !== 'step_up') return auth
  const { methods } = auth.decision
  try {
    const { factors } = await ask(countersign.rpc.factor.list.query())
    const credentials = factors
      .filter(({ kind, passkey }) => passkey?.usable !== false && methods.includes(kind))
      .map(({ factorId, kind, label, isDefault }) => ({
        id: factorId,
        type: kind,
        label,
        isDefault,
      }))
      .sort((a, b) => +b.isDefault - +a.isDefault)
    const [first] = credentials
    return { ...auth, credentials, ...(first && { defaultCredentialId: first.id }) }
  } catch (error) {
    return { ...auth, cause: asCountersignError(error) }
  }
}

async function decide(instance: Countersign, { details, ...named }: Asked): Promise<StepUpAuth> {
  try {
    await instance.session()
    const scope = scopeOf(named) ?? instance.scopes.get(named.mfaAction ?? '')
    if (scope && instance.tokens.get({ scope, details })) {
      return { isRequired: false, credentials: [] }
    }
    const decision = await ask(
      instance.rpc.policy.check.query({ ...namedFor(named), ...(details && { details }) }),
    )
    instance.scopes.set(decision.action, decision.scope)
    // Fails closed: only an explicit false means that no step-up is required.
    return { isRequired: decision.required !== false, credentials: [], decision }
  } catch (error) {
    return { isRequired: true, credentials: [], cause: asCountersignError(error) }
  }
}

/**
 * Returns whether the user must enroll a factor before going on: the environment asks for one at
 * onboarding, and the user has no factor yet.
 *
 * @throws CountersignError where the server cannot be asked
 */
export async function isUserMissingMfaAuth(instance?: Countersign): Promise<boolean> {
  return (await ask(instanceOf(instance).rpc.factor.list.query())).mustEnroll
}
