// Claiming a wallet that somebody made for the user: it gets new shares, and is theirs.
import { useMutation } from '@tanstack/react-query'
import { useStepUp } from 'countersign/react'
import { Button } from '../../../../ui/button.tsx'
import { Card } from '../../../../ui/card.tsx'
import { useFocusKept } from '../../../../ui/focus.ts'
import { Failure } from '../../../../ui/notice.tsx'
import { say } from '../../../../ui/toasts.tsx'
import { CLAIM_DETAILS } from '../../shared/details.ts'
import type { WalletView } from '../../shared/view.ts'
import { post } from '../api.ts'
import { completed, useWalletChanged, type WalletProps } from '../wallet.ts'

export function ClaimCard({ wallet, session }: WalletProps) {
  const { stepUp } = useStepUp()
  const changed = useWalletChanged(session)
  const claiming = useMutation({
    mutationFn: async () =>
      completed(
        await stepUp(
          'wallet.waas.refresh',
          (fetch) => post<WalletView>('/api/wallet/claim', {}, fetch),
          { details: CLAIM_DETAILS },
        ),
      ),
    onSuccess: (now) => {
      if (!now) return
      changed(now)
      say('The wallet is yours. Its shares were renewed.')
    },
  })
  useFocusKept()
  return (
    <Card
      tone="asking"
      title="A wallet is waiting for you"
      lead={`${wallet.pregenerated?.by} made it. Claim it to use it: its shares are renewed, and its address stays.`}
    >
      <div className="row">
        <Button isPending={claiming.isPending} onClick={() => claiming.mutate()}>
          Claim wallet
        </Button>
      </div>
      <Failure error={claiming.error} onRetry={() => claiming.mutate()} />
    </Card>
  )
}
