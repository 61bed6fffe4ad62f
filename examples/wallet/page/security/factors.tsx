// The user's factors: what each is called, since when it is there, and what may be changed of it.

import type { MfaDevice } from 'countersign'
import { useGetMfaDevices } from 'countersign/react/query'
import { Card } from '../parts/card.tsx'
import { Icon } from '../parts/icon.tsx'
import { Answer } from '../parts/notice.tsx'
import { Time } from '../parts/time.tsx'
import { FactorChanges } from './factor-changes.tsx'

const KINDS = {
  totp: { name: 'Authenticator app', icon: 'phone' },
  passkey: { name: 'Passkey', icon: 'key' },
} as const

export const nameOf = ({ label, type }: MfaDevice): string => label ?? KINDS[type].name

export function Factors() {
  const devices = useGetMfaDevices()
  return (
    <Card
      title="Your factors"
      lead="Before a sensitive action you confirm with one of these. The default one is asked for first."
    >
      <Answer query={devices} what="your factors">
        {(found) =>
          found.length === 0 ? (
            <p className="soft">You have none yet.</p>
          ) : (
            <ul className="list">
              {found.map((device) => (
                <li key={device.id}>
                  <Factor device={device} />
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </Card>
  )
}

function Factor({ device }: { device: MfaDevice }) {
  const { type, label, isDefault, createdAt, lastUsedAt, passkey } = device
  return (
    <div className="factor">
      <Icon name={KINDS[type].icon} />
      <div>
        <h3 className="row">
          {nameOf(device)}
          {isDefault && <span className="badge badge-accent">Default</span>}
        </h3>
        <p className="small soft">
          {label && <>{KINDS[type].name} · </>}
          {passkey?.synced && <>synced · </>}
          added <Time at={createdAt} /> ·{' '}
          {lastUsedAt === null ? (
            'not used yet'
          ) : (
            <>
              last used <Time at={lastUsedAt} />
            </>
          )}
        </p>
      </div>
      <div className="factor-rest">
        <FactorChanges device={device} name={nameOf(device)} />
      </div>
    </div>
  )
}
