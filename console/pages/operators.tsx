// Who runs Countersign: named operators, each with a key of their own that is shown once.
import { type Operator, OperatorCreateInput } from 'countersign/contract'
import { useState } from 'react'
import { Link } from 'wouter'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Badge } from '../../ui/facts.tsx'
import { TextField } from '../../ui/field.tsx'
import { Form } from '../../ui/form.tsx'
import { Answer, Empty, Failure } from '../../ui/notice.tsx'
import { Time } from '../../ui/time.tsx'
import { say } from '../../ui/toasts.tsx'
import { useChanging } from '../change.ts'
import { forget, useOperators } from '../data.ts'
import { useForm } from '../model/use-form.ts'
import { Check } from '../parts/choice.tsx'
import { Secret } from '../parts/copy.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { Page } from '../parts/page.tsx'
import { Table } from '../parts/table.tsx'
import { useSelf } from '../session.ts'

export function Operators() {
  const query = useOperators()
  return (
    <Page
      title="Operators"
      lead="Everyone who can make changes here, by name. Their changes are recorded under that name."
      beside={
        <Link href="/operators/history" className="button button-plain">
          Audit log
        </Link>
      }
    >
      <div className="stack">
        <Card title="Operators">
          <Answer query={query} what="the operators">
            {(operators) => (
              <>
                {operators.every(({ id, automation }) => id === 'first' || automation) && (
                  <Empty icon="operators" title="No named operators yet">
                    <p>
                      You are using the first key of the service. Add yourself below: after that,
                      the first key no longer works, except in development.
                    </p>
                  </Empty>
                )}
                {operators.length > 0 && <List operators={operators} />}
              </>
            )}
          </Answer>
        </Card>
        <Add />
      </div>
    </Page>
  )
}

function List({ operators }: { operators: readonly Operator[] }) {
  const self = useSelf()
  const [leaving, setLeaving] = useState<Operator>()
  const revoking = useChanging('operator.revoke', {
    summary: () => `revoke the key of operator ${leaving?.name ?? ''}`,
    onDone: async () => {
      await forget('operators')
      say('Revoked. Their sessions have ended.')
      setLeaving(undefined)
    },
  })
  const people = operators.filter(({ id, automation }) => id !== 'first' && !automation).length
  return (
    <>
      <Table<Operator>
        caption="Operators"
        rows={operators}
        keyOf={({ id }) => id}
        columns={[
          {
            name: 'Name',
            isHead: true,
            cell: ({ name, id }) => (
              <span className="row">
                {name}
                {id === self.id && <Badge tone="accent">You</Badge>}
              </span>
            ),
          },
          { name: 'Kind', cell: ({ automation }) => (automation ? 'Automation' : 'Person') },
          {
            name: 'Own factor',
            cell: ({ automation, enrolled }) =>
              automation ? (
                'not asked'
              ) : (
                <Badge tone={enrolled ? 'good' : 'warn'}>{enrolled ? 'Yes' : 'None yet'}</Badge>
              ),
          },
          { name: 'Since', cell: ({ createdAt }) => <Time at={createdAt} /> },
          {
            name: 'Revoke',
            isTools: true,
            cell: (operator) =>
              operator.id !== 'first' &&
              (operator.automation || people > 1 ? (
                <Button
                  look="danger"
                  small
                  onClick={() => {
                    revoking.reset()
                    setLeaving(operator)
                  }}
                >
                  Revoke<span className="hidden-visually"> {operator.name}</span>
                </Button>
              ) : (
                <span className="small soft">The last one stays</span>
              )),
          },
        ]}
      />
      {leaving && (
        <Confirm
          title={`Revoke the key of ${leaving.name}?`}
          action="Revoke"
          isPending={revoking.isPending}
          error={revoking.error}
          onClose={() => setLeaving(undefined)}
          onConfirm={() => revoking.mutate({ id: leaving.id })}
        >
          <p>
            {leaving.id === self.id
              ? 'This is you: your session ends at once.'
              : 'Their key and their sessions end at once. What they did stays in the history.'}
          </p>
        </Confirm>
      )}
    </>
  )
}

function Add() {
  const form = useForm<OperatorCreateInput>(OperatorCreateInput, { name: '', automation: false })
  const adding = useChanging('operator.create', {
    summary: ({ name, automation }) =>
      automation ? `add ${name}, a key for automation` : `add operator ${name}`,
    onDone: () => {
      form.reset()
      void forget('operators')
    },
  })
  const send = () => {
    if (form.send()) adding.mutate(form.values)
  }
  if (adding.data) {
    const { operator, key } = adding.data
    return (
      <Card title={`The key of ${operator.name}`}>
        <Secret secret={key} what="Operator key">
          <p className="soft">
            {operator.automation
              ? 'Put it among the secrets of the program that will use it.'
              : 'Hand it over in a way that nobody else can read. They sign in with it here, and add a factor of their own.'}
          </p>
          <div>
            <Button look="plain" onClick={() => adding.reset()}>
              Done
            </Button>
          </div>
        </Secret>
      </Card>
    )
  }
  return (
    <Card title="Add an operator">
      <Form action="Add operator" isPending={adding.isPending} onSend={send}>
        <TextField
          label="Name"
          hint="The name their colleagues know. It appears in the history."
          value={form.values.name}
          error={form.error('name')}
          onBlur={() => form.values.name && form.leave('name')}
          onValue={(name) => form.setValues((now) => ({ ...now, name }))}
        />
        <Check
          label="For automation"
          hint="For a program, which cannot step up. Its key may not weaken a rule, unlock or reset users, or change operators."
          isOn={form.values.automation ?? false}
          onSwitch={(automation) => form.setValues((now) => ({ ...now, automation }))}
        />
        <Failure error={adding.error} />
      </Form>
    </Card>
  )
}
