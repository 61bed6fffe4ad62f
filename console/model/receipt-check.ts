// Verifies a receipt in this page: one that the service returned, or one that somebody handed over as a file.
import { type Receipt, type ReceiptVerdict, verifyReceipt } from 'countersign/receipt'

type KeySet = Parameters<typeof verifyReceipt>[1]['jwks']

/** The result for a file. `advice` says what a faulty file may be. */
export interface CheckedFile {
  verdict: ReceiptVerdict
  advice?: string
  /** The action that the receipt has a details hash for. */
  action?: string | undefined
}

/** A file above this size is not read. */
const RECEIPT_MAX_BYTES = 1_000_000

/** Returns the keys that sign the receipts of an environment. */
export async function readReceiptKeys(environment: string): Promise<KeySet> {
  const answer = await fetch(`/${environment}/receipts/jwks.json`)
  if (!answer.ok) throw new Error(`The receipt keys could not be read: status ${answer.status}.`)
  return answer.json()
}

/** Reads a JSON object that somebody typed. Returns undefined for anything else. */
export function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/**
 * Verifies the receipt in a file, and compares it with the details if there are any.
 *
 * @example const { verdict, advice } = await checkFile(file, { order: 'o-17' }, 'shop', jwks)
 */
export async function checkFile(
  file: Blob,
  details: Record<string, unknown> | undefined,
  environment: string,
  jwks: KeySet,
): Promise<CheckedFile> {
  const receipt = file.size > RECEIPT_MAX_BYTES ? undefined : readObject(await file.text())
  const verdict = await verifyReceipt(receipt, { jwks, details })
  if (verdict.valid) return { verdict, action: (receipt as Receipt | undefined)?.details?.action }
  const isForeign = verdict.fault === 'signature' && receipt?.environment !== environment
  const advice = isForeign ? foreignAdvice(receipt?.environment) : ADVICE[verdict.fault]
  return { verdict, advice }
}

const foreignAdvice = (environment: unknown): string =>
  typeof environment === 'string'
    ? `It is from the environment ${environment}: check it there.`
    : 'It does not say which environment it is of.'

const EDITED = 'Ask for the receipt again, and compare the two.'
const ADVICE: Record<Exclude<ReceiptVerdict, { valid: true }>['fault'], string> = {
  form: 'Choose the JSON file that receipt.get returned, or that this dashboard saved.',
  signature: 'It was edited, or its key was withdrawn as compromised. Ask for the receipt again.',
  checkpoint: EDITED,
  chain: EDITED,
  events: EDITED,
  credential: EDITED,
  details: 'Nothing else is wrong with it.',
}
