// The calls of the floors that are measured, prepared like those of Countersign.
import { randomUUID } from 'node:crypto'
import { SCOPE } from '../../scripts/prove/setup.ts'
import { createAuthenticator } from '../../test/support/authenticator.ts'
import { around, atOnce, numbers } from '../at-once.ts'
import { type CodeUser, createCodes } from '../codes.ts'
import type { Contender } from '../measure.ts'
import { callOf, type Floor, withApps } from './floor.ts'
import { contenderOf, EXPORT, prepareWith, signIn } from './ours.ts'

const ISSUED = '"elevatedToken":{"token":"'
const { action, scope } = EXPORT
const readOf = (subject: string) => callOf('read', '', { action, subject })

/** The framework alone, one object read, and one object read after the verification of a session. */
export function reads(floor: Floor, users: readonly CodeUser[]) {
  const expected = '"kinds":["totp"]'
  const subjectOf = (index: number) => around(users, index).subject
  const verifiedOf = async (subject: string) =>
    callOf('verified', await signIn(floor, subject), { action })
  return {
    echo: contenderOf(floor, 'hono + tRPC + zod', {
      expected: `"action":"${action}`,
      prepare: async (count) =>
        numbers(count).map((index) => callOf('echo', '', { action: `${action}.${index}` })),
    }),
    read: contenderOf(floor, 'one object read', {
      expected,
      async prepare(count) {
        await atOnce(users, ({ subject }) => prepareWith(floor.url, readOf(subject)))
        return numbers(count).map((index) => readOf(subjectOf(index)))
      },
    }),
    verified: contenderOf(floor, 'session verified, one object read', {
      expected,
      async prepare(count) {
        const calls = await atOnce(numbers(count), (index) => verifiedOf(subjectOf(index)))
        const wakers = await atOnce(users, ({ subject }) => verifiedOf(subject))
        await atOnce(wakers, (call) => prepareWith(floor.url, call))
        return calls
      },
    }),
  }
}

/** A TOTP step-up by hand. */
export async function totp(floor: Floor, users: number): Promise<Contender> {
  const codes = createCodes(await withApps(floor, 'totp', users))
  return contenderOf(floor, 'TOTP step-up by hand', {
    expected: ISSUED,
    most: users,
    prepare: async (count) =>
      atOnce(await codes.next(count), async ({ subject, code }) => {
        await prepareWith(floor.url, readOf(subject))
        return callOf('totp', await signIn(floor, subject), { code, requestedScopes: [scope] })
      }),
  })
}

/** A passkey step-up by hand. */
export async function passkey(floor: Floor, users: number): Promise<Contender> {
  const made = await atOnce(numbers(users), (index) => withPasskey(floor, `passkey-${index}`))
  const rpId = new URL(floor.publicUrl).hostname
  return contenderOf(floor, 'passkey step-up by hand', {
    expected: ISSUED,
    prepare: (count) =>
      atOnce(numbers(count), async (index) => {
        const { subject, device } = around(made, index)
        await prepareWith(floor.url, readOf(subject))
        const started = callOf('passkeyStart', await signIn(floor, subject), {
          requestedScopes: [scope],
        })
        const { challenge, webauthn = '' } = await prepareWith(floor.url, started)
        const response = await device.authenticate({ challenge: webauthn, rpId })
        return callOf('passkey', await signIn(floor, subject), { challenge, response })
      }),
  })
}

async function withPasskey({ url, publicUrl }: Floor, subject: string) {
  const { origin, hostname: rpId } = new URL(publicUrl)
  const device = createAuthenticator({ origin, rpId, counting: false })
  const userHandle = Buffer.from(subject).toString('base64url')
  const { id, response } = await device.register({
    ...{ challenge: 'AAAA', rp: { id: rpId }, user: { id: userHandle } },
    pubKeyCredParams: [{ alg: -7 }],
  })
  // The COSE key is at the end: its last members are x and y, each of 32 bytes after a label of 3 bytes.
  const attestation = Buffer.from(response.attestationObject, 'base64url')
  const x = attestation.subarray(-67, -35).toString('base64url')
  const y = attestation.subarray(-32).toString('base64url')
  const passkey = {
    ...{ credentialId: id, userHandle, synced: false, counter: 0 },
    publicKey: { kty: 'EC', crv: 'P-256', x, y },
  }
  await prepareWith(url, callOf('enroll', '', { subject, id: randomUUID(), passkey }))
  return { subject, device }
}

/** One claim in SQL, and consuming a token by hand. */
export function consume(floor: Floor, users: readonly CodeUser[]) {
  return {
    claim: contenderOf(floor, 'one SQL claim', {
      expected: '"claimed":true',
      prepare: async (count) =>
        numbers(count).map((index) =>
          callOf('claimed', '', { subject: around(users, index).subject, key: randomUUID() }),
        ),
    }),
    byHand: contenderOf(floor, 'consume by hand', {
      expected: '"accepted":true,"replayed":false',
      prepare: (count) =>
        atOnce(numbers(count), async (index) => {
          const { subject } = around(users, index)
          const bearer = await signIn(floor, subject)
          const ordered = callOf('issue', bearer, { requestedScopes: [SCOPE] })
          const { token } = await prepareWith(floor.url, ordered)
          const input = { token, subject, scope: SCOPE, idempotencyKey: randomUUID() }
          return callOf('consume', floor.resourceKey, input)
        }),
    }),
  }
}
