// What an application catches: one error with a reason. Recognize it by its name, not by its class, so
// that two copies of this package understand each other.
import type { Details, Reason, Requirement } from '../contract/index.ts'
import type { CountersignErrorData } from './generated.ts'
import { reasonOf } from './rpc.ts'

/** Why a passkey's ceremony ended without an answer. */
export type CeremonyReason =
  /** The user closed the prompt, or a newer ceremony took its place. */
  | 'cancelled'
  /** The page may not use passkeys here: its origin, a permissions policy, a missing focus. */
  | 'not_allowed'
  /** The user has no passkey that could answer. */
  | 'no_credential'
  /** The browser or the authenticator cannot do this. */
  | 'unsupported'
  /** Nobody answered in time. */
  | 'timeout'

/** A reason of the contract, or one of a ceremony in the browser. */
export type CountersignReason = Reason | CeremonyReason

const NAME = 'CountersignError'

/** More of an error than its reason. */
export interface CountersignErrorOptions extends Omit<CountersignErrorData, 'reason'> {
  cause?: unknown
}

/**
 * Why something of the SDK did not happen.
 *
 * @example if (isCountersignError(error) && error.reason === 'invalid_code') askAgain()
 */
export class CountersignError extends Error {
  override readonly name: string = NAME
  readonly reason: CountersignReason
  /** How long to wait before another try, in seconds, where waiting helps. */
  readonly retryAfterSeconds: number | undefined
  /** How many wrong codes are left before a wait or a lock. */
  readonly attemptsLeft: number | undefined
  /** What is asked of a token, where a step-up is missing. */
  readonly requirement: Requirement | undefined

  constructor(reason: CountersignReason, message: string, options: CountersignErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.reason = reason
    this.retryAfterSeconds = options.retryAfterSeconds
    this.attemptsLeft = options.attemptsLeft
    this.requirement = options.requirement
  }
}

/** An API asked for a step-up (RFC 9470): what to verify, and for which details. */
export class StepUpRequiredError extends CountersignError {
  readonly scope: string
  readonly methods: Requirement['methods']
  readonly acr: Requirement['acr']
  /** The details that the refused call was about to carry out. */
  readonly details: Details | undefined

  constructor(
    reason: CountersignReason,
    message: string,
    requirement: Requirement,
    details?: Details,
    cause?: unknown,
  ) {
    super(reason, message, { requirement, cause })
    this.scope = requirement.scope
    this.methods = requirement.methods
    this.acr = requirement.acr
    this.details = details
  }
}

/** Whether an error is one of this SDK's, whichever copy of it threw. */
export const isCountersignError = (error: unknown): error is CountersignError =>
  error instanceof Error && error.name === NAME && 'reason' in error

/** Whether an error asks for a step-up. */
export const isStepUpRequired = (error: unknown): error is StepUpRequiredError =>
  isCountersignError(error) && error.requirement !== undefined && 'scope' in error

/**
 * Any error of a call as a CountersignError: a refusal with its reason, everything else, such as no
 * network, as `unavailable`.
 */
export function asCountersignError(error: unknown, details?: Details): CountersignError {
  if (isCountersignError(error)) return error
  const { message } = error instanceof Error ? error : { message: String(error) }
  const data = reasonOf(error)
  if (!data) return new CountersignError('unavailable', message, { cause: error })
  const { reason, requirement } = data
  return reason === 'step_up_required' && requirement
    ? new StepUpRequiredError(reason, message, requirement, details, error)
    : new CountersignError(reason, message, { ...data, cause: error })
}
