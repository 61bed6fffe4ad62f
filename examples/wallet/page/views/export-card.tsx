// Exporting the private key: shown masked, checked in this page, and forgotten again after a while.
import { useMutation } from '@tanstack/react-query'
import { useStepUp } from 'countersign/react'
import { useEffect } from 'react'
import { privateKeyToAddress } from 'viem/accounts'
import { Button } from '../../../../ui/button.tsx'
import { Card } from '../../../../ui/card.tsx'
import { Failure, Notice } from '../../../../ui/notice.tsx'
import { say } from '../../../../ui/toasts.tsx'
import type { Exported } from '../../shared/view.ts'
import { post } from '../api.ts'
import { SecretValue } from '../parts/value.tsx'
import { completed, useWalletChanged, type WalletProps } from '../wallet.ts'

const SHOWN_SECONDS = 60

export function ExportCard({ wallet, session }: WalletProps) {
  const { stepUp } = useStepUp()
  const changed = useWalletChanged(session)
  const { data, error, isPending, mutate, reset } = useMutation({
    mutationFn: async () =>
      completed(
        await stepUp('wallet.waas.export', (fetch) =>
          post<Exported>('/api/wallet/export', {}, fetch),
        ),
      ),
    onSuccess: () => changed(),
    // The key is in memory for as long as it is shown, and no longer.
    gcTime: 0,
  })
  useEffect(() => {
    if (!data) return
    const timer = setTimeout(() => {
      reset()
      say('The private key is hidden again.')
    }, SHOWN_SECONDS * 1000)
    return () => clearTimeout(timer)
  }, [data, reset])

  return (
    <Card title="Export" lead="Anyone with the private key controls this wallet for good.">
      {data && (
        <>
          <SecretValue what="private key" text={data.privateKey} />
          <div role="status">
            <Match isEqual={privateKeyToAddress(data.privateKey) === wallet.address} />
          </div>
        </>
      )}
      <div className="row">
        {/* One button, so that it keeps the focus while its work changes. */}
        <Button look="plain" isPending={isPending} onClick={() => (data ? reset() : mutate())}>
          {data ? 'Hide private key' : 'Export private key'}
        </Button>
        {data && <p className="small soft">It is hidden again after {SHOWN_SECONDS} seconds.</p>}
      </div>
      <Failure error={error} onRetry={() => mutate()} />
    </Card>
  )
}

const Match = ({ isEqual }: { isEqual: boolean }) =>
  isEqual ? (
    <Notice tone="good">
      <p>Verified: this key matches your wallet address.</p>
    </Notice>
  ) : (
    <Notice tone="bad">
      <p>This key does not match your wallet address. Do not use it.</p>
    </Notice>
  )
