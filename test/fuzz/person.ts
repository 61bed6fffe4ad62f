// Somebody who has factors: a user of an environment, or an operator as a user of Countersign itself. They
// hold a passkey, an authenticator app and recovery codes, and earn tokens like anybody.
import type { CountersignClient } from '../../client/index.ts'
import type {
  AuthenticationResponse,
  Authenticator,
  CreationOptions,
  RequestOptions,
} from '../support/authenticator.ts'
import { totpCode } from '../support/totp.ts'
import { moveOn } from './clock.ts'

const STEP_SECONDS = 30

/** Whoever can call as a user. */
export interface Caller {
  route: string
  subject: string
  bearer: string
  client: CountersignClient
  device: Authenticator
}

export interface Person extends Caller {
  passkeyId: string
  totp: { factorId: string; secret: string; usedStep: number }
  recoveryCodes: string[]
}

const stepNow = (): number => Math.floor(Date.now() / 1000 / STEP_SECONDS)

/** Starts the enrollment of an authenticator app. */
export async function startTotp({ client }: Caller, elevatedToken?: string) {
  const started = await client.factor.enroll.mutate(
    { kind: 'totp' },
    { context: { elevatedToken } },
  )
  if (!('secret' in started)) throw new Error('no secret came back')
  return started
}

/** Starts the enrollment of a passkey and lets the device answer. */
export async function startPasskey({ client, device }: Caller, elevatedToken?: string) {
  const started = await client.factor.enroll.mutate(
    { kind: 'passkey' },
    { context: { elevatedToken } },
  )
  if (!('options' in started)) throw new Error('no options came back')
  const { factorId, challenge, options } = started
  // An authenticator of its own for each: the list of those that are held would forbid a second.
  const response = await device.register({
    ...(options as unknown as CreationOptions),
    excludeCredentials: [],
  })
  return { kind: 'passkey' as const, factorId, challenge, response }
}

/** Starts a step-up and lets the device answer. */
export async function startStepUp(
  { client, device }: Caller,
  wish: { requestedScopes?: string[]; details?: Record<string, unknown> },
): Promise<{ method: 'passkey'; challenge: string; response: AuthenticationResponse }> {
  const started = await client.challenge.start.mutate({ method: 'passkey', ...wish })
  const response = await device.authenticate(started.options as unknown as RequestOptions)
  return { method: 'passkey', challenge: started.challenge, response }
}

/** The token of a step-up. */
export async function earn(
  caller: Caller,
  scope: string,
  details?: Record<string, unknown>,
): Promise<string> {
  const wish = { requestedScopes: [scope], ...(details && { details }) }
  const answer = await startStepUp(caller, wish)
  const { elevatedToken } = await caller.client.challenge.verify.mutate(answer)
  if (!elevatedToken) throw new Error('no token came back')
  return elevatedToken.token
}

/** Lets a caller enroll a passkey and an authenticator app. */
export async function enroll(caller: Caller): Promise<Person> {
  const answer = await startPasskey(caller)
  const { recoveryCodes = [] } = await caller.client.factor.confirm.mutate(answer)
  const { factorId, secret } = await startTotp(caller, await earn(caller, 'credential:link'))
  const code = totpCode(secret)
  await caller.client.factor.confirm.mutate({ kind: 'totp', factorId, code })
  const totp = { factorId, secret, usedStep: stepNow() }
  return { ...caller, passkeyId: answer.factorId, totp, recoveryCodes }
}

/** A code that was not used yet; the clock moves on where the one of now was. */
export function freshCode({ totp }: Person): string {
  while (stepNow() <= totp.usedStep) moveOn(STEP_SECONDS)
  totp.usedStep = stepNow()
  return totpCode(totp.secret)
}
