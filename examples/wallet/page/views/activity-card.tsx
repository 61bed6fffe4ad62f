// The wallet's own log. The history has the user's step-ups.
import { Card } from '../../../../ui/card.tsx'
import { Time } from '../../../../ui/time.tsx'
import type { WalletProps } from '../wallet.ts'

const SHOWN = 6

export const ActivityCard = ({ wallet: { log } }: WalletProps) => (
  <Card title="Activity">
    <ul className="list">
      {log.slice(0, SHOWN).map(({ at, event, detail }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two entries may be equal in all they have
        <li key={`${at} ${index}`} className="stack-close">
          <span>
            {event.charAt(0).toUpperCase() + event.slice(1)}
            {detail && <span className="soft">: {WORDS[detail] ?? detail}</span>}
          </span>
          <span className="small soft">
            <Time at={at} />
          </span>
        </li>
      ))}
    </ul>
  </Card>
)

/** Kinds of requests, as the page calls them. */
const WORDS: Record<string, string> = { typedData: 'typed data' }
