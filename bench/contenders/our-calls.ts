// The calls of Countersign that are measured, with real users, sessions, codes, passkeys and tokens. Before a round
// of policy checks and before each step-up, another check wakes the user's object.
import { generateKeyPair, generateProof, type KeyPair } from 'dpop'
import { DPOP_HEADER } from '../../contract/index.ts'
import { DEMO } from '../../scripts/demo.ts'
import { SCOPE } from '../../scripts/prove/setup.ts'
import {
  answered,
  enrolled,
  newPasskeyDevice,
  newUser,
  registered,
} from '../../scripts/prove/users.ts'
import { around, atOnce, numbers } from '../at-once.ts'
import { type Codes, type CodeUser, createCodes } from '../codes.ts'
import type { Contender } from '../measure.ts'
import { callOf, contenderOf, EXPORT, type Ours, prepareWith, signIn } from './ours.ts'

/** A contender's name, if it is not the usual one, and whether its calls carry DPoP proofs. */
export interface Variant {
  name?: string
  dpop?: boolean
}

const ISSUED = '"elevatedToken":{"token":"'
const CALL = { method: 'POST', url: `${DEMO.wallet}/export` } as const

/** Creates users with an authenticator app. */
export const withApps = ({ setup }: Ours, kind: string, users: number): Promise<CodeUser[]> =>
  atOnce(numbers(users), (index) => enrolled(setup, kind, index))

/** Creates users with fresh codes. */
export const withCodes = async (ours: Ours, users: number): Promise<Codes> =>
  createCodes(await withApps(ours, 'totp', users))

const checkOf = (bearer: string) => callOf('policy.check', bearer, { action: EXPORT.action })

/** Asks for a decision with a session of its own, which wakes the user's object. */
async function wake({ url, setup }: Ours, subject: string): Promise<void> {
  await prepareWith(url, checkOf(await signIn(setup, subject)))
}

/** `policy.check` of users with a factor: with a session that was seen before, or with a new one each time. */
export async function checks(ours: Ours, users: number) {
  const { setup, url } = ours
  const subjects = (await withApps(ours, 'check', users)).map(({ subject }) => subject)
  const expected = '"decision":"step_up"'
  return {
    known: contenderOf(ours, 'policy.check', {
      expected,
      async prepare(count) {
        const bearers = await atOnce(subjects, (subject) => signIn(setup, subject))
        await atOnce(bearers, (bearer) => prepareWith(url, checkOf(bearer)))
        return numbers(count).map((index) => checkOf(around(bearers, index)))
      },
    }),
    fresh: contenderOf(ours, 'policy.check, new session', {
      expected,
      async prepare(count) {
        const calls = await atOnce(numbers(count), async (index) =>
          checkOf(await signIn(setup, around(subjects, index))),
        )
        await atOnce(subjects, (subject) => wake(ours, subject))
        return calls
      },
    }),
  }
}

/** `challenge.verify` with a code, for a new session each time. */
export function totp(
  ours: Ours,
  codes: Codes,
  { name = 'TOTP step-up', dpop }: Variant = {},
): Contender {
  const { setup } = ours
  return contenderOf(ours, name, {
    expected: ISSUED,
    most: codes.users,
    prepare: async (count) =>
      atOnce(await codes.next(count), async ({ subject, code }) => {
        await wake(ours, subject)
        const input = { method: 'totp', code, requestedScopes: [EXPORT.scope] }
        const headers =
          dpop && (await proofOf(ours, 'challenge.verify', await generateKeyPair('ES256')))
        return callOf('challenge.verify', await signIn(setup, subject), input, headers || {})
      }),
  })
}

/** Creates users with a passkey. */
export const withPasskeys = ({ setup }: Ours, users: number) =>
  atOnce(numbers(users), async (index) => {
    const { subject, client } = await newUser(setup, 'passkey', index)
    const device = newPasskeyDevice(setup)
    await client.factor.confirm.mutate(await registered(device, client))
    return { subject, client, device }
  })
export type PasskeyUsers = Awaited<ReturnType<typeof withPasskeys>>

/** `challenge.verify` with a passkey, for a new session each time. */
export const passkey = (
  ours: Ours,
  users: PasskeyUsers,
  { name = 'passkey step-up' }: Variant = {},
): Contender =>
  contenderOf(ours, name, {
    expected: ISSUED,
    prepare: (count) =>
      atOnce(numbers(count), async (index) => {
        const { subject, client, device } = around(users, index)
        const input = await answered(device, client, [EXPORT.scope])
        return callOf('challenge.verify', await signIn(ours.setup, subject), input)
      }),
  })

/** Exchanges an assertion for a token that is used once, bound to a key if one is given. */
async function tokenFor(ours: Ours, subject: string, key?: KeyPair): Promise<string> {
  const { setup, url } = ours
  const { token: assertion } = await setup.application.vouch(subject, SCOPE, setup.issuer)
  const headers = key ? await proofOf(ours, 'token.exchange', key) : {}
  const call = callOf('token.exchange', await signIn(setup, subject), { assertion }, headers)
  const { elevatedToken } = (await prepareWith(url, call)) as unknown as {
    elevatedToken: { token: string }
  }
  return elevatedToken.token
}

const proofOf = async ({ setup }: Ours, procedure: string, key: KeyPair) => ({
  [DPOP_HEADER]: await generateProof(key, `${setup.issuer}/trpc/${procedure}`, 'POST'),
})

/** What an API sends of a call: as the guard does, with a key that makes the request repeatable. */
const used = (subject: string, token: string) => ({
  ...{ action: 'user.update', subject, token, idempotencyKey: crypto.randomUUID() },
})

/** `token.consume` of tokens that are used once. */
export const consume = (
  ours: Ours,
  users: readonly Pick<CodeUser, 'subject'>[],
  name = 'token.consume',
): Contender =>
  contenderOf(ours, name, {
    expected: '"accepted":true,"replayed":false',
    prepare: (count) =>
      atOnce(numbers(count), async (index) => {
        const { subject } = around(users, index)
        const token = await tokenFor(ours, subject)
        return callOf('token.consume', ours.setup.resourceKey, used(subject, token))
      }),
  })

/** `action.authorize` with a token that is used once. */
export const authorize = (
  ours: Ours,
  users: readonly CodeUser[],
  { name = 'action.authorize', dpop }: Variant = {},
): Contender =>
  contenderOf(ours, name, {
    expected: '"authorized":true,"by":"token","replayed":false',
    prepare: (count) =>
      atOnce(numbers(count), async (index) => {
        const { subject } = around(users, index)
        const key = dpop ? await generateKeyPair('ES256') : undefined
        const token = await tokenFor(ours, subject, key)
        const { method, url } = CALL
        const proof = key && (await generateProof(key, url, method, undefined, token))
        const input = { ...used(subject, token), ...(proof && { dpop: { proof, ...CALL } }) }
        return callOf('action.authorize', ours.setup.resourceKey, input)
      }),
  })
