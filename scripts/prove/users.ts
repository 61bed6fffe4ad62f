// The users of a proof: signed in to the pretended application, with an authenticator app or a passkey of
// their own. What they hold is made here; what they do with it is in kinds.ts and crash/.
import { TOTP, URI } from 'otpauth'
import { type CountersignClient, createClient } from '../../client/index.ts'
import {
  type Authenticator,
  type CreationOptions,
  createAuthenticator,
  type RequestOptions,
  type Tamper,
} from '../../test/support/authenticator.ts'
import { DEMO } from '../demo.ts'
import { given } from '../tour/users.ts'
import type { Setup } from './setup.ts'

export const STEP_MILLISECONDS = 30_000

/** A user whom nobody saw before, signed in, who calls over one of the fronts. */
export async function newUser({ application, fronts }: Setup, kind: string, index: number) {
  const subject = `${kind}-${index}`
  const { token: bearer } = await application.signIn(subject)
  const url = given(fronts[index % fronts.length], 'a front')
  const { environment } = DEMO
  return { subject, bearer, client: createClient({ url, environment, bearer: () => bearer }) }
}

/** An enrollment of an authenticator app, to be confirmed with a code of it. */
export async function withApp(client: CountersignClient) {
  const enrolling = await client.factor.enroll.mutate({ kind: 'totp' })
  const app = URI.parse('uri' in enrolling ? enrolling.uri : '')
  if (!(app instanceof TOTP)) throw new Error('the address is not of a TOTP secret')
  return { factorId: enrolling.factorId, app }
}

/** The code that an app shows, or showed some steps ago. */
export const codeOf = (app: TOTP, stepsFromNow: number): string =>
  app.generate({ timestamp: Date.now() + stepsFromNow * STEP_MILLISECONDS })

/** How long the code that is shown now is still shown. */
export const millisecondsLeft = (): number => STEP_MILLISECONDS - (Date.now() % STEP_MILLISECONDS)

/**
 * A device for passkeys of the demo's page. It does not count its signatures, unless told what to show: the
 * counter would refuse a repetition for another reason.
 */
export function newPasskeyDevice({ page }: Setup): Authenticator {
  const { origin, hostname } = new URL(page)
  return createAuthenticator({ origin, rpId: hostname, counting: false })
}

/** An enrollment of a passkey, as the call that confirms it. */
export async function registered(device: Authenticator, client: CountersignClient) {
  const enrolling = await client.factor.enroll.mutate({ kind: 'passkey' })
  if (!('challenge' in enrolling)) throw new Error('no passkey ceremony came back')
  const { factorId, challenge, options } = enrolling
  const response = await device.register(options as unknown as CreationOptions)
  return { kind: 'passkey' as const, factorId, challenge, response }
}

/** A passkey's answer to a challenge of its own, as the call that presents it. */
export async function answered(
  device: Authenticator,
  client: CountersignClient,
  requestedScopes: string[],
  tamper?: Tamper,
) {
  const { challenge, options } = await client.challenge.start.mutate({
    method: 'passkey',
    requestedScopes,
  })
  const response = await device.authenticate(options as unknown as RequestOptions, tamper)
  return { method: 'passkey' as const, challenge, response }
}
