// An action of one's own: its names and its scope. Its rule begins with the defaults, and is edited next.
import { ActionEntry, BUILT_IN_ACTIONS, NEW_ACTION_RULE } from 'countersign/contract'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Form } from '../../ui/form.tsx'
import { having } from '../model/editing.ts'
import { useForm } from '../model/use-form.ts'
import { Page } from '../parts/page.tsx'
import { actionsOf, withAction } from '../rules.ts'
import { BackToActions } from './actions.tsx'
import type { DraftPageProps } from './with-draft.tsx'
import { WordFields } from './word-fields.tsx'

const OWN = /^(credential|operator)[.:]/

/** `order.refund` → `orders:refund`, as a first guess. */
const scopeFrom = (action: string): string => action.replace('.', ':')

export function AddAction({ environment, draft }: DraftPageProps) {
  const [, go] = useLocation()
  const { settings } = draft
  const [audience, setAudience] = useState(settings.audiences[0] ?? '')
  const form = useForm<ActionEntry & { scope: string }>(ActionEntry, { action: '', scope: '' })
  const { action, scope } = form.values
  const known = actionsOf(settings)
  const taken = known.some((other) => other.action === action)
    ? 'An action with this name already exists.'
    : OWN.test(action)
      ? 'Names that begin with credential or operator are reserved.'
      : undefined
  const holder = known.find((other) => other.scope === scope)
  const scopeTaken = holder
    ? `This scope belongs to ${holder.title}.`
    : OWN.test(scope)
      ? 'Scopes that begin with credential or operator are reserved.'
      : undefined
  const send = () => {
    if (!form.send() || taken || scopeTaken) return
    const isDefault = audience === settings.audiences[0]
    draft.edit((now) =>
      withAction(now, {
        ...form.values,
        ...(!isDefault && { audience }),
        base: NEW_ACTION_RULE,
      }),
    )
    go(`/e/${environment}/actions/${action}`)
  }
  return (
    <>
      <BackToActions environment={environment} />
      <Page
        title="Add an action"
        of={environment}
        lead="A name for what users do, and the scope that a token for it carries."
      >
        <Form
          action="Continue to its rule"
          onSend={send}
          beside={
            <Button look="plain" onClick={() => go(`/e/${environment}/actions`)}>
              Cancel
            </Button>
          }
        >
          <Card title="Names and scope">
            <div className="grid-2">
              <TextField
                label="Action"
                hint="Its name in your code."
                placeholder="order.refund"
                mono
                value={action}
                error={form.error('action') ?? taken}
                onBlur={() => form.leave('action')}
                onValue={(next) =>
                  form.setValues((now) => ({
                    action: next,
                    scope: now.scope === scopeFrom(now.action) ? scopeFrom(next) : now.scope,
                  }))
                }
              />
              <TextField
                label="Scope"
                hint={`Each action needs its own scope. Already used: ${Object.values(BUILT_IN_ACTIONS).slice(0, 2).join(', ')} …`}
                placeholder="order:refund"
                mono
                value={scope}
                error={form.error('scope') ?? scopeTaken}
                onBlur={() => form.leave('scope')}
                onValue={(next) => form.setValues((now) => ({ ...now, scope: next }))}
              />
              <WordFields
                action={action}
                field={(word) => ({
                  value: form.values[word] ?? '',
                  error: form.error(word),
                  onBlur: () => form.leave(word),
                  onValue: (text) =>
                    form.setValues((now) => having(now, { [word]: text || undefined })),
                })}
              />
              <SelectField
                label="API"
                hint="The API that performs it."
                value={audience}
                onValue={setAudience}
                options={settings.audiences.map((value) => ({ value, label: value }))}
              />
            </div>
          </Card>
        </Form>
      </Page>
    </>
  )
}
