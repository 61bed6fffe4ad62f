// What the user confirms with: their factors, new ones, and the recovery codes. Codes that were just
// made stand above everything else until the user has put them away.
import { RecoveryCodes } from 'countersign/react'
import { useState } from 'react'
import { Card } from '../parts/card.tsx'
import { say } from '../parts/toasts.tsx'
import { AddFactor } from '../security/add-factor.tsx'
import { Factors } from '../security/factors.tsx'
import { Recovery } from '../security/recovery.tsx'
import { FactorNotice } from './factor-notice.tsx'

export function SecurityView() {
  const [codes, setCodes] = useState<string[]>()
  const onCodes = (made: string[] | undefined) => {
    if (made) setCodes(made)
  }
  const onAcknowledged = () => {
    setCodes(undefined)
    say('Recovery codes saved.')
  }
  return (
    <div className="stack">
      <FactorNotice isHere />
      {codes && (
        <Card isAsking title="Save your recovery codes">
          <RecoveryCodes codes={codes} onAcknowledged={onAcknowledged} />
        </Card>
      )}
      <div className="columns">
        <div className="stack">
          <Factors />
          <AddFactor onCodes={onCodes} />
        </div>
        <Recovery onCodes={onCodes} isShown={codes !== undefined} />
      </div>
    </div>
  )
}
