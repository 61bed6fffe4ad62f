// Making a resource key, and showing it this once.
import { CreateResourceKeyInput, type EnvironmentView } from 'countersign/contract'
import type { FormEvent } from 'react'
import { Button } from '../../ui/button.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Failure } from '../../ui/notice.tsx'
import { useChanging } from '../change.ts'
import { forget } from '../data.ts'
import { having } from '../model/editing.ts'
import { useForm } from '../model/use-form.ts'
import { Secret } from '../parts/copy.tsx'

interface MakeProps {
  view: EnvironmentView
}

export function MakeResourceKey({ view: { environment, settings } }: MakeProps) {
  const [first = ''] = settings.audiences
  const form = useForm<CreateResourceKeyInput>(CreateResourceKeyInput, {
    environment,
    audience: first,
  })
  const making = useChanging('environment.createResourceKey', {
    summary: ({ audience }) => `make a resource key for ${audience}`,
    onDone: () => {
      form.reset()
      void forget('environment', environment)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (form.send() && !making.isPending) making.mutate(form.values)
  }
  if (making.data) {
    return (
      <Secret secret={making.data.key} what="Resource key">
        <div>
          <Button look="plain" onClick={() => making.reset()}>
            Done, I saved it
          </Button>
        </div>
      </Secret>
    )
  }
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <div className="toolbar">
        <SelectField
          label="For the API"
          value={form.values.audience}
          onValue={(audience) => form.setValues((now) => ({ ...now, audience }))}
          options={settings.audiences.map((value) => ({ value, label: value }))}
        />
        <TextField
          label="Label"
          isOptional
          placeholder="production"
          value={form.values.label ?? ''}
          error={form.error('label')}
          onBlur={() => form.leave('label')}
          onValue={(label) => form.setValues((now) => having(now, { label: label || undefined }))}
        />
        <Button type="submit" look="plain" icon="plus" isPending={making.isPending}>
          Make a resource key
        </Button>
      </div>
      <Failure error={making.error} />
    </form>
  )
}
