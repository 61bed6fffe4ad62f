// Faults that the user cannot correct. They are thrown before the user is asked.
import type { Details, PolicyDecision, Requirement } from '../contract/index.ts'
import { CountersignError } from './errors.ts'

/**
 * Returns why a step-up cannot begin: the rule denies the action, or `details` are required and missing.
 *
 * @param requirement the API's requirement, if it refused the call
 * @returns the error to throw, or undefined if the user can be asked
 * @example const fault = faultOf(auth.decision, details)
 */
export function faultOf(
  decision: PolicyDecision | undefined,
  details: Details | undefined,
  requirement?: Requirement,
): CountersignError | undefined {
  if (decision?.decision === 'deny')
    return new CountersignError('denied', `The rule denies this action (${decision.reason}).`)
  return !details && (requirement ?? decision)?.details === 'required'
    ? new CountersignError(
        'details_required',
        'This action needs `details`: pass them in the options.',
      )
    : undefined
}
