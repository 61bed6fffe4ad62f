// The wallet itself: its address, and who holds which share of its key.

import { Card } from '../../../../ui/card.tsx'
import { Badge, Facts } from '../../../../ui/facts.tsx'
import { accessText, type Holder } from '../../shared/view.ts'
import { Value } from '../parts/value.tsx'
import type { WalletProps } from '../wallet.ts'

const HOLDERS: Record<Holder, string> = {
  vault: 'Your vault',
  custodian: 'The custodian',
  delegate: 'Your delegate',
}

export function WalletCard({ wallet }: WalletProps) {
  const { address, generation, threshold, shares, delegation } = wallet
  return (
    <Card title="Your wallet" beside={<DelegationBadge wallet={wallet} />}>
      <div className="stack-close">
        <h3>Address</h3>
        <Value what="address" text={address} />
      </div>
      <Facts
        facts={[
          ['Key version', generation],
          ['Threshold', `${threshold} of ${shares.length}`],
          ['Shared access', delegation ? accessText(delegation) : 'Nobody'],
        ]}
      />
      <div className="stack-close">
        <h3>Shares</h3>
        <ul className="list">
          {shares.map(({ holder, fingerprint }) => (
            <li key={holder} className="share">
              <span>
                {HOLDERS[holder]}
                {holder === 'delegate' && delegation && <>, {delegation.to}</>}
              </span>
              <span className="soft">
                <span className="hidden-visually">Fingerprint </span>
                <code>{fingerprint}</code>
              </span>
            </li>
          ))}
        </ul>
      </div>
    </Card>
  )
}

function DelegationBadge({ wallet: { delegation, pregenerated } }: Pick<WalletProps, 'wallet'>) {
  if (pregenerated) return <Badge tone="warn">Not claimed</Badge>
  if (!delegation) return <Badge>Yours alone</Badge>
  return delegation.state === 'approved' ? (
    <Badge tone="accent">Access shared</Badge>
  ) : (
    <Badge tone="warn">Approval pending</Badge>
  )
}
