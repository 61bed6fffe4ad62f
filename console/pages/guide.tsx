// The first-run guide: five steps from a new environment to the lines that an application pastes.
import { isCredentialAction } from 'countersign/contract'
import { useState } from 'react'
import { Link } from 'wouter'
import { SelectField } from '../../ui/field.tsx'
import { type TokenNeed, tokenNeeds } from '../model/token-needs.ts'
import { Code } from '../parts/copy.tsx'
import { Page } from '../parts/page.tsx'
import { Table } from '../parts/table.tsx'
import { actionsOf, firstToGuard, type ShownAction, sentenceOf } from '../rules.ts'
import { anyOf } from '../words.ts'
import { Progress } from './progress.tsx'
import { MakeResourceKey } from './resource-key.tsx'
import { APIS, installLines, PAGES } from './snippets.ts'
import { TryToken } from './try-token.tsx'
import type { DraftPageProps } from './with-draft.tsx'

export function Guide({ environment, view, draft }: DraftPageProps) {
  const { settings } = draft
  const [page, setPage] = useState<keyof typeof PAGES>('react')
  const [api, setApi] = useState<keyof typeof APIS>('hono')
  // Those that were chosen or written come first.
  const actions = actionsOf(settings)
    .filter(({ action }) => !isCredentialAction(action))
    .sort((a, b) => Number(b.isWritten) - Number(a.isWritten))
  const [picked, setPicked] = useState<string>()
  const action = actions.find((one) => one.action === picked) ?? firstToGuard(actions)
  const lines = action && {
    url: location.origin,
    environment,
    audience: action.entry.audience ?? settings.audiences[0] ?? '',
    subjectClaim: settings.session.subjectClaim ?? 'sub',
    action,
  }
  return (
    <Page
      title="Guide"
      of={environment}
      lead="Five steps from here to a guarded action in your application. Come back at any time: only keys are shown once."
    >
      <div className="steps">
        <Progress environment={environment} />
        <Step number={1} title="Connect your sign-in">
          <p className="soft">
            Countersign takes the session tokens of your application. Change what it expects in{' '}
            <Link href={`/e/${environment}/settings`}>Settings</Link>.
          </p>
          <Table<TokenNeed>
            caption="What a session token must say"
            rows={tokenNeeds(settings)}
            keyOf={({ claim }) => claim}
            columns={[
              { name: 'Claim', isHead: true, cell: ({ claim }) => <code>{claim}</code> },
              { name: 'Needed', cell: ({ needed }) => needed },
              { name: 'What it holds', cell: ({ text }) => text },
            ]}
          />
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
                cell: ({ entry }) => sentenceOf(entry),
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
        <Step number={4} title="Install the package">
          <div className="grid-2">
            <SelectField
              label="Your page is written with"
              value={page}
              onValue={setPage}
              options={optionsOf(PAGES)}
            />
            <SelectField
              label="Your API is written with"
              value={api}
              onValue={setApi}
              options={optionsOf(APIS)}
            />
          </div>
          <p className="soft">
            Countersign is on no package registry: build it where you have its sources, and install
            it from there. <code>npm pack</code> puts a file into your project that your lockfile
            names: keep it with your sources.
          </p>
          <Code title="In a terminal" text={installLines(PAGES[page], APIS[api])} />
        </Step>
        <Step number={5} title="Paste these lines">
          <SelectField
            label="The action to guard first"
            value={action?.action ?? ''}
            onValue={setPicked}
            options={actions.map((one) => ({ value: one.action, label: one.title }))}
          />
          <p className="soft">Replace what follows “Yours” with code of your own.</p>
          <p className="soft">
            Open your page at {anyOf(settings.origins)}. Calls from any other origin are refused:
            list that origin under Web origins in{' '}
            <Link href={`/e/${environment}/settings`}>Settings</Link> first.
          </p>
          {lines && (
            <>
              <Code title="In your page" text={PAGES[page].lines(lines)} />
              <Code title="In your API" text={APIS[api].lines(lines)} />
              <p className="soft">
                The key of step 3 must be one for <code>{lines.audience}</code>. An API in another
                language makes one call: the <a href="/reference#actionAuthorize">HTTP API</a> has
                its lines.
              </p>
            </>
          )}
          <p className="soft">
            Then open your page, run the action, and watch it in the{' '}
            <Link href={`/e/${environment}`}>overview</Link>.
          </p>
        </Step>
      </div>
    </Page>
  )
}

const optionsOf = <K extends string>(kinds: Record<K, { label: string }>) =>
  (Object.keys(kinds) as K[]).map((value) => ({ value, label: kinds[value].label }))

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
