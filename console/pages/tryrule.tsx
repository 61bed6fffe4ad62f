// "Try it": what the service would decide by the rule as it is typed, for a user or for facts that are
// made up, and how it came to that.
import { useMutation } from '@tanstack/react-query'
import {
  PolicySimulateInput,
  type PolicySimulateResult,
  type SubjectFacts,
} from 'countersign/contract'
import { type FormEvent, useState } from 'react'
import { service } from '../api.ts'
import type { Drafting } from '../model/draft.ts'
import { problemsOf } from '../model/problems.ts'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { ChecksField, RadioField } from '../parts/choice.tsx'
import { TextField } from '../parts/field.tsx'
import { Failure, Notice } from '../parts/notice.tsx'
import { Badge } from '../parts/table.tsx'
import { parseObject } from '../parts/valuefields.tsx'
import { anyOf, METHOD_PHRASES, sentence } from '../words.ts'

const HAVING = ['enrolled', 'totp', 'passkey', 'recovery'] as const
const HAVING_NAMES = {
  enrolled: 'Has enrolled',
  totp: 'Authenticator app',
  passkey: 'Passkey',
  recovery: 'Recovery codes',
} as const

const START = {
  who: 'facts' as 'facts' | 'subject' | 'nobody',
  subject: '',
  having: ['enrolled', 'totp'] as (typeof HAVING)[number][],
  newestFactorAgeSeconds: '',
  details: '',
  claims: '',
  country: '',
}
type Typed = typeof START

/** What is typed as an input of the contract, and what is wrong with it. */
function inputOf(typed: Typed, environment: string, action: string) {
  const errors: Partial<Record<keyof Typed, string>> = {}
  const json = (name: 'details' | 'claims') => {
    if (!typed[name].trim()) return undefined
    const value = parseObject(typed[name])
    if (typeof value !== 'string') return value
    errors[name] = value
    return undefined
  }
  const details = json('details')
  const claims = json('claims')
  const age = typed.newestFactorAgeSeconds
  if (age && !/^\d{1,9}$/.test(age)) errors.newestFactorAgeSeconds = 'A whole number is needed.'
  const facts = {
    ...(Object.fromEntries(HAVING.map((name) => [name, typed.having.includes(name)])) as Record<
      (typeof HAVING)[number],
      boolean
    >),
    ...(age && { newestFactorAgeSeconds: Number(age) }),
  } satisfies SubjectFacts
  const input = {
    environment,
    action,
    ...(typed.who === 'subject' && { subject: typed.subject }),
    ...(typed.who === 'facts' && { facts }),
    ...(details && { details }),
    ...(claims && { session: { claims } }),
    ...(typed.country && { request: { country: typed.country } }),
  }
  for (const { path, text } of problemsOf(PolicySimulateInput, input)) {
    const name = path.split('.').at(-1) as keyof Typed
    if (name in START) errors[name] ??= text
  }
  return { input, errors }
}

interface TryRuleProps {
  environment: string
  action: string
  draft: Drafting
}

export function TryRule({ environment, action, draft }: TryRuleProps) {
  const [typed, setTyped] = useState(START)
  const [wasSent, setSent] = useState(false)
  const set = (part: Partial<Typed>) => setTyped((now) => ({ ...now, ...part }))
  const { input, errors } = inputOf(typed, environment, action)
  const shown = wasSent ? errors : {}
  const trying = useMutation({
    mutationFn: () =>
      service.policy.simulate.query({
        ...input,
        ...(draft.isDirty && { settings: draft.settings }),
      }),
    gcTime: 0,
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setSent(true)
    if (Object.keys(errors).length === 0 && !trying.isPending) trying.mutate()
  }
  return (
    <Card
      title="Try it"
      lead={draft.isDirty ? 'With the rule as you typed it, before it is saved.' : undefined}
    >
      <form className="stack" onSubmit={submit} noValidate>
        <RadioField
          label="For"
          value={typed.who}
          onValue={(who) => set({ who })}
          options={[
            { value: 'facts', label: 'Somebody made up' },
            { value: 'subject', label: 'One of your users' },
            { value: 'nobody', label: 'Somebody who never enrolled' },
          ]}
        />
        {typed.who === 'subject' && (
          <TextField
            label="User id"
            mono
            value={typed.subject}
            error={shown.subject}
            onValue={(subject) => set({ subject })}
          />
        )}
        {typed.who === 'facts' && (
          <>
            <ChecksField
              label="They have"
              inline
              values={typed.having}
              onValues={(having) => set({ having })}
              options={HAVING.map((value) => ({ value, label: HAVING_NAMES[value] }))}
            />
            <TextField
              label="Age of their newest factor"
              unit="seconds"
              inputMode="numeric"
              isOptional
              value={typed.newestFactorAgeSeconds}
              error={shown.newestFactorAgeSeconds}
              onValue={(newestFactorAgeSeconds) => set({ newestFactorAgeSeconds })}
            />
          </>
        )}
        <TextField
          label="Details"
          mono
          rows={3}
          isOptional
          placeholder='{ "amount": 1500 }'
          value={typed.details}
          error={shown.details}
          onValue={(details) => set({ details })}
        />
        <TextField
          label="Claims of the session"
          mono
          rows={2}
          isOptional
          placeholder='{ "payees": ["alice"] }'
          value={typed.claims}
          error={shown.claims}
          onValue={(claims) => set({ claims })}
        />
        <TextField
          label="Country"
          mono
          isOptional
          maxLength={2}
          placeholder="DE"
          value={typed.country}
          error={shown.country}
          onValue={(country) => set({ country: country.toUpperCase() })}
        />
        <div>
          <Button type="submit" icon="play" isPending={trying.isPending}>
            Try it
          </Button>
        </div>
      </form>
      <Failure error={trying.error} />
      <div aria-live="polite">{trying.data && <Outcome result={trying.data} />}</div>
    </Card>
  )
}

const VERDICTS = {
  permit: ['Let through', 'good'],
  step_up: ['Step-up', 'accent'],
  enroll: ['Must enroll first', 'warn'],
  deny: ['Refused', 'bad'],
} as const

function Outcome({ result: { decision, wouldAsk, trace } }: { result: PolicySimulateResult }) {
  const [name, tone] = VERDICTS[decision.decision]
  const methods = anyOf(decision.methods.map((method) => METHOD_PHRASES[method]))
  return (
    <div className="stack">
      <p className="verdict">
        <Badge tone={tone}>{name}</Badge>
        {decision.required && methods && <span>by {methods}</span>}
      </p>
      {wouldAsk && (
        <Notice tone="warn">
          <p>
            The rule only watches. Enforced, it would say:{' '}
            <strong>{VERDICTS[wouldAsk.decision][0].toLowerCase()}</strong>.
          </p>
        </Notice>
      )}
      <section className="stack-close" aria-label="How it came about">
        <h3>How it came about</h3>
        <ol className="trace">
          {trace.map((step) => (
            <li key={step}>
              <span>{sentence(step)}</span>
            </li>
          ))}
        </ol>
      </section>
    </div>
  )
}
