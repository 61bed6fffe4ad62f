// The two passkey ceremonies as a page performs them, with the service and a software authenticator. Tests can
// change values between the two halves.
import type {
  AuthenticationResponse,
  CreationOptions,
  RegistrationResponse,
  RequestOptions,
  Tamper,
} from './authenticator.ts'
import {
  type Authenticator,
  type AuthenticatorOptions,
  createAuthenticator,
} from './authenticator.ts'
import { ORIGIN, type TestUser } from './service.ts'

/** An authenticator in front of the page of a test's environment. */
export const makeDevice = (more: Partial<AuthenticatorOptions> = {}): Authenticator =>
  createAuthenticator({ origin: ORIGIN, rpId: 'app.example', ...more })

/** The first half of enrolling a passkey. */
export async function startEnrolling(user: TestUser, linkToken?: string) {
  const started = await user.with(linkToken).factor.enroll.mutate({ kind: 'passkey' })
  if (!('options' in started)) throw new Error('no options came back')
  const { options, ...rest } = started
  return { ...rest, options: options as unknown as CreationOptions }
}

/** The second half of enrolling a passkey. */
export const finishEnrolling = (
  user: TestUser,
  { factorId, challenge }: { factorId: string; challenge: string },
  response: RegistrationResponse,
) => user.client.factor.confirm.mutate({ kind: 'passkey', factorId, challenge, response })

/** Enrolls a passkey from end to end. */
export async function enrollPasskey(
  user: TestUser,
  device: Authenticator,
  { linkToken, tamper }: { linkToken?: string; tamper?: Tamper } = {},
) {
  const started = await startEnrolling(user, linkToken)
  const confirmed = await finishEnrolling(
    user,
    started,
    await device.register(started.options, tamper),
  )
  return { ...started, ...confirmed, recoveryCodes: confirmed.recoveryCodes ?? [] }
}

/** The first half of a step-up with a passkey. */
export async function startStepUp(
  user: TestUser,
  requestedScopes?: string[],
  details?: Record<string, unknown>,
) {
  const { options, ...rest } = await user.client.challenge.start.mutate({
    method: 'passkey',
    ...(requestedScopes && { requestedScopes }),
    ...(details && { details }),
  })
  return { ...rest, options: options as unknown as RequestOptions }
}

/** The second half of a step-up with a passkey. */
export const finishStepUp = (
  user: TestUser,
  { challenge }: { challenge: string },
  response: AuthenticationResponse,
) => user.client.challenge.verify.mutate({ method: 'passkey', challenge, response })

/** A step-up with a passkey from end to end. */
export async function stepUpWithPasskey(
  user: TestUser,
  device: Authenticator,
  requestedScopes?: string[],
  details?: Record<string, unknown>,
) {
  const started = await startStepUp(user, requestedScopes, details)
  return finishStepUp(user, started, await device.authenticate(started.options))
}

/** The elevated token of a passkey for one scope. */
export async function earnWithPasskey(user: TestUser, device: Authenticator, scope: string) {
  const { elevatedToken } = await stepUpWithPasskey(user, device, [scope])
  if (!elevatedToken) throw new Error('no elevated token came back')
  return elevatedToken.token
}
