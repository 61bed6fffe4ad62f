// Exporting the private key: shown masked, checked in this page, and forgotten again after a while.
import { useMutation } from '@tanstack/react-query'
import { useStepUp } from 'countersign/react'
import { useEffect, useState } from 'react'
import { privateKeyToAddress } from 'viem/accounts'
import { Button } from '../../../../ui/button.tsx'
import { Card } from '../../../../ui/card.tsx'
import { keepFocus } from '../../../../ui/focus.ts'
import { Failure, Notice } from '../../../../ui/notice.tsx'
import { say } from '../../../../ui/toasts.tsx'
import type { Exported } from '../../shared/view.ts'
import { post } from '../api.ts'
import { Value } from '../parts/value.tsx'
import { completed, useWalletChanged, type WalletProps } from '../wallet.ts'

const KEPT_SECONDS = 60

export function ExportCard({ wallet, session }: WalletProps) {
  const [isShown, setShown] = useState(false)
  const { stepUp } = useStepUp()
  const changed = useWalletChanged(session)
  const { data, error, isPending, mutate, reset } = useMutation({
    mutationFn: async () =>
      completed(
        await stepUp('wallet.waas.export', (fetch) =>
          post<Exported>('/api/wallet/export', {}, fetch),
        ),
      ),
    onSuccess: () => {
      setShown(false)
      changed()
    },
    // The key leaves the memory when this card forgets it.
    gcTime: 0,
  })
  useEffect(() => {
    if (!data) return
    const timer = setTimeout(() => {
      reset()
      say('The private key was removed from this page.')
    }, KEPT_SECONDS * 1000)
    return () => clearTimeout(timer)
  }, [data, reset])

  const forget = () => {
    reset()
    keepFocus()
  }
  return (
    <Card title="Export" lead="Anyone with the private key controls this wallet for good.">
      {data && (
        <>
          <Value what="private key" text={data.privateKey} isMasked={!isShown} />
          <div role="status">
            <Match isEqual={privateKeyToAddress(data.privateKey) === wallet.address} />
          </div>
        </>
      )}
      <div className="row">
        {/* One button, so that it keeps the focus while its work changes. */}
        <Button
          look={data ? 'plain' : 'strong'}
          isPending={isPending}
          onClick={() => (data ? setShown(!isShown) : mutate())}
        >
          {data ? `${isShown ? 'Hide' : 'Show'} private key` : 'Export private key'}
        </Button>
        {data && (
          <Button look="quiet" onClick={forget}>
            Done
          </Button>
        )}
        {data && <p className="small soft">This page forgets it after {KEPT_SECONDS} seconds.</p>}
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
