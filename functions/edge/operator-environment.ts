// The environment `operator`, in which operators are users of Countersign itself: they enroll factors there
// and step up before a change.
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

/** The object that holds an operator's factors and history. */
export const operatorObject = (bindings: Bindings, id: string) =>
  subjectObject(bindings, OPERATOR_ENVIRONMENT, id)

/**
 * The environment of the operators. Its keys are made when it is first needed; its settings are never
 * stored, they follow from where the service is.
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

/** The environment that an operator names: one of the applications', or their own. */
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
 * Returns whether any operator ever confirmed a factor: from then on every change asks for a step-up.
 * Until then, each call asks the operators' own objects; afterwards the Directory remembers it, even if
 * that operator is revoked.
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
