// The wallet itself: its address, and who holds which share of its key.
import type { Holder } from '../../shared/view.ts'
import { Card } from '../parts/card.tsx'
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
      <div className="stack stack-close">
        <h3>Address</h3>
        <Value what="address" text={address} />
      </div>
      <dl className="facts">
        <div>
          <dt>Key version</dt>
          <dd>{generation}</dd>
        </div>
        <div>
          <dt>Threshold</dt>
          <dd>
            {threshold} of {shares.length}
          </dd>
        </div>
        <div>
          <dt>Delegated to</dt>
          <dd>{delegation ? delegation.to : 'Nobody'}</dd>
        </div>
      </dl>
      <div className="stack stack-close">
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
  if (pregenerated) return <span className="badge badge-warn">Not claimed</span>
  if (!delegation) return <span className="badge">Yours alone</span>
  return delegation.state === 'approved' ? (
    <span className="badge badge-accent">Access delegated</span>
  ) : (
    <span className="badge badge-warn">Delegation pending</span>
  )
}
