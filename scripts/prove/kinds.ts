// Everything that may happen once: how a user comes by it, and the call that uses it up. One subject a
// thing, so that whatever is refused is refused for the thing's own sake.
import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '../../client/index.ts'
import { DEMO } from '../demo.ts'
import type { Presentation } from './race.ts'
import { SCOPE, type Setup } from './setup.ts'
import {
  answered,
  codeOf,
  millisecondsLeft,
  newPasskeyDevice,
  newUser,
  registered,
  withApp,
} from './users.ts'

/** Less than this before the next code is too little for confirming with the previous one. */
const ENOUGH_MILLISECONDS = 4_000

/** Something that is good for one use. */
export interface Kind {
  name: string
  /** How every presentation but one may be refused. Any other answer, or none, could hide a second use. */
  refusals: readonly string[]
  /** Makes one, for a user whom nobody saw before, and returns the call that uses it up. */
  prepare(setup: Setup, index: number): Promise<Presentation>
}

/** The first is counted apart: there are more tokens than anything else. */
export const KINDS: readonly [Kind, ...Kind[]] = [
  { name: 'elevated token', refusals: ['token_used'], prepare: elevatedToken },
  { name: 'TOTP step', refusals: ['code_already_used', 'rate_limited'], prepare: totpStep },
  { name: 'recovery code', refusals: ['code_already_used', 'rate_limited'], prepare: recoveryCode },
  {
    name: 'passkey challenge',
    refusals: ['challenge_used', 'rate_limited'],
    prepare: passkeyChallenge,
  },
  { name: 'assertion', refusals: ['assertion_invalid'], prepare: assertion },
]

const { environment } = DEMO

async function elevatedToken(setup: Setup, index: number): Promise<Presentation> {
  const { subject, client } = await newUser(setup, 'token', index)
  const { token: vouched } = await setup.application.vouch(subject, SCOPE, setup.issuer)
  const { elevatedToken } = await client.token.exchange.mutate({ assertion: vouched })
  const input = { token: elevatedToken.token, subject, scope: SCOPE }
  return { environment, procedure: 'token.consume', bearer: setup.resourceKey, input }
}

async function totpStep(setup: Setup, index: number): Promise<Presentation> {
  const { bearer, app } = await enrolled(setup, 'totp', index)
  const input = { method: 'totp', code: codeOf(app, 0), requestedScopes: ['wallet:export'] }
  return { environment, procedure: 'challenge.verify', bearer, input }
}

async function recoveryCode(setup: Setup, index: number): Promise<Presentation> {
  const { bearer, recoveryCodes } = await enrolled(setup, 'recovery', index)
  const [code] = recoveryCodes
  const input = { method: 'recovery', code, requestedScopes: ['credential:link'] }
  return { environment, procedure: 'challenge.verify', bearer, input }
}

async function passkeyChallenge(setup: Setup, index: number): Promise<Presentation> {
  const { bearer, client } = await newUser(setup, 'passkey', index)
  const device = newPasskeyDevice(setup)
  await client.factor.confirm.mutate(await registered(device, client))
  const input = await answered(device, client, ['wallet:export'])
  return { environment, procedure: 'challenge.verify', bearer, input }
}

async function assertion(setup: Setup, index: number): Promise<Presentation> {
  const { subject, bearer } = await newUser(setup, 'assertion', index)
  const { token } = await setup.application.vouch(subject, SCOPE, setup.issuer)
  return { environment, procedure: 'token.exchange', bearer, input: { assertion: token } }
}

/** A user with an authenticator app, confirmed by the code before: the present one is still good. */
async function enrolled(setup: Setup, kind: string, index: number) {
  const { bearer, client } = await newUser(setup, kind, index)
  const { factorId, app } = await withApp(client)
  const confirm = async () => {
    const left = millisecondsLeft()
    if (left < ENOUGH_MILLISECONDS) await sleep(left + 100)
    const code = codeOf(app, -1)
    return client.factor.confirm.mutate({ kind: 'totp', factorId, code })
  }
  // On a busy machine a code may end on its way: then the next one is tried, as a user would.
  const { recoveryCodes = [] } = await confirm().catch((error: unknown) => {
    if (reasonOf(error)?.reason === 'invalid_code') return confirm()
    throw error
  })
  return { bearer, app, recoveryCodes }
}
