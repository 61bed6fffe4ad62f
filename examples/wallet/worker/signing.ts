// What is done with the key: messages, typed data, transactions and authorizations are signed, by viem.
// What is signed is the request that was compared with the token's details, and nothing else.
import { type Hex, keccak256 } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { checksummed, detailsOf, type SignDetails, typedDataOf } from '../shared/details.ts'
import type { AuthorizationRequest, SignRequest, TransactionRequest } from '../shared/requests.ts'
import type { SignedAuthorization, SignResult } from '../shared/view.ts'
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
