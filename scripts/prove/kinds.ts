// Everything that may happen once: how a user comes by it, and the call that uses it up. One subject a
// thing, so that whatever is refused is refused for the thing's own sake.
import { setTimeout as sleep } from 'node:timers/promises'
import { TOTP, URI } from 'otpauth'
import { createClient } from '../../client/index.ts'
import {
  type CreationOptions,
  createAuthenticator,
  type RequestOptions,
} from '../../test/support/authenticator.ts'
import { DEMO, type DemoIssuer } from '../demo.ts'
import { given } from '../tour/cast.ts'
import type { Presentation } from './race.ts'

/** The scope whose token is presented; the environment has it single-use, and given for an assertion. */
export const SCOPE = 'user:update'
const STEP_MILLISECONDS = 30_000
/** Less than this before the next code is too little for confirming with the previous one. */
const ENOUGH_MILLISECONDS = 4_000

/** What the things are made with. */
export interface Stage {
  fronts: string[]
  /** The origin to which passkeys are bound. */
  page: string
  issuer: string
  application: DemoIssuer
  resourceKey: string
}

/** Something that is good for one use. */
export interface Kind {
  name: string
  /** Makes one, for a user whom nobody saw before, and returns the call that uses it up. */
  prepare(stage: Stage, index: number): Promise<Presentation>
}

/** The first is counted apart: there are more tokens than anything else. */
export const KINDS: readonly [Kind, ...Kind[]] = [
  { name: 'elevated token', prepare: elevatedToken },
  { name: 'TOTP step', prepare: totpStep },
  { name: 'recovery code', prepare: recoveryCode },
  { name: 'passkey challenge', prepare: passkeyChallenge },
  { name: 'assertion', prepare: assertion },
]

const { environment } = DEMO

async function elevatedToken(stage: Stage, index: number): Promise<Presentation> {
  const { subject, client } = await newUser(stage, 'token', index)
  const { token: vouched } = await stage.application.vouch(subject, SCOPE, stage.issuer)
  const { elevatedToken } = await client.token.exchange.mutate({ assertion: vouched })
  const input = { token: elevatedToken.token, subject, scope: SCOPE }
  return { environment, procedure: 'token.consume', bearer: stage.resourceKey, input }
}

async function totpStep(stage: Stage, index: number): Promise<Presentation> {
  const { bearer, codeOf } = await enrolled(stage, 'totp', index)
  const input = { method: 'totp', code: codeOf(0), requestedScopes: ['wallet:export'] }
  return { environment, procedure: 'challenge.verify', bearer, input }
}

async function recoveryCode(stage: Stage, index: number): Promise<Presentation> {
  const { bearer, recoveryCodes } = await enrolled(stage, 'recovery', index)
  const [code] = recoveryCodes
  const input = { method: 'recovery', code, requestedScopes: ['credential:link'] }
  return { environment, procedure: 'challenge.verify', bearer, input }
}

async function passkeyChallenge(stage: Stage, index: number): Promise<Presentation> {
  const { bearer, client } = await newUser(stage, 'passkey', index)
  const { origin, hostname } = new URL(stage.page)
  // One that does not count its signatures: the counter would refuse a repetition for another reason.
  const device = createAuthenticator({ origin, rpId: hostname, counting: false })
  const enrolling = await client.factor.enroll.mutate({ kind: 'passkey' })
  if (!('challenge' in enrolling)) throw new Error('no passkey ceremony came back')
  const { factorId, challenge: first } = enrolling
  const made = await device.register(enrolling.options as unknown as CreationOptions)
  await client.factor.confirm.mutate({
    kind: 'passkey',
    factorId,
    challenge: first,
    response: made,
  })
  const { challenge, options } = await client.challenge.start.mutate({
    method: 'passkey',
    requestedScopes: ['wallet:export'],
  })
  const response = await device.authenticate(options as unknown as RequestOptions)
  const input = { method: 'passkey', challenge, response }
  return { environment, procedure: 'challenge.verify', bearer, input }
}

async function assertion(stage: Stage, index: number): Promise<Presentation> {
  const { subject, bearer } = await newUser(stage, 'assertion', index)
  const { token } = await stage.application.vouch(subject, SCOPE, stage.issuer)
  return { environment, procedure: 'token.exchange', bearer, input: { assertion: token } }
}

/** A user whom nobody saw before, signed in, who calls over one of the fronts. */
async function newUser({ application, fronts }: Stage, kind: string, index: number) {
  const subject = `${kind}-${index}`
  const { token: bearer } = await application.signIn(subject)
  const url = given(fronts[index % fronts.length], 'a front')
  return { subject, bearer, client: createClient({ url, environment, bearer: () => bearer }) }
}

/** A user with an authenticator app, confirmed by the code before: the present one is still good. */
async function enrolled(stage: Stage, kind: string, index: number) {
  const { bearer, client } = await newUser(stage, kind, index)
  const enrolling = await client.factor.enroll.mutate({ kind: 'totp' })
  const app = URI.parse('uri' in enrolling ? enrolling.uri : '')
  if (!(app instanceof TOTP)) throw new Error('the address is not of a TOTP secret')
  const codeOf = (stepsFromNow: number) =>
    app.generate({ timestamp: Date.now() + stepsFromNow * STEP_MILLISECONDS })
  const left = STEP_MILLISECONDS - (Date.now() % STEP_MILLISECONDS)
  if (left < ENOUGH_MILLISECONDS) await sleep(left + 100)
  const { recoveryCodes = [] } = await client.factor.confirm.mutate({
    kind: 'totp',
    factorId: enrolling.factorId,
    code: codeOf(-1),
  })
  return { bearer, codeOf, recoveryCodes }
}
