// What was signed, and who signed it as far as this page can tell by itself.
import { useQuery } from '@tanstack/react-query'
import { Notice } from '../../../../ui/notice.tsx'
import type { SignRequest } from '../../shared/requests.ts'
import type { SignResult } from '../../shared/view.ts'
import { Value } from '../parts/value.tsx'
import { signerOf } from './verify.ts'

interface SignedProps {
  address: string
  request: SignRequest
  result: SignResult
}

export function Signed({ address, request, result }: SignedProps) {
  const { data: signer, error } = useQuery({
    queryKey: ['signer', request, result],
    queryFn: () => signerOf(request, result),
    gcTime: 0,
    retry: false,
  })
  return (
    <div className="stack">
      {partsOf(result).map(([title, what, text]) => (
        <div className="stack-close" key={title}>
          <h3>{title}</h3>
          <Value what={what} text={text} />
        </div>
      ))}
      <div role="status">
        {signer && signer === address && (
          <Notice tone="good">
            <p>Verified: your wallet signed this.</p>
          </Notice>
        )}
        {(error || (signer && signer !== address)) && (
          <Notice tone="bad">
            <p>Your wallet did not sign this. Do not use it.</p>
          </Notice>
        )}
      </div>
    </div>
  )
}

function partsOf(result: SignResult): [title: string, what: string, text: string][] {
  if ('signature' in result) return [['Signature', 'signature', result.signature]]
  if ('authorization' in result)
    return [['Signed authorization', 'authorization', JSON.stringify(result.authorization)]]
  return [
    ['Signed transaction', 'transaction', result.serializedTransaction],
    ['Hash', 'hash', result.hash],
  ]
}
