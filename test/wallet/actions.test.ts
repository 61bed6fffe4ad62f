// The four guarded actions: what they give, and that nothing is given without what the token says.
import {
  parseTransaction,
  recoverMessageAddress,
  recoverTransactionAddress,
  recoverTypedDataAddress,
} from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import { recoverAuthorizationAddress } from 'viem/utils'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { detailsOf } from '../../examples/wallet/shared/details.ts'
import type { SignRequest } from '../../examples/wallet/shared/requests.ts'
import type { SignedAuthorization } from '../../examples/wallet/shared/view.ts'
import { countersign, mint, serveCountersign } from './support/countersign.ts'
import { signIn } from './support/wallet.ts'

type Hex = `0x${string}`
const TO = '0x52908400098527886E0F7030069857D2E4169EE7'
const TRANSACTION = {
  chainId: 1,
  to: TO,
  value: '1000000000000000000',
  data: '0xa9059cbb',
  nonce: 7,
  gas: '21000',
  maxFeePerGas: '30000000000',
  maxPriorityFeePerGas: '1000000000',
} as const
const TYPED_DATA = {
  domain: { name: 'Mail', version: '1', chainId: 1, verifyingContract: TO },
  types: {
    Mail: [
      { name: 'to', type: 'address' },
      { name: 'amount', type: 'uint256' },
    ],
  },
  primaryType: 'Mail',
  message: { to: TO, amount: '340282366920938463463374607431768211456' },
} as const
const RECURSIVE = {
  ...TYPED_DATA,
  types: { Mail: [{ name: 'to', type: 'Mail' }] },
}
const AUTHORIZATION = { contractAddress: TO, chainId: 1, nonce: 3 } as const
const REQUESTS = {
  message: { kind: 'message', message: 'Hello' },
  typedData: { kind: 'typedData', typedData: TYPED_DATA },
  transaction: { kind: 'transaction', transaction: TRANSACTION },
  authorization: { kind: 'authorization', authorization: AUTHORIZATION },
} as unknown as Record<SignRequest['kind'], SignRequest>

beforeAll(serveCountersign)
beforeEach(() => Object.assign(countersign, { enrolled: true, silent: false, consumed: 0 }))

/** Signs with a token for exactly this request. */
async function sign<Body>(kind: SignRequest['kind']) {
  const user = await signIn()
  const { address } = await user.wallet()
  const token = await mint(user.subject, 'wallet:sign', { ...detailsOf(REQUESTS[kind]) })
  const { status, body } = await user.post<Body>('/api/wallet/sign', REQUESTS[kind], token)
  expect(status, JSON.stringify(body)).toBe(200)
  return { address, body, log: (await user.wallet()).log }
}

describe('export', () => {
  it('gives the key of the address to a caller with a token for it', async () => {
    const user = await signIn()
    const token = await mint(user.subject, 'wallet:export')
    const { status, body } = await user.post<{ address: string; privateKey: Hex }>(
      '/api/wallet/export',
      {},
      token,
    )
    expect(status).toBe(200)
    expect(privateKeyToAddress(body.privateKey)).toBe(body.address)
    const { address, log } = await user.wallet()
    expect(body.address).toBe(address)
    expect(log[0]).toMatchObject({ event: 'key exported', detail: '' })
  })

  it('is refused without a token, with a spent one, and with that of another user', async () => {
    const [user, other] = [await signIn(), await signIn()]
    const token = await mint(user.subject, 'wallet:export')
    expect((await user.post('/api/wallet/export')).status).toBe(401)
    expect((await other.post('/api/wallet/export', {}, token)).status).toBe(401)
    expect((await user.post('/api/wallet/export', {}, token)).status).toBe(200)
    const again = await user.post('/api/wallet/export', {}, token)
    expect(again.status).toBe(401)
    expect(again.body).not.toHaveProperty('privateKey')
  })

  it('is refused while Countersign cannot be asked', async () => {
    const user = await signIn()
    countersign.silent = true
    expect((await user.post('/api/wallet/export')).status).toBe(503)
  })

  it('is permitted to a user who never enrolled a factor', async () => {
    countersign.enrolled = false
    const user = await signIn()
    expect((await user.post('/api/wallet/export')).status).toBe(200)
  })
})

describe('sign', () => {
  it('signs a message as the address', async () => {
    const { address, body } = await sign<{ signature: Hex }>('message')
    const signer = await recoverMessageAddress({ message: 'Hello', signature: body.signature })
    expect(signer).toBe(address)
  })

  it('signs typed data as the address', async () => {
    const { address, body } = await sign<{ signature: Hex }>('typedData')
    const message = { ...TYPED_DATA.message, amount: 2n ** 128n }
    const signed = { ...TYPED_DATA, message, signature: body.signature }
    expect(await recoverTypedDataAddress(signed)).toBe(address)
  })

  it('signs a transaction as the address, and that one', async () => {
    const { address, body } = await sign<{ serializedTransaction: `0x02${string}` }>('transaction')
    const { serializedTransaction } = body
    expect(await recoverTransactionAddress({ serializedTransaction })).toBe(address)
    expect(parseTransaction(serializedTransaction)).toMatchObject({
      chainId: 1,
      to: TO.toLowerCase(),
      value: 10n ** 18n,
      data: '0xa9059cbb',
      nonce: 7,
    })
  })

  it('signs an authorization as the address', async () => {
    const { address, body } = await sign<{ authorization: SignedAuthorization }>('authorization')
    const { contractAddress, r, s, yParity } = body.authorization
    const signer = await recoverAuthorizationAddress({
      authorization: { chainId: 1, nonce: 3, address: contractAddress as Hex },
      signature: { r, s, yParity },
    })
    expect(signer).toBe(address)
  })

  it.each<[SignRequest['kind'], string]>([
    ['message', '“Hello”'],
    ['typedData', 'Mail (typed data)'],
    ['transaction', '1 ETH to 0x5290…9EE7 on Ethereum'],
    ['authorization', 'the code of 0x5290…9EE7 for this account'],
  ])('leaves in the log what was signed: %s', async (kind, detail) => {
    const { log } = await sign(kind)
    expect(log[0]).toMatchObject({ event: 'signed', detail })
  })

  it('leaves the beginning of a long message in the log, with nothing that hides or reorders it', async () => {
    countersign.enrolled = false
    const user = await signIn()
    const message = `pay\u202e \u0000${'x'.repeat(200)}`
    expect((await user.post('/api/wallet/sign', { kind: 'message', message })).status).toBe(200)
    const { log } = await user.wallet()
    expect(log[0]?.detail).toBe(`“pay   ${'x'.repeat(54)}…”`)
  })

  it.each([
    ['another recipient', { to: '0x8617E340B3D01FA5F11F306F4090FD50E238070D' }],
    ['another value', { value: '1000000000000000001' }],
    ['another chain', { chainId: 10 }],
    ['other data', { data: '0xa9059cbc' }],
  ])('refuses %s than the token says, and burns nothing', async (_, change) => {
    const user = await signIn()
    const token = await mint(user.subject, 'wallet:sign', {
      ...detailsOf(REQUESTS.transaction),
    })
    const request = { kind: 'transaction', transaction: { ...TRANSACTION, ...change } }
    const refused = await user.post('/api/wallet/sign', request, token)
    expect(refused.status).toBe(401)
    expect(refused.body).toMatchObject({ reason: 'details_mismatch' })
    expect(refused.body).not.toHaveProperty('serializedTransaction')
    expect(countersign.consumed).toBe(0)
    expect((await user.post('/api/wallet/sign', REQUESTS.transaction, token)).status).toBe(200)
  })

  it('refuses a token that says nothing of what is signed', async () => {
    const user = await signIn()
    const token = await mint(user.subject, 'wallet:sign')
    const refused = await user.post('/api/wallet/sign', REQUESTS.message, token)
    expect(refused.status).toBe(401)
    expect(refused.body).toMatchObject({ reason: 'step_up_required' })
    expect(refused.body).not.toHaveProperty('signature')
  })

  it.each<[string, unknown, string]>([
    [
      'a field that it does not know',
      { ...TRANSACTION, authorizationList: [] },
      'authorizationList',
    ],
    ['a number beyond 2^53 as a number', { ...TRANSACTION, value: 1e18 }, 'value'],
    ['a leading zero', { ...TRANSACTION, value: '01' }, 'value'],
    ['a value beyond 2^256', { ...TRANSACTION, value: String(2n ** 256n) }, '2^256'],
    ['a mistyped address', { ...TRANSACTION, to: TO.replace('E', 'e') }, 'checksum'],
    ['half a byte', { ...TRANSACTION, data: '0xabc' }, 'data'],
    ['a tip above the fee', { ...TRANSACTION, maxPriorityFeePerGas: '30000000001' }, 'maxPriority'],
  ])('refuses %s, with a reason', async (_, transaction, word) => {
    const user = await signIn()
    const token = await mint(user.subject, 'wallet:sign')
    const { status, body } = await user.post<{ detail: string }>(
      '/api/wallet/sign',
      { kind: 'transaction', transaction },
      token,
    )
    expect(status).toBe(400)
    expect(body).toMatchObject({ reason: 'input_invalid' })
    expect(body.detail).toContain(word)
    expect(countersign.consumed).toBe(0)
  })

  it.each<[string, unknown]>([
    ['types that lack one', { ...TYPED_DATA, primaryType: 'Letter' }],
    ['a message that does not fit', { ...TYPED_DATA, message: { to: 'nobody', amount: '1' } }],
    ['an unknown primitive', { ...TYPED_DATA, types: { Mail: [{ name: 'to', type: 'uint7' }] } }],
    ['a negative amount', { ...TYPED_DATA, message: { to: TO, amount: '-1' } }],
    ['a primary type that every object has', { ...TYPED_DATA, primaryType: 'constructor' }],
    ['a type of itself', { ...RECURSIVE, message: { to: 'nobody' } }],
    ['words for an amount', { ...TYPED_DATA, message: { to: TO, amount: 'much' } }],
  ])('refuses typed data with %s, with a reason', async (_, typedData) => {
    const user = await signIn()
    const { status, body } = await user.post('/api/wallet/sign', { kind: 'typedData', typedData })
    expect(status).toBe(400)
    expect(body).toMatchObject({ reason: 'input_invalid' })
  })

  it('says the same details of an address, however it is written', () => {
    const lower = { ...TRANSACTION, to: TO.toLowerCase() as Hex }
    expect(detailsOf({ kind: 'transaction', transaction: lower })).toEqual(
      detailsOf(REQUESTS.transaction),
    )
  })

  it('fits much data into the details', () => {
    const data: Hex = `0x${'ab'.repeat(30_000)}`
    const value = String(2n ** 256n - 1n)
    const transaction = { ...TRANSACTION, chainId: Number.MAX_SAFE_INTEGER, value, data }
    const details = JSON.stringify(detailsOf({ kind: 'transaction', transaction }))
    expect(details.length).toBeLessThan(1900)
  })
})
