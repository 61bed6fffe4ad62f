// Asks the server whether a step-up is needed. If the server cannot be asked, the answer is yes.
import type { Details } from '../contract/index.ts'
import { asCountersignError } from './errors.ts'
import { ask, type Countersign, instanceOf } from './instance.ts'
import { type ActionOrScope, namedFor, scopeOf } from './names.ts'
import type { StepUpAuth } from './prompt.ts'

type Asked = ActionOrScope & { details?: Details | undefined }

/**
 * Returns whether a step-up is needed before an action.
 *
 * @param asked.details describes what the action will do, for rules that read it
 * @returns true also if the server cannot be asked; false without a call if the store holds a matching token
 * @example if (await isMfaRequiredForAction({ mfaAction: MFAAction.WalletWaasExport })) askForCode()
 */
export async function isMfaRequiredForAction(
  asked: Asked,
  instance?: Countersign,
): Promise<boolean> {
  return (await decide(instanceOf(instance), asked)).isRequired
}

/**
 * Returns whether a step-up is needed for a scope, and the user's factors that are strong enough.
 *
 * @returns `isRequired` with the `cause` and without credentials if the server cannot be asked
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
 * Returns whether the user must enroll a factor now: the environment requires one at onboarding, and the
 * user has none yet.
 *
 * @throws CountersignError if the server cannot be asked
 */
export async function isUserMissingMfaAuth(instance?: Countersign): Promise<boolean> {
  return (await ask(instanceOf(instance).rpc.factor.list.query())).mustEnroll
}
