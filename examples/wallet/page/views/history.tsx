// The user's history as Countersign keeps it: in words, newest first, and whether its chain is whole.
import { useInfiniteQuery } from '@tanstack/react-query'
import type { AuditEvent } from 'countersign/contract'
import { useCountersign } from 'countersign/react'
import { useGetMfaDevices } from 'countersign/react/query'
import { Button } from '../../../../ui/button.tsx'
import { Card } from '../../../../ui/card.tsx'
import { Answer } from '../../../../ui/notice.tsx'
import { Time } from '../../../../ui/time.tsx'
import type { SignedIn } from '../../shared/view.ts'
import { listEvents } from '../audit.ts'
import { type FactorNames, lineOf } from '../history.ts'
import { VerifyChain } from './verify-chain.tsx'

export function HistoryView({ session: { subject } }: { session: SignedIn }) {
  const countersign = useCountersign()
  const { data: devices = [] } = useGetMfaDevices()
  const names = new Map(devices.flatMap(({ id, label }) => (label ? [[id, label]] : [])))
  const history = useInfiniteQuery({
    queryKey: ['history', subject],
    queryFn: ({ pageParam }) => listEvents(countersign, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ cursor }) => cursor,
  })
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = history
  return (
    <div className="stack narrow">
      <Card title="What happened" lead="Every change and every attempt, by you or anyone else.">
        <Answer query={history} what="your history">
          {({ pages }) => <Days events={pages.flatMap(({ events }) => events)} names={names} />}
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

/** The events, day by day. */
function Days({ events, names }: { events: readonly AuditEvent[]; names: FactorNames }) {
  if (events.length === 0) return <p className="soft">Nothing happened yet.</p>
  const days = Object.entries(Object.groupBy(events, ({ at }) => dayOf(at)))
  return days.map(([day, ofDay = []]) => (
    <div key={day}>
      <h3 className="history-day">{day}</h3>
      <ol className="list">
        {ofDay.map((event) => {
          const { text, tone } = lineOf(event, names)
          return (
            <li key={event.seq} className={`event event-${tone}`}>
              <span>{text}</span>
              <span className="small soft">
                <Time at={event.at} short />
              </span>
            </li>
          )
        })}
      </ol>
    </div>
  ))
}
