// Countersign as a contender: served as for deployment, with real users, sessions, codes and tokens.

import { DEMO } from '../scripts/demo.ts'
import { type ServeOptions, serve } from '../scripts/prove/serve.ts'
import { SCOPE, type Setup, setUp } from '../scripts/prove/setup.ts'
import { enrolled, newUser } from '../scripts/prove/users.ts'
import { given } from '../scripts/tour/users.ts'
import { around, atOnce, numbers } from './at-once.ts'
import { createCodes } from './codes.ts'
import type { BenchRequest } from './job.ts'
import type { Contender } from './measure.ts'

export const EXPORT = { action: 'wallet.waas.export', scope: 'wallet:export' } as const
const { environment } = DEMO

/** A running service with its setup. */
export interface Ours {
  setup: Setup
  pid(): number
  stop(): Promise<void>
}

/** Serves Countersign. */
export async function startOurs(
  signal: AbortSignal,
  { room = 10_000, build }: { room?: ServeOptions['room']; build?: ServeOptions['build'] } = {},
): Promise<Ours> {
  const served = await serve({ room, build, fronts: 1, signal })
  try {
    return { setup: await setUp(served), pid: served.pid, stop: served.stop }
  } catch (error) {
    await served.stop()
    throw error
  }
}

/** Returns a call of a procedure. */
export const callOf = (procedure: string, bearer: string, input: object): BenchRequest => ({
  path: `/${environment}/trpc/${procedure}`,
  headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
  body: JSON.stringify(input),
})

/** Makes a call that prepares others. Returns the data of its answer. */
export async function prepareWith(
  url: string,
  { path, headers, body }: BenchRequest,
): Promise<Record<string, string>> {
  const answer = await fetch(url + path, { method: 'POST', headers, body })
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  const { result } = (await answer.json()) as { result: { data: Record<string, string> } }
  return result.data
}

const contenderOf = (
  { setup, pid }: Ours,
  name: string,
  rest: Pick<Contender, 'expected' | 'prepare' | 'most'>,
): Contender => ({ name, url: given(setup.fronts[0], 'a front'), pid, ...rest })

const bearerOf = async ({ application }: Setup, subject: string): Promise<string> =>
  (await application.signIn(subject)).token

/** `policy.check` of users with a factor: with a session that was seen before, or with a new one each time. */
export async function checks(ours: Ours, users: number) {
  const { setup } = ours
  const subjects = await atOnce(numbers(users), async (index) => {
    const { subject } = await enrolled(setup, 'check', index)
    return subject
  })
  const url = given(setup.fronts[0], 'a front')
  const check = (bearer: string) => callOf('policy.check', bearer, { action: EXPORT.action })
  const expected = '"decision":"step_up"'
  return {
    known: contenderOf(ours, 'policy.check', {
      expected,
      async prepare(count) {
        const bearers = await atOnce(subjects, async (subject) => bearerOf(setup, subject))
        await atOnce(bearers, (bearer) => prepareWith(url, check(bearer)))
        return numbers(count).map((index) => check(around(bearers, index)))
      },
    }),
    fresh: contenderOf(ours, 'policy.check, new session', {
      expected,
      prepare: (count) =>
        atOnce(numbers(count), async (index) =>
          check(await bearerOf(setup, around(subjects, index))),
        ),
    }),
  }
}

/** `challenge.verify` with a code, for a new session each time. A policy check comes before, as in an application. */
export async function totp(ours: Ours, users: number): Promise<Contender> {
  const { setup } = ours
  const url = given(setup.fronts[0], 'a front')
  const made = await atOnce(numbers(users), (index) => enrolled(setup, 'totp', index))
  const codes = createCodes(made)
  return contenderOf(ours, 'challenge.verify (TOTP)', {
    expected: '"elevatedToken":{"token":"',
    most: users,
    prepare: async (count) =>
      atOnce(await codes.next(count), async ({ subject, code }) => {
        const asked = callOf('policy.check', await bearerOf(setup, subject), {
          action: EXPORT.action,
        })
        await prepareWith(url, asked)
        const input = { method: 'totp', code, requestedScopes: [EXPORT.scope] }
        return callOf('challenge.verify', await bearerOf(setup, subject), input)
      }),
  })
}

/** `token.consume` of single-use tokens, each once. */
export async function consume(ours: Ours, users: number): Promise<Contender> {
  const { setup } = ours
  const made = await atOnce(numbers(users), (index) => newUser(setup, 'consume', index))
  return contenderOf(ours, 'token.consume', {
    expected: '"accepted":true,"replayed":false',
    prepare: (count) =>
      atOnce(numbers(count), async (index) => {
        const { subject, client } = around(made, index)
        const { token: assertion } = await setup.application.vouch(subject, SCOPE, setup.issuer)
        const { elevatedToken } = await client.token.exchange.mutate({ assertion })
        const input = { token: elevatedToken.token, subject, scope: SCOPE }
        return callOf('token.consume', setup.resourceKey, input)
      }),
  })
}
