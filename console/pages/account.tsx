// The operator as a user of Countersign: their own factors, by which they confirm what they change.
import { useQueryClient } from '@tanstack/react-query'
import { RecoveryCodes, useCountersign } from 'countersign/react'
import { useGetMfaDevices, useGetMfaMethods } from 'countersign/react/query'
import { useEffect, useState } from 'react'
import { countersign, service } from '../api.ts'
import { Button } from '../parts/button.tsx'
import { Card, Page } from '../parts/card.tsx'
import { Answer, Empty, Notice } from '../parts/notice.tsx'
import { Facts } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { refresh, renew, useSelf } from '../session.ts'
import { AddFactor } from './add-factor.tsx'
import { OwnFactor } from './own-factor.tsx'
import { OwnRecovery } from './own-recovery.tsx'

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
        <OwnFactors />
        <AddFactor onCodes={setCodes} />
        <Recovery onCodes={setCodes} isShown={codes !== undefined} />
      </div>
    </Page>
  )
}

function OwnFactors() {
  const devices = useGetMfaDevices()
  return (
    <Card title="Your factors" lead="The default one is asked for first.">
      <Answer query={devices} what="your factors" lines={2}>
        {(found) =>
          found.length === 0 ? (
            <Empty icon="account" title="None yet">
              <p>Add a passkey or an authenticator app below. It takes a minute.</p>
            </Empty>
          ) : (
            <ul className="list">
              {found.map((device) => (
                <li key={device.id}>
                  <OwnFactor device={device} />
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </Card>
  )
}

interface RecoveryProps {
  onCodes: (codes: readonly string[] | undefined) => void
  isShown: boolean
}

function Recovery({ onCodes, isShown }: RecoveryProps) {
  const methods = useGetMfaMethods()
  return (
    <Card title="Recovery codes" lead="They get you back to a factor. Each works once.">
      <Answer query={methods} what="your recovery codes" lines={1}>
        {({ enrolled, recovery }) =>
          enrolled ? (
            <OwnRecovery recovery={recovery} onCodes={onCodes} isShown={isShown} />
          ) : (
            <p className="soft">You get them with your first factor.</p>
          )
        }
      </Answer>
    </Card>
  )
}
