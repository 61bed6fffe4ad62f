// What an operator sees of a user, and may do for them.
import type { Factor, SubjectView } from 'countersign/contract'
import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Badge, Facts } from '../../ui/facts.tsx'
import { Empty, Failure, Notice } from '../../ui/notice.tsx'
import { Ago, Time } from '../../ui/time.tsx'
import { say } from '../../ui/toasts.tsx'
import { useChanging } from '../change.ts'
import { forget } from '../data.ts'
import { Confirm } from '../parts/dialog.tsx'
import { Table } from '../parts/table.tsx'
import { METHOD_NAMES, plural } from '../words.ts'

const placeOf = ({ synced, usable }: NonNullable<Factor['passkey']>): string =>
  !usable ? 'unusable: made for another relying party' : synced ? 'synced' : 'on one device'

interface UserProps {
  environment: string
  user: SubjectView
}

export const User = (props: UserProps) =>
  props.user.known ? <Known {...props} /> : <Unknown {...props} />

const Unknown = ({ environment, user: { subject } }: UserProps) => (
  <Card title={subject} beside={<Badge>Unknown</Badge>}>
    <Empty icon="users" title="Nothing is known of this user">
      <p>
        {environment} has recorded no factor, step-up or failed attempt for this id. It must be
        exactly the id in your session tokens.
      </p>
    </Empty>
  </Card>
)

function Known({ environment, user }: UserProps) {
  const { subject, enrolled, factors, recovery, attempts, liveTokens, pendingEnrollments } = user
  return (
    <>
      <Card
        title={subject}
        beside={
          <>
            <Badge tone={enrolled ? 'good' : 'plain'}>
              {enrolled ? 'Enrolled' : 'Never enrolled'}
            </Badge>
            {attempts.locked && <Badge tone="bad">Codes are locked</Badge>}
          </>
        }
      >
        <Facts
          facts={[
            ['Recovery codes', `${recovery.remaining} of ${recovery.total} left`],
            ['Live tokens', liveTokens],
            ['Enrollments begun', pendingEnrollments],
            ['Failures in a row', attempts.consecutiveFailures],
            ['Failures, last day', attempts.failuresLastDay],
            ['Failures, last month', attempts.failuresLastMonth],
          ]}
        />
        {attempts.retryAt !== null && !attempts.locked && (
          <Notice tone="warn">
            <p>
              Codes are refused until <Time at={attempts.retryAt} />, after too many failures.
            </p>
          </Notice>
        )}
        <Help environment={environment} user={user} />
      </Card>
      <Card title="Factors">
        {factors.length === 0 ? (
          <Empty icon="phone" title="No factor">
            <p>
              {enrolled
                ? 'They had one and removed it. Actions that ask enrolled users still ask.'
                : 'Treated as not enrolled: actions that ask only enrolled users let them through.'}
            </p>
          </Empty>
        ) : (
          <Table<Factor>
            caption="Factors"
            rows={factors}
            keyOf={({ factorId }) => factorId}
            columns={[
              {
                name: 'Name',
                isHead: true,
                cell: ({ label, kind, isDefault }) => (
                  <span className="row">
                    {label ?? METHOD_NAMES[kind]}
                    {isDefault && <Badge tone="accent">Default</Badge>}
                  </span>
                ),
              },
              {
                name: 'Kind',
                cell: ({ kind, passkey }) =>
                  `${METHOD_NAMES[kind]}${passkey ? `, ${placeOf(passkey)}` : ''}`,
              },
              { name: 'Added', cell: ({ createdAt }) => <Ago at={createdAt} /> },
              {
                name: 'Last used',
                cell: ({ lastUsedAt }) =>
                  lastUsedAt === null ? 'not yet' : <Ago at={lastUsedAt} />,
              },
            ]}
          />
        )}
      </Card>
    </>
  )
}

function Help({ environment, user: { subject, attempts, factors, liveTokens } }: UserProps) {
  const [open, setOpen] = useState<'unlock' | 'reset'>()
  const reference = { environment, subject }
  const again = async () => {
    await forget('subject', environment, subject)
    await forget('history')
  }
  const unlocking = useChanging('subject.unlock', {
    summary: () => `unlock the codes of ${subject}`,
    onDone: async () => {
      await again()
      setOpen(undefined)
      say('Unlocked. Their codes are accepted again.')
    },
  })
  const ending = useChanging('subject.endTokens', {
    summary: () => `end every token of ${subject}`,
    onDone: async ({ endedTokens }) => {
      await again()
      say(endedTokens > 0 ? `${plural(endedTokens, 'token')} ended.` : 'There was no token to end.')
    },
  })
  const resetting = useChanging('subject.resetFactors', {
    summary: () => `remove every factor of ${subject}`,
    onDone: async ({ removed, endedTokens }) => {
      await again()
      setOpen(undefined)
      say(`${plural(removed, 'factor')} removed, ${plural(endedTokens, 'token')} ended.`)
    },
  })
  const hasFailed = attempts.consecutiveFailures > 0 || attempts.retryAt !== null
  const isLimited = attempts.locked || hasFailed
  return (
    <>
      <div className="row">
        <Button
          look={attempts.locked ? 'strong' : 'plain'}
          onClick={() => {
            unlocking.reset()
            setOpen('unlock')
          }}
        >
          {isLimited ? 'Unlock' : 'Forgive failed attempts'}
        </Button>
        <Button look="plain" isPending={ending.isPending} onClick={() => ending.mutate(reference)}>
          End tokens{liveTokens > 0 && ` (${liveTokens})`}
        </Button>
        <Button
          look="danger"
          onClick={() => {
            resetting.reset()
            setOpen('reset')
          }}
        >
          Reset factors
        </Button>
      </div>
      <Failure error={ending.error} />
      {open === 'unlock' && (
        <Confirm
          title={`Unlock the codes of ${subject}?`}
          action={isLimited ? 'Unlock' : 'Forgive'}
          look="strong"
          asksReason
          isPending={unlocking.isPending}
          error={unlocking.error}
          onClose={() => setOpen(undefined)}
          onConfirm={(reason) => unlocking.mutate({ ...reference, reason })}
        >
          <p>
            Their codes are accepted again at once, and failed attempts no longer count. Make sure
            you know who asked for this: it also gives somebody who guesses more attempts.
          </p>
        </Confirm>
      )}
      {open === 'reset' && (
        <Confirm
          title={`Reset the factors of ${subject}?`}
          action="Reset factors"
          asksReason
          isPending={resetting.isPending}
          error={resetting.error}
          onClose={() => setOpen(undefined)}
          onConfirm={(reason) => resetting.mutate({ ...reference, reason })}
        >
          <p>
            This removes {plural(factors.length, 'factor')} and all recovery codes, and ends every
            token. The user is then treated as not enrolled. Make sure you know who asked for this.
          </p>
        </Confirm>
      )}
    </>
  )
}
