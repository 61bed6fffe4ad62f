// The floors (floors/worker.ts), served like Countersign. floor-calls.ts has their calls.
import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { type DemoIssuer, readDemoIssuer } from '../../scripts/demo.ts'
import { readWorker } from '../../scripts/prove/config.ts'
import { type Served, type ServeOptions, serve } from '../../scripts/prove/serve.ts'
import { given } from '../../scripts/tour/users.ts'
import { makeIssuerKey } from '../../scripts/variables.ts'
import { atOnce, numbers } from '../at-once.ts'
import type { BenchRequest } from '../job.ts'
import { prepareWith, ROOM_USERS } from './ours.ts'

/** The running floors. */
export interface Floor extends Pick<Served, 'fronts' | 'pid' | 'publicUrl' | 'stop'> {
  url: string
  application: DemoIssuer
  resourceKey: string
}

/** Serves the floors. */
export async function startFloor(
  signal: AbortSignal,
  { room = ROOM_USERS, fronts: wanted = 1 }: Pick<Partial<ServeOptions>, 'room' | 'fronts'> = {},
): Promise<Floor> {
  const application = await readDemoIssuer(await makeIssuerKey())
  const { kty, crv, x, y } = application.publicJwk
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const resourceKey = randomBytes(32).toString('base64url')
  const variables = {
    SESSION_KEY: JSON.stringify({ kty, crv, x, y }),
    SIGNING_KEY: JSON.stringify(privateKey.export({ format: 'jwk' })),
    TOKEN_KEY: JSON.stringify(publicKey.export({ format: 'jwk' })),
    RESOURCE_KEY_HASH: createHash('sha256').update(resourceKey).digest('hex'),
  }
  const { date, flags, bundling } = await readWorker()
  const worker = {
    ...{ main: 'bench/floors/worker.ts', date, flags, kv: [] },
    objects: [{ name: 'SUBJECT', className: 'Subject' }],
    bundling: { ...bundling, alias: {} },
  }
  const source = ['bench/floors', 'tsconfig.base.json']
  const bundled = { worker, source, variables }
  const served = await serve({ bundled, room, fronts: wanted, signal })
  return { ...served, url: given(served.fronts[0], 'a front'), application, resourceKey }
}

/** Returns a call of a procedure. */
export const callOf = (procedure: string, bearer: string, input: object): BenchRequest => ({
  path: `/trpc/${procedure}`,
  headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
  body: JSON.stringify(input),
})

/** Creates users with a TOTP secret. */
export const withApps = ({ url }: Floor, kind: string, users: number) =>
  atOnce(numbers(users), async (index) => {
    const subject = `${kind}-${index}`
    const bytes = randomBytes(20)
    const input = { subject, id: randomUUID(), totp: bytes.toString('hex') }
    await prepareWith(url, callOf('enroll', '', input))
    return { subject, app: new TOTP({ secret: Secret.fromHex(bytes.toString('hex')) }) }
  })
