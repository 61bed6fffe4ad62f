// The history of a user, an environment or the directory: what happened, newest first; filtered,
// verified and taken along.
import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import type { AuditEvent } from 'countersign/contract'
import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Badge } from '../../ui/facts.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Answer, Empty, Failure, Notice } from '../../ui/notice.tsx'
import { Time } from '../../ui/time.tsx'
import {
  type Chain,
  download,
  type Entry,
  entriesOf,
  inWords,
  type Known,
  readLines,
  readPage,
  tokensIn,
  verifyChain,
} from '../model/events.ts'
import { plural } from '../words.ts'
import { Receipt } from './receipt.tsx'

interface EventsProps {
  chain: Chain
  /** Names the file that is downloaded. */
  name: string
  known?: Known
}

const NOTHING_KNOWN: Known = { actions: [], factors: [], resourceKeys: [] }

export function Events({ chain, name, known = NOTHING_KNOWN }: EventsProps) {
  const [words, setWords] = useState('')
  const [type, setType] = useState('')
  const query = useInfiniteQuery({
    queryKey: ['history', chain.environment ?? '', chain.subject ?? ''],
    queryFn: ({ pageParam }) => readPage(chain, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ cursor }) => cursor,
  })
  const lets = (entry: Entry) =>
    (!type || entry.events.some((event) => event.type === type)) &&
    (!words.trim() || textOf(entry).includes(words.trim().toLowerCase()))
  const letsEvent = (event: AuditEvent) => entriesOf(chain, [event], known).some(lets)
  return (
    <Answer query={query} what="the history" lines={6}>
      {({ pages }) => {
        const all = pages.flatMap(({ events }) => events)
        const types = [...new Set(all.map((event) => event.type))].sort()
        const entries = entriesOf(chain, all, known)
        const found = entries.filter(lets)
        return (
          <div className="stack">
            <div className="toolbar">
              <TextField
                label="Search"
                placeholder="operator, address, id …"
                value={words}
                onValue={setWords}
              />
              <SelectField
                label="What happened"
                value={type}
                onValue={setType}
                options={[
                  { value: '', label: 'Everything' },
                  ...types.map((value) => ({
                    value,
                    label: inWords({ type: value }).text,
                  })),
                ]}
              />
              <Tools chain={chain} name={name} lets={letsEvent} />
            </div>
            {found.length === 0 ? (
              <Empty
                icon="history"
                title={entries.length === 0 ? 'Nothing has happened yet' : 'No matching events'}
              >
                <p>
                  {entries.length === 0
                    ? 'Every change and every attempt appears here, linked to the one before.'
                    : 'Search for less, or load earlier events.'}
                </p>
              </Empty>
            ) : (
              <div>
                {found.map((entry) => (
                  <Row key={entry.key} entry={entry} chain={chain} />
                ))}
              </div>
            )}
            <p className="small soft" role="status">
              {plural(found.length, 'event')} shown of {entries.length.toLocaleString('en')} loaded.
            </p>
            {query.hasNextPage && (
              <div>
                <Button
                  look="plain"
                  isPending={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                >
                  Load earlier events
                </Button>
              </div>
            )}
          </div>
        )
      }}
    </Answer>
  )
}

/** All that a search looks in: what is shown, and what stands behind it. */
const textOf = ({ text, about, events }: Entry): string =>
  [
    ...[text, about],
    ...events.flatMap((event) => [
      ...[event.type, inWords(event).text, event.actor],
      JSON.stringify(event.data),
    ]),
  ]
    .join(' ')
    .toLowerCase()

interface RowProps {
  chain: Chain
  entry: Entry
}

const Row = ({ chain, entry: { at, text, isBad, about, events } }: RowProps) => (
  <details className="event">
    <summary>
      <span className="event-what">
        {text} {isBad && <Badge tone="warn">Attention</Badge>}
        {about && (
          <>
            <br />
            <span className="small soft">{about}</span>
          </>
        )}
      </span>
      <span className="small soft">
        <Time at={at} /> · <span className="event-more" />
      </span>
    </summary>
    <div className="event-body">
      {events.map((event) => (
        <Event key={event.seq} event={event} chain={chain} />
      ))}
    </div>
  </details>
)

/** An event as it is recorded. */
const Event = ({
  chain: { environment, subject },
  event: { seq, at, type, data, hash, previous, salt },
}: Pick<RowProps, 'chain'> & { event: AuditEvent }) => (
  <div className="stack-close">
    <p className="small">
      <code>{type}</code>{' '}
      <span className="soft">
        event {seq}, written <Time at={at} />
      </span>
    </p>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines are scrolled by keyboard */}
    <pre tabIndex={0} className="code">
      <code>{JSON.stringify(data, null, 2)}</code>
    </pre>
    <p className="small soft">
      Hash <code>{hash}</code>, over salt <code>{salt}</code> and the hash before it{' '}
      <code>{previous}</code>
    </p>
    {environment &&
      subject &&
      tokensIn({ type, data }).map((jti) => (
        <Receipt key={jti} {...{ environment, subject, jti }} />
      ))}
  </div>
)

interface ToolsProps extends Omit<EventsProps, 'known'> {
  lets: (event: AuditEvent) => boolean
}

function Tools({ chain, name, lets }: ToolsProps) {
  const [count, setCount] = useState(0)
  const verifying = useMutation({ mutationFn: () => verifyChain(chain, setCount) })
  const saving = useMutation({
    mutationFn: () => readLines(chain, lets, setCount),
    onSuccess: (text) => download(text, `${name}.jsonl`, 'application/jsonl'),
  })
  const { data } = verifying
  return (
    <>
      <div className="row">
        <Button
          look="plain"
          icon="check"
          isPending={verifying.isPending}
          onClick={() => verifying.mutate()}
        >
          {verifying.isPending && count > 0 ? `Verified ${count} …` : 'Verify the chain'}
        </Button>
        <Button
          look="plain"
          icon="download"
          isPending={saving.isPending}
          onClick={() => saving.mutate()}
        >
          {saving.isPending && count > 0 ? `Read ${count} …` : 'Download JSON lines'}
        </Button>
      </div>
      <div className="hold" aria-live="polite">
        {data &&
          (data.intact ? (
            <Notice tone="good" title="The chain is intact">
              <p>
                {plural(data.count, 'event')}, each linked to the one before.
                {data.head && (
                  <>
                    {' '}
                    The newest hash is <code>{data.head}</code>: keep it elsewhere to compare.
                  </>
                )}
              </p>
            </Notice>
          ) : (
            <Notice tone="bad" title="The chain is broken">
              <p>
                Event {data.brokenAt ?? '?'} is missing or is not the one that was written.
                Something was changed or removed outside the service.
              </p>
            </Notice>
          ))}
      </div>
      <div className="hold">
        <Failure error={verifying.error ?? saving.error} />
      </div>
    </>
  )
}
