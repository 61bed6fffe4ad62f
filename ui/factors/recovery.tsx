// How many recovery codes are left, and new ones in place of all earlier ones.
import { createNewMfaRecoveryCodes, type MfaMethods } from 'countersign'
import { useAcknowledgeRecoveryCodes, useGetMfaMethods } from 'countersign/react/query'
import type { ReactNode } from 'react'
import { Button } from '../button.tsx'
import { Card } from '../card.tsx'
import { Answer, Failure, Notice } from '../notice.tsx'
import { say } from '../toasts.tsx'
import { useFactorChange } from './use-factor-change.ts'

const FEW = 3

interface RecoveryProps {
  /** What the codes can do on this page. */
  lead: ReactNode
  onCodes: (codes: readonly string[]) => void
  /** Whether the page shows new codes now. */
  isShown: boolean
}

export function Recovery({ lead, ...props }: RecoveryProps) {
  const methods = useGetMfaMethods()
  return (
    <Card title="Recovery codes" lead={lead}>
      <Answer query={methods} what="your recovery codes" lines={1}>
        {({ recovery, enrolled }) =>
          enrolled ? (
            <Codes recovery={recovery} {...props} />
          ) : (
            <p className="soft">You get them with your first factor.</p>
          )
        }
      </Answer>
    </Card>
  )
}

type CodesProps = Omit<RecoveryProps, 'lead'> & Pick<MfaMethods, 'recovery'>

function Codes({ recovery: { remaining, total, acknowledged }, onCodes, isShown }: CodesProps) {
  const renewing = useFactorChange('credential.update', createNewMfaRecoveryCodes, onCodes)
  const acknowledging = useAcknowledgeRecoveryCodes({
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
      <div className="row">
        <Button look="plain" isPending={renewing.isPending} onClick={() => renewing.mutate()}>
          Make new recovery codes
        </Button>
      </div>
      <Failure error={renewing.error ?? acknowledging.error} />
    </>
  )
}
