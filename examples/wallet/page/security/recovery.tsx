// How many recovery codes are left, and new ones in place of all earlier ones.
import { useMutation } from '@tanstack/react-query'
import { acknowledgeRecoveryCodes, createNewMfaRecoveryCodes, type MfaMethods } from 'countersign'
import { useCountersign, useStepUp } from 'countersign/react'
import { useGetMfaMethods } from 'countersign/react/query'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { Answer, Failure, Notice } from '../parts/notice.tsx'
import { say } from '../parts/toasts.tsx'
import { completed } from '../wallet.ts'

const FEW = 3

interface RecoveryProps {
  onCodes: (codes: string[] | undefined) => void
  /** Whether codes that were just made are on the page. */
  isShown: boolean
}

export function Recovery({ onCodes, isShown }: RecoveryProps) {
  const methods = useGetMfaMethods()
  return (
    <Card
      title="Recovery codes"
      lead="They get you back in when you lose your factors. Each works once. They never sign or export by themselves."
    >
      <Answer query={methods} what="your recovery codes">
        {({ recovery, enrolled }) =>
          enrolled ? (
            <Codes recovery={recovery} onCodes={onCodes} isShown={isShown} />
          ) : (
            <p className="soft">You get them with your first factor.</p>
          )
        }
      </Answer>
    </Card>
  )
}

type CodesProps = RecoveryProps & { recovery: MfaMethods['recovery'] }

function Codes({ recovery: { remaining, total, acknowledged }, onCodes, isShown }: CodesProps) {
  const countersign = useCountersign()
  const { stepUp } = useStepUp()
  const renewing = useMutation({
    mutationFn: async () =>
      completed(await stepUp('credential.update', () => createNewMfaRecoveryCodes(countersign))),
    onSuccess: onCodes,
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
          <p>
            You have not confirmed that you saved them. Without them a lost factor locks you out.
          </p>
          <Button
            look="plain"
            small
            isPending={acknowledging.isPending}
            onClick={() => acknowledging.mutate()}
          >
            I saved my recovery codes
          </Button>
        </Notice>
      )}
      <div className="row">
        <Button look="plain" isPending={renewing.isPending} onClick={() => renewing.mutate()}>
          Make new recovery codes
        </Button>
      </div>
      <Failure error={renewing.error ?? acknowledging.error} />
    </>
  )
}
