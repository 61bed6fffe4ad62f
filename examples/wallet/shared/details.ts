// The details of every guarded action that takes input: the page binds a token to them, and the Worker compares
// them with what it is about to do. Pure, and the same code on both sides.
import {
  getAddress,
  hashMessage,
  hashTypedData,
  isAddress,
  keccak256,
  type TypedDataDefinition,
} from 'viem'
import { hashAuthorization } from 'viem/utils'
import { normalizeName } from './name.ts'
import type { SignRequest, TransactionRequest, TypedDataRequest } from './requests.ts'
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

/** The details of a signature: always far below the 2,048 bytes that details may have. */
export type SignDetails =
  | {
      kind: 'transaction'
      chainId: number
      /** Checksummed (ERC-55), however it was written. */
      to: string
      /** In wei, as decimal digits. */
      value: string
      dataHash: string
      nonce: number
      gas: string
      /** In wei, as decimal digits, as the tip is. */
      maxFeePerGas: string
      maxPriorityFeePerGas: string
    }
  | { kind: 'message' | 'typedData' | 'authorization'; hash: string }

/**
 * The details of what is to be signed.
 *
 * @throws Error with a sentence where an address has a wrong checksum, or typed data does not fit its types
 * @example const details = detailsOf({ kind: 'message', message: 'Hello' })
 */
export function detailsOf(request: SignRequest): SignDetails {
  const { kind } = request
  switch (kind) {
    case 'transaction':
      return detailsOfTransaction(request.transaction)
    case 'message':
      return { kind, hash: hashMessage(request.message) }
    case 'typedData':
      return { kind, hash: hashTypedData(typedDataOf(request.typedData)) }
    case 'authorization': {
      const { contractAddress, ...more } = request.authorization
      return { kind, hash: hashAuthorization({ ...more, address: checksummed(contractAddress) }) }
    }
  }
}

function detailsOfTransaction({ data = '0x', ...transaction }: TransactionRequest) {
  return {
    kind: 'transaction' as const,
    ...transaction,
    to: checksummed(transaction.to),
    dataHash: keccak256(data),
  }
}

/**
 * An address in its checksummed spelling.
 *
 * @throws Error where mixed case says that a digit was mistyped
 */
export function checksummed(address: `0x${string}`): `0x${string}` {
  const lower = /^0x[0-9a-f]{40}$/.test(address)
  if (!lower && !isAddress(address))
    throw new Error(`the address ${address} has a wrong checksum (ERC-55)`)
  return getAddress(address)
}

/** Typed data as viem takes it: its types are known only at run time. */
export const typedDataOf = (request: TypedDataRequest): TypedDataDefinition =>
  request as unknown as TypedDataDefinition
