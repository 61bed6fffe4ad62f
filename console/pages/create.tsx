// A new environment: its login, which actions it starts with, and the settings that have no default.
import {
  EnvironmentId,
  type EnvironmentSettings,
  RESERVED_ENVIRONMENT_IDS,
} from 'countersign/contract'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { TextField } from '../../ui/field.tsx'
import { Form } from '../../ui/form.tsx'
import { Failure } from '../../ui/notice.tsx'
import { say } from '../../ui/toasts.tsx'
import { useChanging } from '../change.ts'
import { forget, queries } from '../data.ts'
import { having, useNewSettings } from '../model/editing.ts'
import { problemsOf } from '../model/problems.ts'
import { TEMPLATES } from '../model/templates.ts'
import { RadioField } from '../parts/choice.tsx'
import { Page } from '../parts/page.tsx'
import { LinesField } from '../parts/value-fields.tsx'
import { LoginFields } from './login-fields.tsx'

const NEW: EnvironmentSettings = {
  session: { issuer: '', keys: { jwksUri: '' }, audiences: [] },
  rpId: '',
  origins: [],
  audiences: [],
}

/** The domain of the first origin, which a passkey is bound to. */
function domainOf(origin: string | undefined): string {
  const url = origin && URL.canParse(origin) ? new URL(origin) : undefined
  return url?.hostname ?? ''
}

export function CreateEnvironment() {
  const [, go] = useLocation()
  const [environment, setEnvironment] = useState('')
  const [template, setTemplate] = useState('empty')
  const [idProblem, setIdProblem] = useState<string>()
  const { editing, send } = useNewSettings(NEW)
  const { settings, edit, error } = editing
  const creating = useChanging('environment.create', {
    summary: ({ environment: id }) => `create the environment ${id}`,
    onDone: (view) => {
      queries.setQueryData(['environment', view.environment], view)
      void forget('environments')
      say(`${view.environment} was created.`)
      go(`/e/${view.environment}/guide`)
    },
  })
  const check = () => {
    const [problem] = problemsOf(EnvironmentId, environment)
    const reserved = RESERVED_ENVIRONMENT_IDS.includes(environment)
    const text = reserved
      ? `The environment id ${environment} is reserved: choose another one.`
      : problem && 'Two to 32 small letters, digits and hyphens, a letter first, such as live.'
    setIdProblem(text)
    return !text
  }
  const start = (id: string) => {
    setTemplate(id)
    const { actions = [] } = TEMPLATES.find((one) => one.id === id) ?? {}
    edit((now) => having(now, { actions: actions.length > 0 ? [...actions] : undefined }))
  }
  const create = () => {
    const good = [check(), send()].every(Boolean)
    if (good) creating.mutate({ environment, settings })
  }
  return (
    <Page title="Create environment" lead="You can change all of this later, except the id.">
      <Form
        action="Create environment"
        isPending={creating.isPending}
        onSend={create}
        beside={
          <Button look="plain" onClick={() => go('/')}>
            Cancel
          </Button>
        }
      >
        <Card
          title="How your application signs users in"
          lead="Countersign takes your session tokens and checks them by their issuer’s public keys."
        >
          <LoginFields editing={editing} empty={NEW.session} />
        </Card>
        <Card title="Actions">
          <RadioField
            label="Start from a template"
            hint="Its actions are ready at once. You can change, remove and add actions later."
            layout="cards"
            value={template}
            onValue={start}
            options={TEMPLATES.map(({ id, title, text }) => ({
              value: id,
              label: title,
              hint: text,
            }))}
          />
        </Card>
        <Card title="Name">
          <div className="grid-2">
            <TextField
              label="Id"
              hint="The first segment of its addresses. It cannot be changed."
              placeholder="live"
              mono
              value={environment}
              error={idProblem}
              onValue={setEnvironment}
              onBlur={() => environment && check()}
            />
            <TextField
              label="Name"
              hint="Your users see it in their authenticator app."
              placeholder="Acme"
              isOptional
              value={settings.name ?? ''}
              error={error('name')}
              onValue={(name) => edit((now) => having(now, { name: name || undefined }))}
            />
          </div>
        </Card>
        <Card title="Where your application runs">
          <div className="grid-2">
            <LinesField
              editing={editing}
              path="origins"
              label="Web origins"
              hint="Pages that may call Countersign, one per line."
              placeholder="https://app.example"
              value={settings.origins}
              onValue={(origins) =>
                edit((now) => ({
                  ...now,
                  origins,
                  rpId: now.rpId === domainOf(now.origins[0]) ? domainOf(origins[0]) : now.rpId,
                }))
              }
            />
            <TextField
              label="Passkey domain"
              hint="The relying party: the origins’ domain or one above it. Passkeys are bound to it for good."
              placeholder="app.example"
              mono
              value={settings.rpId}
              error={error('rpId')}
              onValue={(rpId) => edit((now) => ({ ...now, rpId }))}
            />
          </div>
        </Card>
        <Card
          title="Your APIs"
          lead="Each API that performs guarded actions, as the audience of its tokens. The first is the default."
        >
          <LinesField
            editing={editing}
            path="audiences"
            label="Audiences"
            hint="One per line, usually the address of the API."
            placeholder="https://api.app.example"
            value={settings.audiences}
            onValue={(audiences) => edit((now) => ({ ...now, audiences }))}
          />
        </Card>
        <Failure error={creating.error} />
      </Form>
    </Page>
  )
}
