// Runs the browser's part of a passkey ceremony (WebAuthn Level 3, section 5.1), one at a time. Maps the
// errors of the browser to reasons.
import {
  startAuthentication,
  startRegistration,
  WebAuthnAbortService,
} from '@simplewebauthn/browser'
import type {
  AuthenticationResponse,
  CeremonyOptions,
  RegistrationResponse,
} from '../contract/index.ts'
import { type CeremonyReason, CountersignError, isCountersignError } from './errors.ts'

let latest = 0

/**
 * Runs a ceremony: fetches its options, asks the authenticator and sends the response. A newer ceremony
 * ends this one as `cancelled`.
 *
 * @throws CountersignError `cancelled`, `not_allowed`, `no_credential`, `unsupported`, `timeout`,
 *   `conflict` for an authenticator that is registered already
 */
export async function ceremony<S extends { options: CeremonyOptions }, R, T>(
  start: () => Promise<S>,
  answer: (options: CeremonyOptions) => Promise<R>,
  finish: (started: S, response: R) => Promise<T>,
): Promise<T> {
  latest += 1
  const ticket = latest
  const started = await start()
  if (ticket !== latest) throw ceremonyError('cancelled')
  const startedAt = performance.now()
  const response = await answer(started.options).catch((error) => {
    const { timeout } = started.options
    const over = typeof timeout === 'number' && performance.now() - startedAt >= timeout - 100
    throw identify(error, over)
  })
  return finish(started, response)
}

/** Ends the running ceremony as `cancelled`, and closes the browser's prompt. */
export function cancelCeremony(): void {
  latest += 1
  WebAuthnAbortService.cancelCeremony()
}

/** Creates a passkey. */
export const createPasskey = (options: CeremonyOptions): Promise<RegistrationResponse> =>
  startRegistration({ optionsJSON: options as never }) as Promise<RegistrationResponse>

/** Signs a challenge with a passkey. */
export const usePasskey = (options: CeremonyOptions): Promise<AuthenticationResponse> =>
  startAuthentication({ optionsJSON: options as never }) as Promise<AuthenticationResponse>

const MESSAGES: Record<CeremonyReason, string> = {
  cancelled: 'The passkey prompt was closed.',
  not_allowed: 'This page cannot use passkeys.',
  no_credential: 'No passkey is available.',
  unsupported: 'Passkeys are not supported here.',
  timeout: 'The passkey prompt timed out.',
}

/** Maps the names of browser errors to reasons. Browsers hide the reason of most other errors. */
const REASONS: Record<string, CeremonyReason> = {
  NotSupportedError: 'unsupported',
  ConstraintError: 'unsupported',
  SecurityError: 'not_allowed',
}

function identify(error: Error, over: boolean): CountersignError {
  if (isCountersignError(error)) return error
  const { name, message } = error
  if (name === 'InvalidStateError') {
    return new CountersignError('conflict', 'This device has a passkey already.', {
      cause: error,
    })
  }
  const reason =
    REASONS[name] ??
    (/not supported/.test(message)
      ? 'unsupported'
      : /not completed/.test(message)
        ? 'no_credential'
        : /focus|permissions? policy|feature is not enabled/i.test(message)
          ? 'not_allowed'
          : name === 'NotAllowedError' && over
            ? 'timeout'
            : 'cancelled')
  return ceremonyError(reason, error)
}

const ceremonyError = (reason: CeremonyReason, cause?: unknown) =>
  new CountersignError(reason, MESSAGES[reason], { cause })
