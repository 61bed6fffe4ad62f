// The errors of the SDK. Each has a reason. They are recognized by name, not by class, so that it works with
// two copies of this package on one page.
import type { Details, Reason, Requirement } from '../contract/index.ts'
import type { CountersignErrorData } from './generated.ts'
import { reasonOf } from './rpc.ts'

/** The reason why a passkey ceremony ended without a response. */
export type CeremonyReason =
  /** The user closed the prompt, or a newer ceremony took its place. */
  | 'cancelled'
  /** The page cannot use passkeys, because of its origin, a permissions policy or missing focus. */
  | 'not_allowed'
  /** The user has no matching passkey. */
  | 'no_credential'
  /** The browser or the authenticator does not support this. */
  | 'unsupported'
  /** The user did not respond in time. */
  | 'timeout'

/** A reason of the contract or of a ceremony in the browser. */
export type CountersignReason = Reason | CeremonyReason

const NAME = 'CountersignError'

/** The members of an error besides its reason. */
export interface CountersignErrorOptions extends Omit<CountersignErrorData, 'reason'> {
  cause?: unknown
}

/**
 * The error that every function of the SDK throws.
 *
 * @example if (isCountersignError(error) && error.reason === 'invalid_code') askAgain()
 */
export class CountersignError extends Error {
  override readonly name: string = NAME
  readonly reason: CountersignReason
  /** How many seconds to wait before another try, if waiting helps. */
  readonly retryAfterSeconds: number | undefined
  /** How many wrong codes are allowed before a wait or a lock. */
  readonly attemptsLeft: number | undefined
  /** The requirement for a token, if a step-up is missing. */
  readonly requirement: Requirement | undefined

  constructor(reason: CountersignReason, message: string, options: CountersignErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.reason = reason
    this.retryAfterSeconds = options.retryAfterSeconds
    this.attemptsLeft = options.attemptsLeft
    this.requirement = options.requirement
  }
}

/** The error for an API that asks for a step-up (RFC 9470). It says what to verify, and for which details. */
export class StepUpRequiredError extends CountersignError {
  readonly scope: string
  readonly methods: Requirement['methods']
  readonly acr: Requirement['acr']
  /** The details of the refused call. */
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

/** Returns whether an error comes from this SDK, or from another copy of it. */
export const isCountersignError = (error: unknown): error is CountersignError =>
  error instanceof Error && error.name === NAME && 'reason' in error

/** Returns whether an error asks for a step-up. */
export const isStepUpRequired = (error: unknown): error is StepUpRequiredError =>
  isCountersignError(error) && error.requirement !== undefined && 'scope' in error

/**
 * Returns any error of a call as a CountersignError. A refusal keeps its reason. Every other error, such as
 * a missing network, has the reason `unavailable`.
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
