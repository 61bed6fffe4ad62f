// The user's factors: what each is called, how long it has been there, and what the user can change.
import type { MfaDevice } from 'countersign'
import { useGetMfaDevices } from 'countersign/react/query'
import { Card } from '../card.tsx'
import { Badge } from '../facts.tsx'
import { Icon } from '../icon.tsx'
import { Answer, Empty } from '../notice.tsx'
import { Ago } from '../time.tsx'
import { FactorChanges } from './factor-changes.tsx'

const KINDS = {
  totp: { name: 'Authenticator app', icon: 'phone' },
  passkey: { name: 'Passkey', icon: 'keys' },
} as const

export function Factors() {
  const devices = useGetMfaDevices()
  return (
    <Card
      title="Your factors"
      lead="Before a sensitive action you confirm with one of these. The default one is asked for first."
    >
      <Answer query={devices} what="your factors" lines={2}>
        {(found) =>
          found.length === 0 ? (
            <Empty icon="account" title="None yet">
              <p>Add a passkey or an authenticator app below. It takes a minute.</p>
            </Empty>
          ) : (
            <ul className="list">
              {found.map((device) => (
                <Factor
                  key={device.id}
                  device={device}
                  isLast={found.every((one) => one === device || one.passkey?.usable === false)}
                />
              ))}
            </ul>
          )
        }
      </Answer>
    </Card>
  )
}

function Factor({ device, isLast }: { device: MfaDevice; isLast: boolean }) {
  const { type, label, isDefault, createdAt, lastUsedAt, passkey } = device
  const { name, icon } = KINDS[type]
  return (
    <li className="factor">
      <Icon name={icon} />
      <div>
        <h3 className="row">
          {label ?? name}
          {isDefault && <Badge tone="accent">Default</Badge>}
        </h3>
        <p className="small soft">
          {label && <>{name} · </>}
          {passkey?.synced && <>synced · </>}
          added <Ago at={createdAt} /> ·{' '}
          {lastUsedAt === null ? (
            'not used yet'
          ) : (
            <>
              last used <Ago at={lastUsedAt} />
            </>
          )}
        </p>
      </div>
      <FactorChanges device={device} name={label ?? name} isLast={isLast} />
    </li>
  )
}
