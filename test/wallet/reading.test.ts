// What a user reads before they sign: all of what is signed, nothing else, and a warning where the wallet cannot
// tell what a signature does.
import { bytesToHex } from 'viem'
import { describe, expect, it } from 'vitest'
import { rowsOf } from '../../contract/index.ts'
import { exampleOrder } from '../../examples/wallet/page/sign/examples.ts'
import { messageIn } from '../../examples/wallet/page/sign/read.ts'
import { ACTIONS } from '../../examples/wallet/shared/actions.ts'
import {
  delegateDetails,
  detailsOf,
  isShownWhole,
  reshareDetails,
} from '../../examples/wallet/shared/details.ts'
import { SignRequest } from '../../examples/wallet/shared/requests.ts'

const TO = '0x52908400098527886E0F7030069857D2E4169EE7'
const TRANSACTION = {
  ...{ chainId: 11155111, to: TO, value: '10000000000000000', nonce: 7, gas: '21000' },
  ...{ maxFeePerGas: '20000000000', maxPriorityFeePerGas: '1000000000' },
}
const DELEGATOR = '0x63c0c19a282a1B52b07dD5a65b58948A07DAE32B'

const shown = (action: string, details: object): string[] => {
  const schema = ACTIONS.find((one) => one.action === action)?.detailsSchema
  return rowsOf(schema, details).map(
    ({ title, text, of }) => `${title}: ${text}${of ? ` (of ${of})` : ''}`,
  )
}
const read = (request: unknown): string[] =>
  shown('wallet.waas.sign', detailsOf(SignRequest.parse(request)))
const typed = (typedData: object) => read({ kind: 'typedData', typedData })
const ORDER = exampleOrder(TO)

it('digits after 0x are the bytes of a message', () => {
  expect(messageIn('0x48656c6C6f')).toEqual({ raw: '0x48656c6C6f' })
  for (const text of ['0x', '0x4', '0xgg', '48', ' 0x48']) expect(messageIn(text)).toBe(text)
})

describe('before signing, a user reads', () => {
  it('what a transaction moves, to whom and on which network', () => {
    expect(read({ kind: 'transaction', transaction: TRANSACTION }).slice(0, 3)).toEqual([
      'Amount: 0.01 ETH on Sepolia (test network)',
      'Recipient: 0x5290 8400 0985 2788 6E0F 7030 0698 57D2 E416 9EE7',
      'Max fee: 0.00042 ETH on Sepolia (test network)',
    ])
    const rows = read({ kind: 'transaction', transaction: { ...TRANSACTION, chainId: 31337 } })
    expect(rows[0]).toBe('Amount: 0.01 coins of an unknown network')
    expect(rows).toContain('Network: chain 31337')
  })

  it('the data of a call, with a warning', () => {
    const rows = read({ kind: 'transaction', transaction: { ...TRANSACTION, data: '0xa9059cbb' } })
    expect(rows[0]).toBe(
      'Careful: This calls a contract. The wallet cannot show what the call does.',
    )
    expect(rows).toContain('Data: 0xa905 9cbb (4 bytes)')
  })

  it.each([
    ['a text', 'Hello\nyou', 'Message: Hello⏎you'],
    ['bytes that are a text', { raw: '0x48656c6c6f' }, 'Message: Hello'],
    ['bytes that are not', { raw: '0xff00' }, 'Bytes: 0xff00 (2 bytes)'],
    ['bytes with a control character', { raw: '0x4807' }, 'Bytes: 0x4807 (2 bytes)'],
  ])('%s of a message', (_what, message, row) => {
    const rows = read({ kind: 'message', message })
    expect(rows).toContain(row)
    expect(rows.some((one) => one.startsWith('Careful'))).toBe(row.startsWith('Bytes'))
  })

  it('typed data by its types, and only what is signed of it', () => {
    expect(typed({ ...ORDER, message: { ...ORDER.message, unsigned: 'free' } })).toEqual([
      `Message › seller: ${TO}`,
      'Message › item: Print no. 12 of 50',
      'Message › priceWei: 50000000000000000',
      'Message › validUntil: 1893456000',
      expect.stringMatching(/^Hash: 0x[0-9a-f]{64} \(of Message\)$/),
      'Type of data: Order',
      'Application › name: Example Market',
      'Application › version: 1',
      'Application › chain: 11155111',
      'Application › contract: 0x0000 0000 006c 3852 cbEf 3e08 E8dF 2891 69Ed E581',
      'Network: Sepolia (test network)',
      'Kind: typedData',
    ])
    const types = { ...ORDER.types, EIP712Domain: [{ name: 'name', type: 'string' }] }
    const rows = typed({ ...ORDER, types })
    expect(rows.filter((one) => /^Application|Network/.test(one))).toEqual([
      'Application › name: Example Market',
    ])
  })

  it('lists and structures in typed data, and a warning about bytes', () => {
    const types = {
      Batch: [{ name: 'calls', type: 'Call[]' }],
      Call: [
        { name: 'to', type: 'address' },
        { name: 'data', type: 'bytes' },
      ],
    }
    const message = { calls: [{ to: TO, data: '0x01' }] }
    const rows = typed({ domain: {}, types, primaryType: 'Batch', message })
    expect(rows).toContain('Message › calls 1 › data: 0x01')
    expect(rows[0]).toBe(
      'Careful: This data contains bytes. The wallet cannot show what they mean.',
    )
  })

  it.each([
    [
      DELEGATOR,
      'MetaMask EIP-7702 Delegator',
      'The code of this contract will control your account until you authorize another.',
    ],
    [
      TO,
      'not known to this wallet',
      'The wallet does not know this contract. Its code will control your account.',
    ],
  ])(
    'which contract an authorization is for, and its name: %s',
    (contractAddress, name, warning) => {
      const authorization = { contractAddress, chainId: 11155111, nonce: 0 }
      const rows = read({ kind: 'authorization', authorization })
      expect(rows[0]).toBe(`Careful: ${warning}`)
      expect(rows).toContain(`Name: ${name}`)
      expect(rows).toContain('Network: Sepolia (test network)')
    },
  )

  it('who gets a share, and who keeps or loses one', () => {
    expect(shown('wallet.waas.refresh', delegateDetails(' Bob '))[0]).toBe(
      'New holder of a share: Bob',
    )
    expect(shown('wallet.waas.reshare', reshareDetails('revoke', 'Bob'))).toEqual([
      'Holder of the share: Bob',
      'Decision: revoke',
    ])
  })
})

describe('what is too long for the details', () => {
  const bytes = bytesToHex(new Uint8Array(6000).fill(255))
  const long = { ...ORDER, message: { ...ORDER.message, item: 'é'.repeat(3000) } }

  it.each<[what: string, request: object, hashOf: string]>([
    ['a message', { kind: 'message', message: 'é'.repeat(9000) }, 'Message'],
    [
      'a message of control characters',
      { kind: 'message', message: '\u0001'.repeat(9000) },
      'Message',
    ],
    ['bytes', { kind: 'message', message: { raw: bytes } }, 'Message'],
    ['data', { kind: 'transaction', transaction: { ...TRANSACTION, data: bytes } }, 'Data'],
    ['typed data', { kind: 'typedData', typedData: long }, 'Message'],
  ])('is bound by its hash beside its beginning, with a warning: %s', (_what, request, hashOf) => {
    const parsed = SignRequest.parse(request)
    expect(isShownWhole(parsed)).toBe(false)
    const rows = read(request)
    expect(rows[0]).toMatch(/^Careful: This is too long for this window/)
    expect(rows.some((row) => row.startsWith('Hash') && row.endsWith(`(of ${hashOf})`))).toBe(true)
    expect(JSON.stringify(detailsOf(parsed)).length).toBeLessThan(2000)
  })

  it('is refused where not even its beginning fits', () => {
    const domain = { ...ORDER.domain, name: 'x'.repeat(3000) }
    expect(() => typed({ ...ORDER, domain })).toThrow('too long to be shown')
  })

  it('is bound as a whole: another end is another hash', () => {
    const of = (message: string) =>
      detailsOf({ kind: 'message', message: 'é'.repeat(9000) + message })
    expect(of('a')).not.toEqual(of('b'))
  })
})
