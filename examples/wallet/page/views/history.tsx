// The user's history as Countersign keeps it, with what the wallet's log says of each action.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useCountersign } from 'countersign/react'
import { useGetMfaDevices } from 'countersign/react/query'
import { Button } from '../../../../ui/button.tsx'
import { Card } from '../../../../ui/card.tsx'
import { Answer } from '../../../../ui/notice.tsx'
import { Time } from '../../../../ui/time.tsx'
import type { SignedIn } from '../../shared/view.ts'
import { listEvents } from '../audit.ts'
import { type Row, rowsOf } from '../history.ts'
import { walletQuery } from '../wallet.ts'
import { VerifyChain } from './verify-chain.tsx'

export function HistoryView({ session }: { session: SignedIn }) {
  const countersign = useCountersign()
  const { data: devices = [] } = useGetMfaDevices()
  const { data: wallet } = useQuery(walletQuery(session))
  const names = new Map(devices.flatMap(({ id, label }) => (label ? [[id, label]] : [])))
  const history = useInfiniteQuery({
    queryKey: ['history', session.subject],
    queryFn: ({ pageParam }) => listEvents(countersign, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ cursor }) => cursor,
  })
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = history
  return (
    <div className="stack narrow">
      <Card title="What happened" lead="Every change and every attempt, by you or anyone else.">
        <Answer query={history} what="your history">
          {({ pages }) => {
            const events = pages.flatMap((page) => page.events)
            return <Days rows={rowsOf(events, wallet?.log ?? [], names)} />
          }}
        </Answer>
        {hasNextPage && (
          <div className="row">
            <Button
              look="plain"
              isPending={isFetchingNextPage}
              onClick={() => void fetchNextPage()}
            >
              Load more
            </Button>
          </div>
        )}
      </Card>
      <VerifyChain />
    </div>
  )
}

const DAY_MILLISECONDS = 86_400_000
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' })

/** Returns the day of a time, in epoch seconds. */
function dayOf(at: number): string {
  const name = day.format(at * 1000)
  if (name === day.format(Date.now())) return 'Today'
  return name === day.format(Date.now() - DAY_MILLISECONDS) ? 'Yesterday' : name
}

/** The rows, day by day. */
function Days({ rows }: { rows: readonly Row[] }) {
  if (rows.length === 0) return <p className="soft">Nothing happened yet.</p>
  const days = Object.entries(Object.groupBy(rows, ({ at }) => dayOf(at)))
  return days.map(([day, ofDay = []]) => (
    <div key={day}>
      <h3 className="history-day">{day}</h3>
      <ol className="list list-close">
        {ofDay.map((row) => (
          <HistoryRow key={row.events.at(-1)?.seq} row={row} />
        ))}
      </ol>
    </div>
  ))
}

const HistoryRow = ({ row: { at, title, how, tone, detailsHash, events } }: { row: Row }) => (
  <li className={`event event-${tone}`}>
    <details>
      <summary>
        <span className="event-what">{title}</span>
        <span className="small soft">
          {how && `${how} · `}
          <Time at={at} short />
        </span>
      </summary>
      <ul className="event-details small">
        {events.map((event) => (
          <li key={event.seq}>
            <span>{event.text}</span>{' '}
            <span className="soft">
              <Time at={event.at} short />
            </span>
          </li>
        ))}
        {detailsHash && (
          <li>
            Hash of the details <code>{detailsHash}</code>
          </li>
        )}
      </ul>
    </details>
  </li>
)
