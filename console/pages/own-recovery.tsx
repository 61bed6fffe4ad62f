// How many recovery codes the operator has left, and new ones in place of all earlier ones.
import { useMutation } from '@tanstack/react-query'
import { acknowledgeRecoveryCodes, createNewMfaRecoveryCodes, type MfaMethods } from 'countersign'
import { useCountersign, useStepUp } from 'countersign/react'
import { Button } from '../parts/button.tsx'
import { Failure, Notice } from '../parts/notice.tsx'
import { say } from '../parts/toasts.tsx'

const FEW = 3

interface OwnRecoveryProps {
  recovery: MfaMethods['recovery']
  onCodes: (codes: readonly string[] | undefined) => void
  /** Whether codes that were just made are on the page. */
  isShown: boolean
}

export function OwnRecovery({ recovery, onCodes, isShown }: OwnRecoveryProps) {
  const { remaining, total, acknowledged } = recovery
  const countersign = useCountersign()
  const { stepUp } = useStepUp()
  const renewing = useMutation({
    mutationFn: () => stepUp('credential.update', () => createNewMfaRecoveryCodes(countersign)),
    onSuccess: (outcome) => outcome.status === 'completed' && onCodes(outcome.value),
    gcTime: 0,
  })
  const acknowledging = useMutation({
    mutationFn: () => acknowledgeRecoveryCodes(countersign),
    onSuccess: () => say('Recovery codes saved.'),
  })
  return (
    <>
      <p>
        <strong>
          {remaining} of {total}
        </strong>{' '}
        left.
      </p>
      {remaining <= FEW && (
        <Notice tone="warn">
          <p>Only a few are left. Create new ones and save them.</p>
        </Notice>
      )}
      {!acknowledged && !isShown && (
        <Notice tone="warn">
          <p>You have not confirmed that you saved them.</p>
          <div>
            <Button
              look="plain"
              small
              isPending={acknowledging.isPending}
              onClick={() => acknowledging.mutate()}
            >
              I saved my recovery codes
            </Button>
          </div>
        </Notice>
      )}
      <div>
        <Button look="plain" isPending={renewing.isPending} onClick={() => renewing.mutate()}>
          Make new recovery codes
        </Button>
      </div>
      <Failure error={renewing.error ?? acknowledging.error} />
    </>
  )
}
