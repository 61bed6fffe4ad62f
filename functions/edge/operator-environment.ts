// The environment `operator`. In it, operators are users of Countersign itself: they enroll factors, and step
// up before a change.
import {
  FIRST_OPERATOR,
  OPERATOR_ENVIRONMENT,
  operatorActions,
  operatorSettings,
} from '../domain/operators.ts'
import { Refused } from '../domain/refusal.ts'
import { offeredBy, resolveSettings } from '../domain/settings/settings.ts'
import type { Bindings } from '../env.ts'
import { forgetEnvironment, type LiveEnvironment, openEnvironment } from './environment.ts'
import { directoryObject, environmentObject, subjectObject } from './objects.ts'

/** Returns the object that holds an operator's factors and history. */
export const operatorObject = (bindings: Bindings, id: string) =>
  subjectObject(bindings, OPERATOR_ENVIRONMENT, id)

/**
 * Returns the environment of the operators. It is created when it is first needed. Its settings follow from
 * the address of the service.
 */
export async function openOperators(bindings: Bindings): Promise<LiveEnvironment> {
  const [opened, guarded] = await Promise.all([openOrMake(bindings), isGuarded(bindings)])
  const settings = resolveSettings(operatorSettings(bindings.publicUrl))
  return {
    ...opened,
    settings,
    actions: operatorActions(opened.issuer, guarded),
    offered: offeredBy(settings),
  }
}

/** Returns the environment that an operator names: an application's, or the operators' own. */
export const openFor = (bindings: Bindings, id: string): Promise<LiveEnvironment> =>
  id === OPERATOR_ENVIRONMENT ? openOperators(bindings) : openEnvironment(bindings, id)

async function openOrMake(bindings: Bindings): Promise<LiveEnvironment> {
  try {
    return await openEnvironment(bindings, OPERATOR_ENVIRONMENT)
  } catch (error) {
    if (!(error instanceof Refused) || error.refusal.reason !== 'unknown_environment') throw error
  }
  const settings = operatorSettings(bindings.publicUrl)
  // Another call may have created it in the meantime.
  await environmentObject(bindings, OPERATOR_ENVIRONMENT).create(
    OPERATOR_ENVIRONMENT,
    settings,
    FIRST_OPERATOR,
  )
  forgetEnvironment(OPERATOR_ENVIRONMENT)
  return openEnvironment(bindings, OPERATOR_ENVIRONMENT)
}

/**
 * Returns whether any operator has ever confirmed a factor. From then on, every change needs a step-up. Until
 * then, each call asks the operators' objects. The Directory then remembers it, even if the operator is
 * revoked.
 */
export async function isGuarded(bindings: Bindings): Promise<boolean> {
  const directory = directoryObject(bindings)
  const { operators, guarded } = await directory.operators()
  if (guarded) return true
  const persons = operators.filter(({ automation }) => !automation).map(({ id }) => id)
  const asked = [FIRST_OPERATOR, ...persons].map((id) => isEnrolled(bindings, id))
  const found = (await Promise.all(asked)).some(Boolean)
  if (found) await directory.guard()
  return found
}

export const isEnrolled = (bindings: Bindings, id: string): Promise<boolean> =>
  operatorObject(bindings, id).isEnrolled()
