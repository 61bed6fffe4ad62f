// The details of every guarded action that takes input: the page binds a token to them, and the Worker compares
// them with what it is about to do. Pure, and the same code on both sides.
import { hashMessage, hashTypedData, keccak256, type TypedDataDefinition } from 'viem'
import { normalizeName } from './name.ts'
import { readAuthorization, readMessage, readTransaction, readTypedData } from './reading.ts'
import type { SignRequest, TypedDataRequest } from './requests.ts'
import type { Decision } from './view.ts'

/** The details of a delegation. */
export const delegateDetails = (to: string) => ({
  kind: 'delegate' as const,
  to: normalizeName(to),
})

/** The details of claiming a wallet: a user has one. */
export const CLAIM_DETAILS = { kind: 'claim' } as const

/** The details of a decision about the access of a delegate. */
export const reshareDetails = (decision: Decision, to: string) => ({ decision, to })

/** The details of a signature. */
export type SignDetails = { kind: SignRequest['kind'] } & Record<string, unknown>

/**
 * Returns all that a request signs, in full. `detailsOf` shortens it where it is too long.
 *
 * @throws Error with a sentence where an address has a wrong checksum, or typed data does not fit its types
 */
export function readingOf(request: SignRequest): SignDetails {
  const { kind } = request
  switch (kind) {
    case 'transaction':
      return { kind, ...readTransaction(request.transaction) }
    case 'message':
      return { kind, ...readMessage(request.message) }
    case 'typedData': {
      // The hash covers the types, too, and refuses data that does not fit them.
      const hash = hashTypedData(typedDataOf(request.typedData))
      return { kind, ...readTypedData(request.typedData), hash }
    }
    case 'authorization':
      return { kind, ...readAuthorization(request.authorization) }
  }
}

/** Countersign binds at most 2,048 bytes of details, with the name of the action. */
const DETAILS_MAX_BYTES = 1900
/** How much of a long value is shown: as much as fits. */
const BEGINNINGS = [400, 100, 25]
const TOO_LONG =
  'This is too long for this window, which shows its beginning. The page shows all of it.'

/**
 * The details of what is to be signed. A value that is too long is bound by its hash, beside its beginning.
 *
 * @throws Error with a sentence, as `readingOf`; also for what is too long to be shown
 * @example const details = detailsOf({ kind: 'message', message: 'Hello' })
 */
export function detailsOf(request: SignRequest): SignDetails {
  const whole = readingOf(request)
  if (fits(whole)) return whole
  for (const characters of BEGINNINGS) {
    const short = shortened(request, whole, (value) => beginningOf(value, characters))
    if (fits(short)) return short
  }
  throw new Error('this is too long to be shown before it is signed')
}

/** Returns whether the details of a request show all that it signs. */
export const isShownWhole = (request: SignRequest): boolean => fits(readingOf(request))

const fits = (details: SignDetails): boolean =>
  new TextEncoder().encode(JSON.stringify(details)).length <= DETAILS_MAX_BYTES

const beginningOf = (value: unknown, characters: number): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  // Two digits are a byte.
  return [...text].slice(0, characters + (characters % 2)).join('')
}

function shortened(
  request: SignRequest,
  whole: SignDetails,
  cut: (value: unknown) => string,
): SignDetails {
  const short: SignDetails = { ...whole, warning: TOO_LONG }
  if (request.kind === 'transaction' && request.transaction.data) {
    const { data } = request.transaction
    return { ...short, data: cut(data), dataHash: keccak256(data), length: bytesIn(data) }
  }
  if (request.kind === 'typedData') return { ...short, message: cut(whole.message) }
  if (request.kind !== 'message') return short
  const { bytes, message = bytes, ...rest } = short
  const length = bytes ? bytesIn(bytes) : `${[...String(message)].length} characters`
  return { ...rest, message: cut(message), length, hash: hashMessage(request.message) }
}

const bytesIn = (hex: unknown): string => `${String(hex).length / 2 - 1} bytes`

/** Typed data as viem takes it: its types are known only at run time. */
export const typedDataOf = (request: TypedDataRequest): TypedDataDefinition =>
  request as unknown as TypedDataDefinition
