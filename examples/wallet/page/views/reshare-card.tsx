// Confirms what the user chose in an earlier session. Nothing changes before they confirm.
import { useMutation } from '@tanstack/react-query'
import { useStepUp } from 'countersign/react'
import { useState } from 'react'
import { Button } from '../../../../ui/button.tsx'
import { Card } from '../../../../ui/card.tsx'
import { useFocusKept } from '../../../../ui/focus.ts'
import { Failure } from '../../../../ui/notice.tsx'
import { say } from '../../../../ui/toasts.tsx'
import { reshareDetails } from '../../shared/details.ts'
import type { WalletView } from '../../shared/view.ts'
import { post } from '../api.ts'
import { completed, useWalletChanged, type WalletProps } from '../wallet.ts'

export function ReshareCard(props: WalletProps) {
  const [isLater, setLater] = useState(false)
  const { reshare } = props.wallet
  return reshare && !isLater ? (
    <Asking {...props} reshare={reshare} onLater={() => setLater(true)} />
  ) : null
}

type AskingProps = WalletProps & { reshare: Required<WalletView>['reshare']; onLater: () => void }

function Asking({ reshare, session, onLater }: AskingProps) {
  const { stepUp } = useStepUp()
  const changed = useWalletChanged(session)
  const resharing = useMutation({
    mutationFn: async () =>
      completed(
        await stepUp(
          'wallet.waas.reshare',
          (fetch) => post<WalletView>('/api/wallet/reshare', { decision: reshare.wanted }, fetch),
          { details: reshareDetails(reshare.wanted, reshare.to) },
        ),
      ),
    onSuccess: (now) => {
      if (!now) return
      changed(now)
      say(now.delegation ? `${now.delegation.to} holds a share now.` : 'The access has ended.')
    },
    // What is due may have become something else: it is shown before it is asked again.
    onError: () => changed(),
  })
  useFocusKept()
  const isApproval = reshare.wanted === 'approve'
  const lead = isApproval
    ? `You chose to approve this last time. Confirm to finish: the key gets new shares, and ${reshare.to} holds one of them.`
    : `You chose to revoke this last time. Confirm to finish: the key gets new shares, and the one of ${reshare.to} stops working.`
  return (
    <Card
      tone="asking"
      title={`${isApproval ? 'Approve' : 'Revoke'} the access of ${reshare.to}?`}
      lead={lead}
    >
      <div className="row">
        <Button isPending={resharing.isPending} onClick={() => resharing.mutate()}>
          {isApproval ? 'Confirm approval' : 'Confirm revocation'}
        </Button>
        <Button look="plain" onClick={onLater}>
          Later
        </Button>
      </div>
      <Failure error={resharing.error} onRetry={() => resharing.mutate()} />
    </Card>
  )
}
