// The user's factors, new ones, and the recovery codes. New codes stay on top until the user has saved them.
import { RecoveryCodes } from 'countersign/react'
import { useState } from 'react'
import { Card } from '../../../../ui/card.tsx'
import { AddFactor } from '../../../../ui/factors/add-factor.tsx'
import { Factors } from '../../../../ui/factors/factors.tsx'
import { Recovery } from '../../../../ui/factors/recovery.tsx'
import { say } from '../../../../ui/toasts.tsx'
import { FactorNotice } from './factor-notice.tsx'

export function SecurityView() {
  const [codes, setCodes] = useState<readonly string[]>()
  const onAcknowledged = () => {
    setCodes(undefined)
    say('Recovery codes saved.')
  }
  return (
    <div className="stack">
      <FactorNotice isHere />
      {codes && (
        <Card tone="asking" title="Save your recovery codes">
          <RecoveryCodes codes={codes} onAcknowledged={onAcknowledged} />
        </Card>
      )}
      <div className="columns">
        <div className="stack">
          <Factors />
          <AddFactor onCodes={setCodes} />
        </div>
        <Recovery
          lead="They get you back in when you lose your factors. Each works once. They never sign or export by themselves."
          onCodes={setCodes}
          isShown={codes !== undefined}
        />
      </div>
    </div>
  )
}
