// The floors as contenders (floors/worker.ts): served like Countersign, with the same sessions, codes and tokens.
import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { type DemoIssuer, readDemoIssuer } from '../scripts/demo.ts'
import { readWorker } from '../scripts/prove/config.ts'
import { type ServeOptions, serve } from '../scripts/prove/serve.ts'
import { SCOPE } from '../scripts/prove/setup.ts'
import { given } from '../scripts/tour/users.ts'
import { makeIssuerKey } from '../scripts/variables.ts'
import { around, atOnce, numbers } from './at-once.ts'
import { createCodes } from './codes.ts'
import type { BenchRequest } from './job.ts'
import type { Contender } from './measure.ts'
import { EXPORT, prepareWith } from './ours.ts'

const RESOURCE_KEY = `floor_${randomBytes(32).toString('base64url')}`

/** The running floors. */
export interface Floor {
  url: string
  application: DemoIssuer
  pid(): number
  stop(): Promise<void>
}

/** Serves the floors. */
export async function startFloor(
  signal: AbortSignal,
  room: ServeOptions['room'] = 10_000,
): Promise<Floor> {
  const application = await readDemoIssuer(await makeIssuerKey())
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const variables = {
    SESSION_KEY: JSON.stringify({ ...application.publicJwk, use: undefined, alg: undefined }),
    SIGNING_KEY: JSON.stringify(privateKey.export({ format: 'jwk' })),
    TOKEN_KEY: JSON.stringify(publicKey.export({ format: 'jwk' })),
    RESOURCE_KEY_HASH: createHash('sha256').update(RESOURCE_KEY).digest('hex'),
  }
  const { date, flags, bundling } = await readWorker()
  const worker = {
    ...{ main: 'bench/floors/worker.ts', date, flags, kv: [] },
    objects: [{ name: 'SUBJECT', className: 'Subject' }],
    bundling: { minify: bundling.minify },
  }
  const source = ['bench/floors', 'tsconfig.base.json']
  const served = await serve({
    bundled: { worker, source, variables },
    ...{ room, fronts: 1, signal },
  })
  const url = given(served.fronts[0], 'a front')
  return { url, application, pid: served.pid, stop: served.stop }
}

const callOf = (procedure: string, bearer: string, input: object): BenchRequest => ({
  path: `/trpc/${procedure}`,
  headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
  body: JSON.stringify(input),
})

const contenderOf = (
  { url, pid }: Floor,
  name: string,
  rest: Pick<Contender, 'expected' | 'prepare' | 'most'>,
): Contender => ({ name, url, pid, ...rest })

const bearerOf = async ({ application }: Floor, subject: string): Promise<string> =>
  (await application.signIn(subject)).token

/** Creates users with a TOTP secret. */
const enrollAll = (floor: Floor, kind: string, count: number) =>
  atOnce(numbers(count), async (index) => {
    const subject = `${kind}-${index}`
    const secret = randomBytes(20)
    const input = { subject, id: randomUUID(), totp: secret.toString('hex') }
    await prepareWith(floor.url, callOf('enroll', '', input))
    return {
      subject,
      app: new TOTP({ secret: new Secret({ buffer: new Uint8Array(secret).buffer }) }),
    }
  })

/** The framework alone, one object read, and one object read after the verification of a session. */
export async function reads(floor: Floor, users: number) {
  const made = await enrollAll(floor, 'read', users)
  const { action } = EXPORT
  const expected = '"kinds":["totp"]'
  return {
    echo: contenderOf(floor, 'floor: hono + tRPC + zod', {
      expected: `"action":"${action}`,
      prepare: async (count) =>
        numbers(count).map((index) => callOf('echo', '', { action: `${action}.${index}` })),
    }),
    read: contenderOf(floor, 'floor: and one object read', {
      expected,
      prepare: async (count) =>
        numbers(count).map((index) =>
          callOf('read', '', { action, subject: around(made, index).subject }),
        ),
    }),
    verified: contenderOf(floor, 'floor: and one session verified', {
      expected,
      prepare: (count) =>
        atOnce(numbers(count), async (index) =>
          callOf('verified', await bearerOf(floor, around(made, index).subject), { action }),
        ),
    }),
  }
}

/** A TOTP step-up by hand, after one object read as in an application. */
export async function totp(floor: Floor, users: number): Promise<Contender> {
  const codes = createCodes(await enrollAll(floor, 'totp', users))
  return contenderOf(floor, 'floor: TOTP step-up by hand', {
    expected: '"elevatedToken":{"token":"',
    most: users,
    prepare: async (count) =>
      atOnce(await codes.next(count), async ({ subject, code }) => {
        await prepareWith(floor.url, callOf('read', '', { action: EXPORT.action, subject }))
        const input = { code, requestedScopes: [EXPORT.scope] }
        return callOf('totp', await bearerOf(floor, subject), input)
      }),
  })
}

/** One claim in SQL, and consuming a token by hand. */
export async function consume(floor: Floor, users: number) {
  const made = await enrollAll(floor, 'consume', users)
  return {
    claim: contenderOf(floor, 'floor: one SQL claim', {
      expected: '"claimed":true',
      prepare: async (count) =>
        numbers(count).map((index) =>
          callOf('claimed', '', { subject: around(made, index).subject, key: randomUUID() }),
        ),
    }),
    byHand: contenderOf(floor, 'floor: consume by hand', {
      expected: '"accepted":true',
      prepare: (count) =>
        atOnce(numbers(count), async (index) => {
          const { subject } = around(made, index)
          const ordered = callOf('issue', await bearerOf(floor, subject), {
            requestedScopes: [SCOPE],
          })
          const { token } = await prepareWith(floor.url, ordered)
          const input = { token, subject, scope: SCOPE }
          return callOf('consume', RESOURCE_KEY, input)
        }),
    }),
  }
}
