// The operator as a user of Countersign: their own factors, by which they confirm what they change.
import { useQueryClient } from '@tanstack/react-query'
import { RecoveryCodes, useCountersign } from 'countersign/react'
import { useEffect, useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { AddFactor } from '../../ui/factors/add-factor.tsx'
import { Factors } from '../../ui/factors/factors.tsx'
import { Recovery } from '../../ui/factors/recovery.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Time } from '../../ui/time.tsx'
import { countersign, service } from '../api.ts'
import { Page } from '../parts/page.tsx'
import { refresh, renew, useSelf } from '../session.ts'

const FRESH_SECONDS = 600

export function Account() {
  const self = useSelf()
  const instance = useCountersign()
  const client = useQueryClient()
  const [codes, setCodes] = useState<readonly string[]>()
  useEffect(
    () =>
      countersign.on('devicesChanged', () => {
        service.operator.self.query({}).then(refresh, () => {})
        void client.invalidateQueries({ queryKey: ['operators'] })
      }),
    [client],
  )
  const isStale = Date.now() / 1000 - self.signedInAt > FRESH_SECONDS
  return (
    <Page
      title="My account"
      lead="Your own factors. Once any operator has one, every change of this page asks for a step-up."
    >
      <div className="stack">
        <Card title={self.name}>
          <Facts
            facts={[
              ['Signed in', <Time key="at" at={self.signedInAt} />],
              [
                'Session ends',
                self.expiresAt === null ? 'never' : <Time key="until" at={self.expiresAt} />,
              ],
              ['Changes ask for a step-up', self.guarded ? 'Yes' : 'Not yet'],
            ]}
          />
        </Card>
        {codes && (
          <Card
            title="Save your recovery codes"
            lead="Save them before you continue: without them a lost factor locks you out."
          >
            <RecoveryCodes
              codes={codes}
              onAcknowledged={() => setCodes(undefined)}
              instance={instance}
              texts={{ codesFile: 'countersign-operator-recovery-codes.txt' }}
            />
          </Card>
        )}
        {!self.enrolled && isStale && (
          <Notice tone="warn" title="Sign in again before you add the first factor">
            <p>
              You signed in more than ten minutes ago; the first factor asks for a fresh sign-in.
            </p>
            <div>
              <Button look="plain" small onClick={() => void renew()}>
                Sign in again
              </Button>
            </div>
          </Notice>
        )}
        <Factors />
        <AddFactor onCodes={setCodes} />
        <Recovery
          lead="They get you back in when you lose your factors. Each works once."
          onCodes={setCodes}
          isShown={codes !== undefined}
        />
      </div>
    </Page>
  )
}
