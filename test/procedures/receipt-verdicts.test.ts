// verifyReceipt: verifies a receipt offline, and detects a change of any part of it.
import { CompactSign, exportJWK, generateKeyPair, type JSONWebKeySet } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { type ReceiptFault, verifyReceipt } from '../../client/receipt.ts'
import {
  type ChallengeVerifyResult,
  canonical,
  DPOP_HEADER,
  type Receipt,
  STATEMENT_TAG,
} from '../../contract/index.ts'
import type { Tamper } from '../support/authenticator.ts'
import { restartClockAfterEach, stopClock } from '../support/clock.ts'
import { makeProofKey } from '../support/dpop.ts'
import { answerOf, post } from '../support/http.ts'
import { DETAILS, REFUND, receiptKeys, refundScene } from '../support/receipts.ts'
import {
  enrollTotp,
  makeEnvironment,
  operator,
  PUBLIC_URL,
  send,
  stepUp,
  totpCode,
} from '../support/service.ts'

restartClockAfterEach()

/** A receipt with an event between both events, its keys, and the receipt of the same token for the resource. */
async function made(algorithm?: Parameters<typeof refundScene>[0]) {
  const at = await refundScene(algorithm)
  const { factors } = await at.user.client.factor.list.query()
  for (const label of ['one', 'two'])
    await at.user.client.factor.rename.mutate({ factorId: factors[0]?.factorId ?? '', label })
  await at.consume()
  const jwks = await receiptKeys(at.environment.id)
  const receipt = await at.receiptFor(at.user)
  return { ...at, jwks, receipt, forResource: await at.receiptFor('resource') }
}
let at: Awaited<ReturnType<typeof made>>
beforeAll(async () => {
  at = await made()
})

const timeOf = (seconds: number): string => new Date(seconds * 1000).toISOString()
const verdictOf = (receipt: unknown, more = {}) =>
  verifyReceipt(receipt, { jwks: at.jwks, details: DETAILS, ...more })

describe('the verdict on a receipt', () => {
  it('says in plain words what the credential, the token and the chain prove', async () => {
    const { receipt, jti, user, device, resource } = at
    const [issued, consumed] = receipt.chain.events
    expect(await verdictOf(receipt)).toEqual({
      valid: true,
      ...{ iss: receipt.iss, sub: user.subject, jti, signedBy: 'credential', details: 'matched' },
      says: [
        `The passkey ${device.credentials[0]?.id} signed exactly these details for ${REFUND.action}, on a page of https://app.example.`,
        `${receipt.iss} states that this was a step-up of ${user.subject} at ${timeOf(issued?.at ?? 0)}, at level phr.`,
        `${receipt.iss} states that the token ${jti} was consumed once, at ${timeOf(consumed?.at ?? 0)} by resource:${resource.keyId}.`,
        `The chain of events contains both events, at positions ${issued?.seq} and ${consumed?.seq}.`,
      ],
    })
  })

  it.each(['ES256', 'EdDSA', 'RS256'] as const)(
    'proves what a credential signed with %s',
    async (algorithm) => {
      const { receipt, jwks } = await made(algorithm)
      const verdict = await verdictOf(receipt, { jwks })
      expect(verdict).toMatchObject({ valid: true, signedBy: 'credential' })
    },
  )

  it('does not confirm details that were not given', async () => {
    const verdict = await verifyReceipt(at.receipt, { jwks: at.jwks })
    expect(verdict).toMatchObject({ valid: true, details: 'not_checked' })
    expect(verdict.valid && verdict.says[0]).toContain(`the hash ${at.receipt.details?.hash}`)
  })

  it('is the word of the environment where the receipt does not show the credential', async () => {
    const verdict = await verdictOf(at.forResource)
    expect(verdict).toMatchObject({ valid: true, signedBy: 'environment', details: 'matched' })
    expect(verdict.valid && verdict.says[0]).toMatch(/^http.* states that .* verified with passkey/)
  })

  it('covers the key of the client that the token is bound to', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const key = await makeProofKey()
    const url = `${PUBLIC_URL}/${environment.id}/trpc/challenge.verify`
    const stepped = await post(environment.id, 'challenge.verify', {
      bearer: user.bearer(),
      headers: { [DPOP_HEADER]: await key.proof({ url }) },
      body: { method: 'totp', code: totpCode(secret), requestedScopes: ['wallet:sign'] },
    })
    const { elevatedToken } = await answerOf<ChallengeVerifyResult>(stepped)
    const receipt = await user.client.receipt.get.query({ jti: elevatedToken?.jti ?? '' })
    expect(receipt.token.jkt).toBe(key.jkt)
    const jwks = await receiptKeys(environment.id)
    expect(await verifyReceipt(receipt, { jwks })).toMatchObject({ valid: true })
  })

  it('is the word of the environment for a code, and says that the token was not consumed', async () => {
    stopClock()
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const { jti } = await stepUp(user, secret, ['wallet:sign'])
    const receipt = await user.client.receipt.get.query({ jti })
    const jwks = await receiptKeys(environment.id)
    const verdict = await verifyReceipt(receipt, { jwks })
    expect(verdict).toMatchObject({ valid: true, signedBy: 'environment', details: 'none' })
    expect(verdict.valid && verdict.says).toEqual([
      `${receipt.iss} states that ${user.subject} verified with totp for wallet.waas.sign.`,
      `${receipt.iss} states that this was a step-up of ${user.subject} at ${timeOf(receipt.iat)}, at level mfa.`,
      `The token ${jti} had not been consumed when the receipt was made, at ${timeOf(receipt.iat)}.`,
      `The chain of events contains the event, at position ${receipt.chain.events[0]?.seq}.`,
    ])
    const given = await verifyReceipt(receipt, { jwks, details: DETAILS })
    expect(given).toMatchObject({ valid: false, fault: 'details' })
  })
})

/** Every other value of a value: each leaf changed, each member and entry removed, each list turned around. */
function* othersOf(value: unknown): Generator<unknown> {
  if (typeof value === 'string') {
    for (const at of new Set([0, value.length >> 1, Math.max(0, value.length - 1)]))
      yield `${value.slice(0, at)}${value[at] === 'A' ? 'B' : 'A'}${value.slice(at + 1)}`
    yield value.slice(0, -1)
    yield `${value}=`
  } else if (typeof value === 'number') yield* [value + 1, -value - 1, String(value)]
  else if (typeof value === 'boolean') yield !value
  else if (Array.isArray(value)) {
    for (const [at, entry] of value.entries()) {
      yield value.toSpliced(at, 1)
      for (const other of othersOf(entry)) yield value.with(at, other)
    }
    yield [...value, 'added']
    if (value.length > 1) yield value.toReversed()
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      const { [name]: _removed, ...rest } = value as Record<string, unknown>
      yield rest
      for (const other of othersOf(member)) yield { ...value, [name]: other }
    }
    yield { ...value, added: 1 }
  }
}

describe('a changed receipt', () => {
  it.each(['receipt', 'forResource'] as const)(
    'is detected, whatever leaf changes, member or entry is missing, or list is turned around: %s',
    async (which) => {
      const others = [...othersOf(at[which])]
      expect(others.length).toBeGreaterThan(200)
      const verdicts = await Promise.all(others.map((other) => verdictOf(other)))
      const passed = others.filter((_, index) => verdicts[index]?.valid)
      expect(passed).toEqual([])
    },
  )

  it.each([
    ['nothing', undefined],
    ['a text', 'receipt'],
    ['a list', []],
    ['an empty object', {}],
    ['a receipt of another version', { v: 2, signature: 'a..b' }],
    [
      'deep nesting',
      JSON.parse(`{"v":1,"signature":"a..b","x":${'['.repeat(5000)}${']'.repeat(5000)}}`),
    ],
  ])('is refused as a verdict and not as an error: %s', async (_what, receipt) => {
    expect(await verdictOf(receipt)).toMatchObject({ valid: false })
  })

  it.each<[string, object]>([
    ['another amount', { ...DETAILS, amount: 26 }],
    ['an added member', { ...DETAILS, to: 'mallory' }],
    ['no member', {}],
  ])('is found where the details have %s', async (_what, details) => {
    expect(await verdictOf(at.receipt, { details })).toMatchObject({
      valid: false,
      fault: 'details',
    })
  })

  it('is verified by no key of tokens, no key of another environment and no withdrawn key', async () => {
    const { receipt, jwks, environment } = await made()
    const tokenKeys = await send(`/${environment.id}/.well-known/jwks.json`)
    const other = await makeEnvironment()
    await operator.environment.rotateKeys.mutate({
      ...{ environment: environment.id, use: 'receipts', compromised: true },
    })
    expect(await verdictOf(receipt, { jwks })).toMatchObject({ valid: true })
    for (const keys of [
      await tokenKeys.json<JSONWebKeySet>(),
      await receiptKeys(other.id),
      await receiptKeys(environment.id),
    ])
      expect(await verdictOf(receipt, { jwks: keys })).toMatchObject({ fault: 'signature' })
  })
})

/** Signs a receipt as its environment would, with another key of it. */
async function signed({ signature: _, ...receipt }: Receipt) {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'other', alg: 'ES256' }
  const jws = await new CompactSign(new TextEncoder().encode(canonical(receipt)))
    .setProtectedHeader({ alg: 'ES256', typ: 'countersign-receipt+jws', kid: 'other' })
    .sign(privateKey)
  const signature = jws.replace(/\..+\./, '..')
  return [{ ...receipt, signature }, { jwks: { keys: [...at.jwks.keys, jwk] } }] as const
}

describe('a receipt that its environment signed although it does not hold', () => {
  let second: Receipt | undefined
  const another = async () => {
    second ??= (await made()).receipt
    return second
  }
  const dataOf = ({ chain }: Receipt, index: number) => chain.events[index]?.data ?? {}
  const passkeyOf = ({ proofs }: Receipt) => proofs[0]?.passkey ?? {}

  it.each<[string, ReceiptFault, (receipt: Receipt, other: Receipt) => unknown]>([
    [
      'the credential of another user',
      'credential',
      (r, o) => Object.assign(passkeyOf(r), passkeyOf(o)),
    ],
    [
      'the key of another credential',
      'credential',
      (r, o) => {
        const { publicKey } = o.proofs[0]?.passkey ?? {}
        return Object.assign(passkeyOf(r), { publicKey })
      },
    ],
    ['an event whose data changed', 'chain', (r) => Object.assign(dataOf(r, 1), { action: 'x' })],
    [
      'a step-up whose data changed',
      'chain',
      (r) => Object.assign(dataOf(r, 0), { country: 'NL' }),
    ],
    ['digests in another order', 'chain', (r) => r.chain.digests.reverse()],
    ['a digest that is missing', 'chain', (r) => r.chain.digests.pop()],
    ['a digest too many', 'chain', (r) => r.chain.digests.push('00'.repeat(32))],
    ['no consumption', 'chain', (r) => r.chain.events.pop()],
    ['a third event', 'chain', (r) => r.chain.events.push(...r.chain.events.slice(1))],
    ['the events in the other order', 'chain', (r) => r.chain.events.reverse()],
    [
      'the checkpoint of another chain',
      'checkpoint',
      (r, o) => Object.assign(r.chain, { checkpoint: o.chain.checkpoint }),
    ],
    ['other scopes', 'events', (r) => Object.assign(r.token, { scopes: ['x:y'] })],
    ['another kind of token', 'events', (r) => Object.assign(r.token, { kind: 'mfa' })],
    ['a reusable token', 'events', (r) => Object.assign(r.token, { singleUse: false })],
    ['another key of the client', 'events', (r) => Object.assign(r.token, { jkt: 'x' })],
    ['another token', 'events', (r) => Object.assign(r.token, { jti: 'B'.repeat(22) })],
    ['another level', 'events', (r) => Object.assign(r.proofs[0] ?? {}, { acr: 'mfa' })],
    ['another method', 'events', (r) => Object.assign(r.proofs[0] ?? {}, { method: 'totp' })],
    ['another time', 'events', (r) => Object.assign(r.token, { issuedAt: 1 })],
    ['another consumer', 'events', (r) => Object.assign(r.consumed ?? {}, { by: 'resource:x' })],
    ['another time of consumption', 'events', (r) => Object.assign(r.consumed ?? {}, { at: 1 })],
    ['no consumption although the event is there', 'events', (r) => delete r.consumed],
  ])('is found: %s', async (_what, fault, forge) => {
    const receipt = structuredClone(at.receipt)
    forge(receipt, await another())
    const [forged, keys] = await signed(receipt)
    expect(await verdictOf(forged, keys)).toMatchObject({ valid: false, fault })
  })

  /** The receipt with what its credential really signed: another statement, or a response that is bent. */
  async function signedByCredential(statement: object, tamper: Tamper) {
    const receipt = structuredClone(at.receipt)
    const [proof] = receipt.proofs
    if (!proof?.passkey) throw new Error('the receipt has no passkey')
    const said = { ...proof.passkey.statement, ...statement }
    const text = new TextEncoder().encode(STATEMENT_TAG + canonical(said))
    const challenge = Buffer.from(await crypto.subtle.digest('SHA-256', text)).toString('base64url')
    const { response } = await at.device.authenticate({ challenge }, tamper)
    const { authenticatorData, clientDataJSON, signature } = response
    proof.passkey = {
      ...{ ...proof.passkey, statement: said, authenticatorData, clientDataJSON, signature },
    }
    return signed(receipt)
  }

  it('is not one whose credential signed the same statement again', async () => {
    const [receipt, keys] = await signedByCredential({}, {})
    expect(await verdictOf(receipt, keys)).toMatchObject({ valid: true, signedBy: 'credential' })
  })

  it.each<[string, object, Tamper?]>([
    ['another scope', { scope: 'x:y' }],
    ['another user', { sub: 'mallory' }],
    ['another environment', { iss: 'https://elsewhere.example/env' }],
    ['other details', { details: 'A'.repeat(43) }],
    ['an enrollment', { purpose: 'enroll:x' }],
    ['another challenge', {}, { challenge: 'A'.repeat(43) }],
    ['a registration', {}, { type: 'webauthn.create' }],
    ['in a frame of another site', {}, { crossOrigin: true }],
    ['below a page of another site', {}, { topOrigin: 'https://evil.example' }],
    ['for another relying party', {}, { rpId: 'evil.example' }],
    ['without the user', {}, { userPresent: false }],
    ['without verifying the user', {}, { userVerified: false }],
    ['a signature that was cut', {}, { signature: new Uint8Array([0x30, 2, 2, 0]) }],
  ])('is found: its credential signed %s', async (_what, statement, tamper = {}) => {
    const [receipt, keys] = await signedByCredential(statement, tamper)
    expect(await verdictOf(receipt, keys)).toMatchObject({ valid: false, fault: 'credential' })
  })
})
