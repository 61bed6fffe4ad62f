// What the dashboard says of a receipt that comes as a file.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkFile } from '../../console/model/receipt-check.ts'

interface Vector {
  kind: string
  name: string
  input: { receipt: Record<string, unknown>; details: Record<string, unknown> }
}
const file: {
  keys: { receipts: Parameters<typeof checkFile>[3]; tokens: Parameters<typeof checkFile>[3] }
  vectors: Vector[]
} = JSON.parse(readFileSync('conformance/vectors.json', 'utf8'))
const { receipt, details } =
  file.vectors.find(({ kind, name }) => kind === 'receipt' && name === 'a passkey with ES256')
    ?.input ?? expect.fail('no such vector')

const checked = (
  content: unknown,
  given?: Record<string, unknown>,
  keys = file.keys.receipts,
): ReturnType<typeof checkFile> => {
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  return checkFile(new Blob([text]), given, 'shop', keys)
}

describe('a receipt in a file', () => {
  it('is verified, with its details if they are the signed ones', async () => {
    const { verdict, action, advice } = await checked(receipt, details)
    expect(verdict).toMatchObject({ valid: true, signedBy: 'credential', details: 'matched' })
    expect({ action, advice }).toEqual({ action: 'order.refund' })
    expect((await checked(receipt)).verdict).toMatchObject({ details: 'not_checked' })
  })

  it.each<[string, unknown, fault: string, advice: string]>([
    ['is not JSON', '%PDF-1.7', 'form', 'Choose the JSON file'],
    ['is not an object', '[]', 'form', 'Choose the JSON file'],
    ['is something else', { name: 'countersign' }, 'form', 'Choose the JSON file'],
    ['is too large', ' '.repeat(1_000_001), 'form', 'Choose the JSON file'],
    ['was edited', { ...receipt, sub: 'mallory' }, 'signature', 'It was edited'],
    [
      'is of another environment',
      { ...receipt, environment: 'bank' },
      'signature',
      'It is from the environment bank',
    ],
    [
      'names no environment',
      { ...receipt, environment: 7 },
      'signature',
      'It does not say which environment',
    ],
  ])('that %s proves nothing, and says what to do', async (_what, content, fault, advice) => {
    const result = await checked(content)
    expect(result.verdict).toMatchObject({ valid: false, fault })
    expect(result.advice).toContain(advice)
  })

  it('proves nothing about other details, and nothing with other keys', async () => {
    const other = await checked(receipt, { ...details, amount: 26 })
    expect(other.verdict).toMatchObject({ valid: false, fault: 'details' })
    expect(other.advice).toBe('Nothing else is wrong with it.')
    const { verdict } = await checked(receipt, details, file.keys.tokens)
    expect(verdict).toMatchObject({ valid: false, fault: 'signature' })
  })
})
