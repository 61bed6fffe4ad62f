// Creates the users of a proof: signed in to the demo application, with an authenticator app or a passkey.
import { setTimeout as sleep } from 'node:timers/promises'
import { TOTP, URI } from 'otpauth'
import { type CountersignClient, createClient, reasonOf } from '../../client/index.ts'
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
/** If less time is left before the next code, the previous code would be too old to confirm with. */
const ENOUGH_MILLISECONDS = 4_000

/** Signs in a new user, whose client calls one of the front services and adds the headers to its calls. */
export async function newUser(
  { application, fronts }: Setup,
  kind: string,
  index: number,
  headers: Record<string, string> = {},
) {
  const subject = `${kind}-${index}`
  const { token: bearer } = await application.signIn(subject)
  const url = given(fronts[index % fronts.length], 'a front')
  const { environment } = DEMO
  const send: typeof fetch = (input, init) =>
    fetch(input, { ...init, headers: { ...init?.headers, ...headers } })
  const client = createClient({ url, environment, bearer: () => bearer, fetch: send })
  return { subject, bearer, client }
}

/** Starts to enroll an authenticator app. */
export async function withApp(client: CountersignClient) {
  const enrolling = await client.factor.enroll.mutate({ kind: 'totp' })
  const app = URI.parse('uri' in enrolling ? enrolling.uri : '')
  if (!(app instanceof TOTP)) throw new Error('the address is not of a TOTP secret')
  return { factorId: enrolling.factorId, app }
}

/** Returns the code that an app shows now, or some steps before or after now. */
export const codeOf = (app: TOTP, stepsFromNow: number): string =>
  app.generate({ timestamp: Date.now() + stepsFromNow * STEP_MILLISECONDS })

/** Returns how long the current code is still shown. */
export const millisecondsLeft = (): number => STEP_MILLISECONDS - (Date.now() % STEP_MILLISECONDS)

/** Creates a user with an authenticator app. Confirms with the previous code, so that the current one is unused. */
export async function enrolled(setup: Setup, kind: string, index: number) {
  const { subject, bearer, client } = await newUser(setup, kind, index)
  const { factorId, app } = await withApp(client)
  const confirm = async () => {
    const left = millisecondsLeft()
    if (left < ENOUGH_MILLISECONDS) await sleep(left + 100)
    const code = codeOf(app, -1)
    return client.factor.confirm.mutate({ kind: 'totp', factorId, code })
  }
  // On a slow machine, a code may expire before it arrives. Then the next code is tried.
  const { recoveryCodes = [] } = await confirm().catch((error: unknown) => {
    if (reasonOf(error)?.reason === 'invalid_code') return confirm()
    throw error
  })
  return { subject, bearer, client, app, recoveryCodes }
}

/**
 * Creates a device with passkeys for the demo's page. It does not count its signatures by itself, because a
 * counter would refuse a repetition for another reason.
 */
export function newPasskeyDevice({ page }: Setup): Authenticator {
  const { origin, hostname } = new URL(page)
  return createAuthenticator({ origin, rpId: hostname, counting: false })
}

/** Starts to enroll a passkey. Returns the input of the call that confirms it. */
export async function registered(device: Authenticator, client: CountersignClient) {
  const enrolling = await client.factor.enroll.mutate({ kind: 'passkey' })
  if (!('challenge' in enrolling)) throw new Error('no passkey ceremony came back')
  const { factorId, challenge, options } = enrolling
  const response = await device.register(options as unknown as CreationOptions)
  return { kind: 'passkey' as const, factorId, challenge, response }
}

/** Starts a challenge and answers it with a passkey. Returns the input of the call that verifies it. */
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
