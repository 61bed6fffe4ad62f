// Verifies the history: every event holds the hash of the one before, and Countersign recomputes all
// hashes. A user who noted the last hash can check later that nothing before it was changed.
import { useMutation } from '@tanstack/react-query'
import { useCountersign } from 'countersign/react'
import { Button } from '../../../../ui/button.tsx'
import { Card } from '../../../../ui/card.tsx'
import { Failure, Notice } from '../../../../ui/notice.tsx'
import { verifyChain } from '../audit.ts'
import { Value } from '../parts/value.tsx'

export function VerifyChain() {
  const countersign = useCountersign()
  const { data, error, isPending, mutate } = useMutation({
    mutationFn: () => verifyChain(countersign),
  })
  return (
    <Card
      title="Verify integrity"
      lead="Every event is linked to the one before, so tampering is detectable."
    >
      <div className="row">
        <Button look="plain" isPending={isPending} onClick={() => mutate()}>
          Verify the chain
        </Button>
      </div>
      <div role="status" className="stack">
        {data?.intact && (
          <>
            <Notice tone="good">
              <p>
                Intact: {data.count} {data.count === 1 ? 'event' : 'events'}, none changed.
              </p>
            </Notice>
            <Value what="last hash" text={data.head} />
          </>
        )}
        {data && !data.intact && (
          <Notice tone="bad">
            <p>The chain is broken at event {data.brokenAt}. Tell the operator of this wallet.</p>
          </Notice>
        )}
      </div>
      <Failure error={error} onRetry={() => mutate()} />
    </Card>
  )
}
