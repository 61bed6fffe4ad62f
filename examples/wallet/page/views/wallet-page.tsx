// The wallet and what can be done with it. What is to be answered first stands first.
import { useQuery } from '@tanstack/react-query'
import { useCountersign } from 'countersign/react'
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

function About() {
  const { url, environment } = useCountersign().options
  return (
    <p className="soft">
      Countersign asks who you are before a sensitive action runs. Open its{' '}
      <a href={`${url}/console`}>dashboard</a>, the{' '}
      <a href={`${url}/console/e/${environment}/guide`}>guide</a> or, with <code>npm run docs</code>
      , its documentation.
    </p>
  )
}

export function WalletPage({ session }: { session: SignedIn }) {
  const query = useQuery(walletQuery(session))
  return (
    <Answer query={query} what="your wallet">
      {(wallet) => {
        const own = { wallet, session }
        const isUsable = wallet.pregenerated === null
        return (
          <>
            <About />
            {!isUsable && <ClaimCard {...own} />}
            {isUsable && <ReshareCard {...own} />}
            <div className="columns">
              <div className="stack">
                {isUsable && <ExportCard {...own} />}
                <WalletCard {...own} />
                {isUsable && <SignCard {...own} />}
              </div>
              <div className="stack">
                {isUsable && <DelegationCard {...own} />}
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
