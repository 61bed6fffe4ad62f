// Signing: four kinds of requests, each bound to its details, and what came back. What is too long for the dialog
// is shown here in full first.
import { useMutation } from '@tanstack/react-query'
import { useStepUp } from 'countersign/react'
import { type ComponentType, useState } from 'react'
import { Card } from '../../../../ui/card.tsx'
import { Failure } from '../../../../ui/notice.tsx'
import { detailsOf, isShownWhole } from '../../shared/details.ts'
import type { SignRequest } from '../../shared/requests.ts'
import type { SignResult } from '../../shared/view.ts'
import { post, WalletError } from '../api.ts'
import { Tabs } from '../parts/tabs.tsx'
import { completed, useWalletChanged, type WalletProps } from '../wallet.ts'
import { AuthorizationForm } from './authorization-form.tsx'
import type { SignFormProps } from './form-props.ts'
import { MessageForm } from './message-form.tsx'
import { Reading } from './reading.tsx'
import { Signed } from './signed.tsx'
import { TransactionForm } from './transaction-form.tsx'
import { TypedDataForm } from './typed-data-form.tsx'

type Kind = SignRequest['kind']

const TABS: readonly { id: Kind; label: string }[] = [
  { id: 'message', label: 'Message' },
  { id: 'typedData', label: 'Typed data' },
  { id: 'transaction', label: 'Transaction' },
  { id: 'authorization', label: 'Authorization' },
]

const FORMS: Record<Kind, ComponentType<SignFormProps>> = {
  message: MessageForm,
  typedData: TypedDataForm,
  transaction: TransactionForm,
  authorization: AuthorizationForm,
}

export function SignCard({ wallet: { address }, session }: WalletProps) {
  const [kind, setKind] = useState<Kind>('message')
  const { stepUp } = useStepUp()
  const changed = useWalletChanged(session)
  const signing = useMutation({
    mutationFn: async (request: SignRequest) => {
      const details = readDetails(request)
      const sign = (fetch: Parameters<typeof post>[2]) =>
        post<SignResult>('/api/wallet/sign', request, fetch)
      return { request, result: completed(await stepUp('wallet.waas.sign', sign, { details })) }
    },
    onSuccess: () => changed(),
  })
  const [long, setLong] = useState<SignRequest>()
  const open = (next: Kind) => {
    setKind(next)
    setLong(undefined)
    signing.reset()
  }
  const ask = (request: SignRequest) => {
    const isLong = canBeRead(request) && !isShownWhole(request)
    setLong(isLong ? request : undefined)
    if (!isLong) signing.mutate(request)
  }
  const FormOfKind = FORMS[kind]
  return (
    <Card title="Sign" lead="What you confirm is bound to exactly what is signed.">
      <Tabs label="What to sign" tabs={TABS} open={kind} onOpen={open}>
        <FormOfKind key={kind} address={address} isPending={signing.isPending} onSign={ask} />
        {long && (
          <Reading
            request={long}
            isPending={signing.isPending}
            onSign={() => signing.mutate(long)}
          />
        )}
        <Failure error={signing.error} />
        {signing.data?.result && (
          <Signed request={signing.data.request} result={signing.data.result} address={address} />
        )}
      </Tabs>
    </Card>
  )
}

function canBeRead(request: SignRequest): boolean {
  try {
    return Boolean(detailsOf(request))
  } catch {
    return false
  }
}

/** What cannot be hashed cannot be signed: the sentence says why, before anybody is asked. */
function readDetails(request: SignRequest) {
  try {
    return detailsOf(request)
  } catch (error) {
    const [sentence = ''] = String(error instanceof Error ? error.message : error).split('\n')
    throw new WalletError('input_invalid', sentence, error)
  }
}
