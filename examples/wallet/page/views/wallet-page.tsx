// The wallet and what can be done with it. What is to be answered first stands first.
import { useQuery } from '@tanstack/react-query'
import { Answer } from '../../../../ui/notice.tsx'
import type { SignedIn } from '../../shared/view.ts'
import { SignCard } from '../sign/sign-card.tsx'
import { walletQuery } from '../wallet.ts'
import { ActivityCard } from './activity-card.tsx'
import { ClaimCard } from './claim-card.tsx'
import { DelegationCard } from './delegation-card.tsx'
import { ExportCard } from './export-card.tsx'
import { FriendCard } from './friend-card.tsx'
import { ReshareCard } from './reshare-card.tsx'
import { WalletCard } from './wallet-card.tsx'

export function WalletPage({ session }: { session: SignedIn }) {
  const query = useQuery(walletQuery(session))
  return (
    <Answer query={query} what="your wallet">
      {(wallet) => {
        const own = { wallet, session }
        const isUsable = wallet.pregenerated === null
        return (
          <>
            {!isUsable && <ClaimCard {...own} />}
            {isUsable && <ReshareCard {...own} />}
            <div className="columns">
              <div className="stack">
                <WalletCard {...own} />
                {isUsable && <SignCard {...own} />}
              </div>
              <div className="stack">
                {isUsable && <DelegationCard {...own} />}
                {isUsable && <ExportCard {...own} />}
                <FriendCard {...own} />
                <ActivityCard {...own} />
              </div>
            </div>
          </>
        )
      }}
    </Answer>
  )
}
