// The first-run guide: four steps from a new environment to the lines that an application pastes.
import { useState } from 'react'
import { Link } from 'wouter'
import { Page } from '../parts/card.tsx'
import { Code } from '../parts/copy.tsx'
import { SelectField } from '../parts/field.tsx'
import { Table } from '../parts/table.tsx'
import { actionsOf, isCredential, type ShownAction, sentenceOf } from '../rules.ts'
import { MakeResourceKey } from './resourcekey.tsx'
import { guardLines, pageLines } from './snippets.ts'
import { TryToken } from './trytoken.tsx'
import type { DraftPageProps } from './withdraft.tsx'

export function Guide({ environment, view, draft }: DraftPageProps) {
  const { settings } = draft
  const actions = actionsOf(settings).filter(({ action }) => !isCredential(action))
  const [action, setAction] = useState('wallet.waas.export')
  const chosen = actions.find((one) => one.action === action)
  const audience = chosen?.entry.audience ?? settings.audiences[0] ?? ''
  const lines = { url: location.origin, environment, action, audience }
  return (
    <Page
      title="Guide"
      of={environment}
      lead={`From here to a guarded action in your application, in four steps. Come back whenever you like: nothing here is shown only once but keys.`}
    >
      <div className="steps">
        <Step number={1} title="Connect your sign-in">
          <p className="soft">
            Countersign takes the session tokens of <code>{settings.session.issuer}</code>. Try one
            before your users do. What fails is mended in{' '}
            <Link href={`/e/${environment}/settings`}>Settings</Link>.
          </p>
          <TryToken environment={environment} settings={settings} />
        </Step>
        <Step number={2} title="Choose what is guarded">
          <p className="soft">
            These are ready. Change them, or add your own, under{' '}
            <Link href={`/e/${environment}/actions`}>Actions</Link>.
          </p>
          <Table<ShownAction>
            caption="Actions and their rules"
            rows={actions}
            keyOf={({ action: name }) => name}
            columns={[
              {
                name: 'Action',
                isHead: true,
                cell: ({ title, action: name }) => (
                  <Link href={`/e/${environment}/actions/${name}`}>{title}</Link>
                ),
              },
              {
                name: 'Rule',
                cell: ({ rule, entry }) => sentenceOf(rule, entry.stricter?.length),
              },
            ]}
          />
        </Step>
        <Step number={3} title="Make a key for your API">
          <p className="soft">
            Your API asks for rules and uses up tokens with it. Put it among the API’s secrets as{' '}
            <code>COUNTERSIGN_RESOURCE_KEY</code>.
          </p>
          <MakeResourceKey view={view} />
        </Step>
        <Step number={4} title="Paste these lines">
          <SelectField
            label="The action to guard first"
            value={action}
            onValue={setAction}
            options={actions.map((one) => ({ value: one.action, label: one.title }))}
          />
          <Code title="In your page" text={pageLines(lines)} />
          <Code title="In your API (Hono; others are in the README)" text={guardLines(lines)} />
          <p className="soft">
            Then open your page, run the action, and watch it in the{' '}
            <Link href={`/e/${environment}`}>overview</Link>.
          </p>
        </Step>
      </div>
    </Page>
  )
}

interface StepProps {
  number: number
  title: string
  children: React.ReactNode
}

const Step = ({ number, title, children }: StepProps) => (
  <section className="card" aria-labelledby={`step-${number}`}>
    <h2 id={`step-${number}`}>
      <span className="step-number" aria-hidden="true">
        {number}
      </span>
      <span className="hidden-visually">Step {number}: </span>
      {title}
    </h2>
    {children}
  </section>
)
