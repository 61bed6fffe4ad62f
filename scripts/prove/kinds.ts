// Everything that can be used once: how a user gets it, and the call that uses it. Each has its own user, so that no
// refusal has another cause.
import { generateKeyPair, generateProof } from 'dpop'
import { DPOP_HEADER } from '../../contract/index.ts'
import { DEMO } from '../demo.ts'
import type { Presentation } from './race.ts'
import { REUSABLE_SCOPE, SCOPE, type Setup } from './setup.ts'
import { answered, codeOf, enrolled, newPasskeyDevice, newUser, registered } from './users.ts'

/** Something that can be used once. */
export interface Kind {
  name: string
  /** The expected reasons of all presentations but one. Any other answer could hide a second use. */
  refusals: readonly string[]
  /** Prepares one for a new user, and returns the call that uses it. */
  prepare(setup: Setup, index: number): Promise<Presentation>
}

/** All kinds. The first has its own number of subjects. */
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
  { name: 'DPoP proof', refusals: ['proof_used'], prepare: dpopProof },
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

/** A proof for a reusable token that is bound to a key. */
async function dpopProof(setup: Setup, index: number): Promise<Presentation> {
  const key = await generateKeyPair('ES256')
  const asking = await generateProof(key, `${setup.issuer}/trpc/token.exchange`, 'POST')
  const { subject, client } = await newUser(setup, 'proof', index, { [DPOP_HEADER]: asking })
  const { token: vouched } = await setup.application.vouch(subject, REUSABLE_SCOPE, setup.issuer)
  const { elevatedToken } = await client.token.exchange.mutate({ assertion: vouched })
  const { token } = elevatedToken
  const call = { method: 'POST', url: `${DEMO.wallet}/profile` }
  const proof = await generateProof(key, call.url, call.method, undefined, token)
  const input = { token, subject, scope: REUSABLE_SCOPE, dpop: { proof, ...call } }
  return { environment, procedure: 'token.consume', bearer: setup.resourceKey, input }
}
