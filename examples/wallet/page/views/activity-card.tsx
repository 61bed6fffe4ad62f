// The wallet's own log. The history has the user's step-ups.
import { Card } from '../../../../ui/card.tsx'
import { Ago } from '../../../../ui/time.tsx'
import { entryText } from '../history.ts'
import type { WalletProps } from '../wallet.ts'

const SHOWN = 5

export const ActivityCard = ({ wallet: { log } }: WalletProps) => (
  <Card title="Activity">
    <ul className="list list-close">
      {log.slice(0, SHOWN).map((entry, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two entries may be equal in all they have
        <li key={`${entry.at} ${index}`} className="row row-apart">
          <span className="event-what">{entryText(entry)}</span>
          <span className="small soft">
            <Ago at={entry.at} />
          </span>
        </li>
      ))}
    </ul>
  </Card>
)
