// The settings of an environment, apart from its actions. Whatever is typed goes into the draft.
import type { EnvironmentSettings } from 'countersign/contract'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { TextField } from '../../ui/field.tsx'
import { say } from '../../ui/toasts.tsx'
import { useChanging } from '../change.ts'
import { forget, queries } from '../data.ts'
import { type Editing, editingOf, having } from '../model/editing.ts'
import { RadioField } from '../parts/choice.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { Page } from '../parts/page.tsx'
import { type Section, Sections } from '../parts/sections.tsx'
import { LinesField, NumberField } from '../parts/value-fields.tsx'
import { DPOP_NAMES, LEGACY_NAMES } from '../words.ts'
import { AssertionFields } from './assertion-fields.tsx'
import { EnrollmentFields, MethodFields } from './method-fields.tsx'
import { SessionFields } from './session-fields.tsx'
import { TryToken } from './try-token.tsx'
import type { DraftPageProps } from './with-draft.tsx'

export function Settings({ environment, view, draft }: DraftPageProps) {
  const editing = editingOf(draft)
  return (
    <Page
      title="Settings"
      of={environment}
      lead={`Version ${view.version} of ${environment} is in force. Changes are reviewed before they are saved, and hold everywhere within 60 seconds.`}
    >
      <Sections sections={sectionsOf(environment, editing)} />
    </Page>
  )
}

const sectionsOf = (environment: string, editing: Editing): Section[] => [
  {
    id: 'sign-in',
    name: 'Sign-in',
    content: (
      <Card
        title="Sign-in of your application"
        lead="Which session tokens identify your users, and how they are verified."
      >
        <SessionFields editing={editing} />
      </Card>
    ),
  },
  {
    id: 'token',
    name: 'Try a token',
    content: (
      <Card title="Try a token" lead="Why a token fails, or which user it names.">
        <TryToken environment={environment} settings={editing.settings} />
      </Card>
    ),
  },
  { id: 'pages', name: 'Pages and APIs', content: <Pages editing={editing} /> },
  {
    id: 'methods',
    name: 'Methods',
    content: (
      <Card title="Methods" lead="Which methods users can verify with, where a rule allows them.">
        <MethodFields editing={editing} />
      </Card>
    ),
  },
  {
    id: 'enrollment',
    name: 'Enrollment',
    content: (
      <Card title="Enrollment" lead="When your pages ask for a first factor, and who may add it.">
        <EnrollmentFields editing={editing} />
      </Card>
    ),
  },
  {
    id: 'assertions',
    name: 'Assertions',
    content: (
      <Card
        title="Backend assertions"
        lead="Your backend can vouch for a user with a signed assertion, where a rule accepts that method."
      >
        <AssertionFields editing={editing} />
      </Card>
    ),
  },
  { id: 'binding', name: 'Bound tokens', content: <Binding editing={editing} /> },
  { id: 'legacy', name: 'Legacy tokens', content: <Legacy editing={editing} /> },
  { id: 'remove', name: 'Remove', content: <Danger environment={environment} /> },
]

function Pages({ editing }: { editing: Editing }) {
  const { settings, edit, error } = editing
  const set = (part: { [K in keyof EnvironmentSettings]?: EnvironmentSettings[K] | undefined }) =>
    edit((now) => having(now, part))
  const text = (path: 'name' | 'rpName' | 'rpId') => ({
    value: settings[path] ?? '',
    error: error(path),
    onValue: (value: string) => set({ [path]: value }),
  })
  const lines = (path: 'origins' | 'audiences') => ({
    editing,
    path,
    value: settings[path],
    onValue: (values: string[]) => set({ [path]: values }),
  })
  return (
    <Card title="Pages, passkeys and APIs">
      <div className="grid-2">
        <TextField label="Name" hint="Users see it in their authenticator app." {...text('name')} />
        <TextField
          label="Relying party name"
          hint="Shown when a passkey is made."
          {...text('rpName')}
        />
        <TextField
          label="Passkey domain"
          hint="Passkeys are bound to it: after a change, existing passkeys stop working."
          mono
          {...text('rpId')}
        />
        <LinesField
          label="Web origins"
          hint="Pages that may call Countersign, one per line; on the passkey domain or below it."
          {...lines('origins')}
        />
        <LinesField
          label="APIs (audiences)"
          hint="One per line. The first is the default audience of an action."
          {...lines('audiences')}
        />
        <NumberField
          editing={editing}
          path="history.keepDays"
          label="Keep history"
          hint="Older events are removed; the chain of the others stays verifiable."
          unit="days"
          value={settings.history?.keepDays}
          onValue={(keepDays) => set({ history: having({}, { keepDays }) })}
        />
      </div>
    </Card>
  )
}

const Binding = ({ editing: { settings, edit } }: { editing: Editing }) => (
  <Card
    title="Bound tokens"
    lead="A token that is bound to a key of the page (DPoP) is of no use to somebody who copies it. Pages need countersign/dpop, and APIs a guard with dpop."
  >
    <RadioField
      label="Every token must be bound"
      value={settings.senderConstrained ?? 'none'}
      onValue={(senderConstrained) => edit((now) => ({ ...now, senderConstrained }))}
      options={[
        {
          value: 'none',
          label: DPOP_NAMES.none,
          hint: 'Pages that send a proof get bound tokens.',
        },
        { value: 'dpop', label: DPOP_NAMES.dpop, hint: 'A step-up without a proof is refused.' },
        {
          value: 'dpopNonce',
          label: DPOP_NAMES.dpopNonce,
          hint: 'Proofs cannot be made ahead. Costs one more call now and then.',
        },
      ]}
    />
  </Card>
)

const Legacy = ({ editing: { settings, edit } }: { editing: Editing }) => (
  <Card
    title="Legacy tokens"
    lead="A token without a scope, for integrations from before elevated tokens. Each action says whether it takes one."
  >
    <RadioField
      label="Legacy token that a step-up returns on request"
      value={settings.mfaTokens ?? 'single'}
      onValue={(mfaTokens) => edit((now) => ({ ...now, mfaTokens }))}
      options={[
        {
          value: 'off',
          label: LEGACY_NAMES.off,
          hint: 'The safest: only elevated tokens are left.',
        },
        { value: 'single', label: LEGACY_NAMES.single },
        { value: 'session', label: LEGACY_NAMES.session, hint: 'May be used until it expires.' },
      ]}
    />
  </Card>
)

function Danger({ environment }: { environment: string }) {
  const [isOpen, setOpen] = useState(false)
  const [, go] = useLocation()
  const removing = useChanging('environment.remove', {
    summary: () => `remove the environment ${environment} with everything in it`,
    onDone: () => {
      queries.removeQueries({ queryKey: ['environment', environment] })
      void forget('environments')
      go('/')
      say(`${environment} was removed.`)
    },
  })
  return (
    <Card
      title="Remove this environment"
      tone="danger"
      lead="Its settings, keys and tokens end at once, and its users’ factors with them. That cannot be undone."
    >
      <div>
        <Button look="danger" icon="trash" onClick={() => setOpen(true)}>
          Remove {environment}
        </Button>
      </div>
      {isOpen && (
        <Confirm
          title={`Remove ${environment}?`}
          action="Remove for good"
          typed={environment}
          isPending={removing.isPending}
          error={removing.error}
          onConfirm={() => removing.mutate({ environment })}
          onClose={() => setOpen(false)}
        >
          <p>
            Every API that is guarded by it will refuse its actions from now on. Its users’ factors
            cannot be brought back.
          </p>
        </Confirm>
      )}
    </Card>
  )
}
