// The keys of an environment: those that sign its tokens, and those by which its APIs call.
import type { EnvironmentView, KeyUse, ResourceKey, SigningKey } from 'countersign/contract'
import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Badge } from '../../ui/facts.tsx'
import { Answer, Empty } from '../../ui/notice.tsx'
import { Ago, Time } from '../../ui/time.tsx'
import { say } from '../../ui/toasts.tsx'
import { useChanging } from '../change.ts'
import { forget, useEnvironment } from '../data.ts'
import { CopyButton } from '../parts/copy.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { Page } from '../parts/page.tsx'
import { Table } from '../parts/table.tsx'
import { MakeResourceKey } from './resource-key.tsx'

export function Keys({ environment }: { environment: string }) {
  const query = useEnvironment(environment)
  return (
    <Page
      title="Keys"
      of={environment}
      lead="Signing keys are made and kept by Countersign; nobody ever sees one. Resource keys belong to your APIs."
    >
      <Answer query={query} what="the keys" lines={6}>
        {(view) => (
          <div className="stack">
            <SigningKeys view={view} use="tokens" />
            <ResourceKeys view={view} />
            <SigningKeys view={view} use="receipts" />
          </div>
        )}
      </Answer>
    </Page>
  )
}

const STATES = {
  next: ['Next', 'accent'],
  current: ['Current', 'good'],
  retired: ['Retired', 'plain'],
} as const

/** The words for each set of keys. */
const RINGS = {
  tokens: {
    title: 'Signing keys',
    lead: 'They sign tokens. A next key is published ten minutes before it signs, so that no verifier meets an unknown one.',
    path: '.well-known/jwks.json',
    key: 'signing key',
    replace: 'Replace and end every token',
    replacing: 'replace the signing key of {} at once and end every token',
    replaced: 'Replaced. Every earlier token has ended.',
    rotation:
      'A next key is published now and signs in ten minutes. The current one stays published for a day after that. Nobody notices.',
    compromise:
      'For a key that somebody else may hold: a new one signs at once, the old one is withdrawn, and every token ends. Users who are in the middle of something step up again.',
  },
  receipts: {
    title: 'Receipt keys',
    lead: 'They sign receipts and checkpoints, and never a token.',
    path: 'receipts/jwks.json',
    key: 'receipt key',
    replace: 'Replace and void what it signed',
    replacing: 'replace the receipt key of {} at once',
    replaced: 'Replaced. Earlier receipts and checkpoints prove nothing.',
    rotation:
      'A next key is published now and signs in ten minutes. The current one stays published as long as receipts are kept.',
    compromise:
      'For a key that somebody else may hold: a new one signs at once, and no receipt or checkpoint that the old one signed is verified any more. Users and APIs can get a new receipt of the same step-up.',
  },
} as const satisfies Record<KeyUse, object>

function SigningKeys({ view, use }: { view: EnvironmentView; use: KeyUse }) {
  const { environment } = view
  const words = RINGS[use]
  const [open, setOpen] = useState<'rotate' | 'compromised'>()
  const rotating = useChanging('environment.rotateKeys', {
    summary: ({ compromised }) =>
      compromised
        ? words.replacing.replace('{}', environment)
        : `rotate the ${words.key} of ${environment}`,
    onDone: async (_, { compromised }) => {
      await forget('environment', environment)
      setOpen(undefined)
      say(compromised ? words.replaced : 'A next key is published.')
    },
  })
  const address = `${location.origin}/${environment}/${words.path}`
  return (
    <Card
      title={words.title}
      lead={words.lead}
      beside={
        <>
          <Button look="plain" onClick={() => setOpen('rotate')}>
            Rotate<span className="hidden-visually"> the {words.key}</span>
          </Button>
          <Button look="danger" onClick={() => setOpen('compromised')}>
            Revoke compromised key
            <span className="hidden-visually"> ({words.key})</span>
          </Button>
        </>
      }
    >
      <Table<SigningKey>
        caption={words.title}
        rows={use === 'tokens' ? view.keys : view.receiptKeys}
        keyOf={({ kid }) => kid}
        columns={[
          { name: 'Key', isHead: true, cell: ({ kid }) => <code>{kid}</code> },
          {
            name: 'State',
            cell: ({ state }) => <Badge tone={STATES[state][1]}>{STATES[state][0]}</Badge>,
          },
          { name: 'Signs from', cell: ({ signsAt }) => <Time at={signsAt} /> },
          {
            name: 'Published until',
            cell: ({ leavesAt }) => (leavesAt === null ? 'it is replaced' : <Time at={leavesAt} />),
          },
        ]}
      />
      <p className="row small soft">
        Public keys: <code>{address}</code>
        <CopyButton text={address} what={`the address of the ${words.key} set`} />
      </p>
      {open && (
        <Confirm
          title={open === 'rotate' ? `Rotate the ${words.key}?` : 'Replace the key at once?'}
          action={open === 'rotate' ? 'Rotate' : words.replace}
          look={open === 'rotate' ? 'strong' : 'danger'}
          {...(open === 'compromised' && { typed: environment })}
          isPending={rotating.isPending}
          error={rotating.error}
          onClose={() => setOpen(undefined)}
          onConfirm={() =>
            rotating.mutate({ environment, use, compromised: open === 'compromised' })
          }
        >
          <p>{open === 'rotate' ? words.rotation : words.compromise}</p>
        </Confirm>
      )}
    </Card>
  )
}

function ResourceKeys({ view }: { view: EnvironmentView }) {
  const { environment, resourceKeys } = view
  const [revoked, setRevoked] = useState<ResourceKey>()
  const revoking = useChanging('environment.revokeResourceKey', {
    summary: () => `revoke a resource key of ${environment}`,
    onDone: async () => {
      await forget('environment', environment)
      setRevoked(undefined)
      say('Revoked. It is refused everywhere within 25 seconds.')
    },
  })
  return (
    <Card
      title="Resource keys"
      lead="With one, an API asks for rules and uses up tokens. Each is bound to one audience."
    >
      {resourceKeys.length === 0 ? (
        <Empty icon="keys" title="No API can call yet">
          <p>Make a key for each API that guards an action, and put it among that API’s secrets.</p>
        </Empty>
      ) : (
        <Table<ResourceKey>
          caption="Resource keys"
          rows={resourceKeys}
          keyOf={({ id }) => id}
          columns={[
            { name: 'Label', isHead: true, cell: ({ label, id }) => label ?? <code>{id}</code> },
            { name: 'Audience', cell: ({ audience }) => <code>{audience}</code> },
            { name: 'Made', cell: ({ createdAt }) => <Ago at={createdAt} /> },
            {
              name: 'Revoke',
              isTools: true,
              cell: (key) => (
                <Button
                  look="danger"
                  small
                  onClick={() => {
                    revoking.reset()
                    setRevoked(key)
                  }}
                >
                  Revoke<span className="hidden-visually"> {key.label ?? key.id}</span>
                </Button>
              ),
            },
          ]}
        />
      )}
      <MakeResourceKey view={view} />
      {revoked && (
        <Confirm
          title={`Revoke ${revoked.label ?? revoked.id}?`}
          action="Revoke"
          isPending={revoking.isPending}
          error={revoking.error}
          onClose={() => setRevoked(undefined)}
          onConfirm={() => revoking.mutate({ environment, id: revoked.id })}
        >
          <p>
            An API that still uses it can guard nothing, and refuses its actions. Make another
            first.
          </p>
        </Confirm>
      )}
    </Card>
  )
}
