// What is done with the key: messages, typed data, transactions and authorizations are signed, by viem.
// What is signed is the request that was compared with the token's details, and nothing else.
import { formatEther, type Hex, keccak256 } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { chainName } from '../shared/chains.ts'
import { checksummed } from '../shared/checksum.ts'
import { detailsOf, type SignDetails, typedDataOf } from '../shared/details.ts'
import { readMessage } from '../shared/reading.ts'
import {
  type AuthorizationRequest,
  type SignRequest,
  type TransactionRequest,
  UNSEEN,
} from '../shared/requests.ts'
import { type SignedAuthorization, type SignResult, shortAddress } from '../shared/view.ts'
import { refuse } from './problem.ts'

/**
 * The details of a request; what cannot be hashed cannot be signed either, and is bad input.
 *
 * @throws Problem `input_invalid` with what does not fit
 */
export function readDetails(request: SignRequest): SignDetails {
  try {
    if (request.kind === 'transaction') refuseOverflow(request.transaction)
    return detailsOf(request)
  } catch (error) {
    const [sentence = ''] = String(error instanceof Error ? error.message : error).split('\n')
    return refuse('input_invalid', `${request.kind}: ${sentence}`)
  }
}

/** What viem would refuse only while signing, which is after a token was spent. */
function refuseOverflow(transaction: TransactionRequest): void {
  if (BigInt(transaction.gas) >= 2n ** 64n) throw new Error('the gas limit is beyond 2^64')
  if (BigInt(transaction.maxPriorityFeePerGas) > BigInt(transaction.maxFeePerGas))
    throw new Error('maxPriorityFeePerGas is more than maxFeePerGas')
}

const SUMMARY_MAX_CHARACTERS = 60

/** Says in a few words what a request signs, for the log of its owner. */
export function summaryOf(request: SignRequest): string {
  switch (request.kind) {
    case 'message': {
      const { message, bytes = '' } = readMessage(request.message)
      return message === undefined ? `${bytes.length / 2 - 1} bytes` : `“${shortened(message)}”`
    }
    case 'typedData':
      return `${shortened(request.typedData.primaryType)} (typed data)`
    case 'transaction': {
      const { value, to, chainId } = request.transaction
      return `${formatEther(BigInt(value))} ETH to ${shortAddress(to)} on ${chainName(chainId)}`
    }
    case 'authorization':
      return `the code of ${shortAddress(request.authorization.contractAddress)} for this account`
  }
}

/** The beginning of a text. Characters that could reorder or hide the rest become spaces. */
function shortened(text: string): string {
  const characters = [...text.trim()].map((one) => (UNSEEN.test(one) ? ' ' : one))
  const start = characters.slice(0, SUMMARY_MAX_CHARACTERS).join('')
  return characters.length > SUMMARY_MAX_CHARACTERS ? `${start}…` : start
}

/** Signs a request whose details were compared. */
export async function signRequest(key: Hex, request: SignRequest): Promise<SignResult> {
  const account = privateKeyToAccount(key)
  switch (request.kind) {
    case 'message':
      return { signature: await account.signMessage({ message: request.message }) }
    case 'typedData':
      return { signature: await account.signTypedData(typedDataOf(request.typedData)) }
    case 'transaction':
      return signTransaction(key, request.transaction)
    case 'authorization':
      return { authorization: await signAuthorization(key, request.authorization) }
  }
}

async function signTransaction(key: Hex, request: TransactionRequest) {
  const serializedTransaction = await privateKeyToAccount(key).signTransaction({
    type: 'eip1559',
    chainId: request.chainId,
    to: checksummed(request.to),
    value: BigInt(request.value),
    data: request.data ?? '0x',
    nonce: request.nonce,
    gas: BigInt(request.gas),
    maxFeePerGas: BigInt(request.maxFeePerGas),
    maxPriorityFeePerGas: BigInt(request.maxPriorityFeePerGas),
  })
  return { serializedTransaction, hash: keccak256(serializedTransaction) }
}

async function signAuthorization(
  key: Hex,
  { contractAddress, chainId, nonce }: AuthorizationRequest,
): Promise<SignedAuthorization> {
  const contract = checksummed(contractAddress)
  const signed = await privateKeyToAccount(key).signAuthorization({
    contractAddress: contract,
    chainId,
    nonce,
  })
  const { r, s, yParity = 0 } = signed
  return { contractAddress: contract, chainId, nonce, r, s, yParity }
}
