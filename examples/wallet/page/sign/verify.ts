// Who signed: found out in this page from the signature alone, without asking anybody.
import { recoverMessageAddress, recoverTransactionAddress, recoverTypedDataAddress } from 'viem'
import { recoverAuthorizationAddress } from 'viem/utils'
import { typedDataOf } from '../../shared/details.ts'
import type { SignRequest } from '../../shared/requests.ts'
import type { SignResult } from '../../shared/view.ts'

/**
 * The address whose key made a signature.
 *
 * @throws Error where it is no signature of this request
 */
export async function signerOf(request: SignRequest, result: SignResult): Promise<string> {
  if ('authorization' in result) {
    const { contractAddress, ...rest } = result.authorization
    return recoverAuthorizationAddress({ authorization: { ...rest, address: contractAddress } })
  }
  if ('serializedTransaction' in result) {
    const serializedTransaction = result.serializedTransaction as `0x02${string}`
    return recoverTransactionAddress({ serializedTransaction })
  }
  const { signature } = result
  if (request.kind === 'message')
    return recoverMessageAddress({ message: request.message, signature })
  if (request.kind === 'typedData')
    return recoverTypedDataAddress({ ...typedDataOf(request.typedData), signature })
  throw new Error('The answer does not belong to the request.')
}
