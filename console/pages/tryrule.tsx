// "Try it": what the service would decide by the rule as it is typed, for a user or for facts that are
// made up, and how it came to that.
import { useMutation } from '@tanstack/react-query'
import { PolicySimulateInput, type SubjectFacts } from 'countersign/contract'
import { type FormEvent, useState } from 'react'
import { service } from '../api.ts'
import type { Drafting } from '../model/draft.ts'
import { problemsOf } from '../model/problems.ts'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { ChecksField, RadioField } from '../parts/choice.tsx'
import { TextField } from '../parts/field.tsx'
import { Failure } from '../parts/notice.tsx'
import { parseObject } from '../parts/valuefields.tsx'
import { Verdict } from './verdict.tsx'

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
  lastStepUpAgeSeconds: '',
  details: '',
  claims: '',
  ageSeconds: '',
  country: '',
  time: '',
}
type Typed = typeof START

/** Ages of what is known of a user who is made up. */
const AGES = {
  newestFactorAgeSeconds: 'Age of their newest factor',
  lastStepUpAgeSeconds: 'Time since their last step-up',
} as const

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
  const seconds = (name: 'newestFactorAgeSeconds' | 'lastStepUpAgeSeconds' | 'ageSeconds') => {
    if (!typed[name]) return {}
    if (/^\d{1,9}$/.test(typed[name])) return { [name]: Number(typed[name]) }
    errors[name] = 'A whole number is needed.'
    return {}
  }
  const time = typed.time ? Math.floor(Date.parse(typed.time) / 1000) : undefined
  if (Number.isNaN(time)) errors.time = 'A time is needed, such as 2030-01-31T22:00Z.'
  const facts = {
    ...(Object.fromEntries(HAVING.map((name) => [name, typed.having.includes(name)])) as Record<
      (typeof HAVING)[number],
      boolean
    >),
    ...seconds('newestFactorAgeSeconds'),
    ...seconds('lastStepUpAgeSeconds'),
  } satisfies SubjectFacts
  const session = { ...(claims && { claims }), ...seconds('ageSeconds') }
  const request = {
    ...(typed.country && { country: typed.country }),
    ...(time !== undefined && !Number.isNaN(time) && { time }),
  }
  const input = {
    environment,
    action,
    ...(typed.who === 'subject' && { subject: typed.subject }),
    ...(typed.who === 'facts' && { facts }),
    ...(details && { details }),
    ...(Object.keys(session).length > 0 && { session }),
    ...(Object.keys(request).length > 0 && { request }),
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
            {(['newestFactorAgeSeconds', 'lastStepUpAgeSeconds'] as const).map((name) => (
              <TextField
                key={name}
                label={AGES[name]}
                unit="seconds"
                inputMode="numeric"
                isOptional
                value={typed[name]}
                error={shown[name]}
                onValue={(value) => set({ [name]: value })}
              />
            ))}
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
          label="Time since they signed in"
          unit="seconds"
          inputMode="numeric"
          isOptional
          value={typed.ageSeconds}
          error={shown.ageSeconds}
          onValue={(ageSeconds) => set({ ageSeconds })}
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
        <TextField
          label="Time of the call"
          hint="Now, where nothing stands here."
          mono
          isOptional
          placeholder="2030-01-31T22:00Z"
          value={typed.time}
          error={shown.time}
          onValue={(time) => set({ time })}
        />
        <div>
          <Button type="submit" icon="play" isPending={trying.isPending}>
            Try it
          </Button>
        </div>
      </form>
      <Failure error={trying.error} />
      <div aria-live="polite">{trying.data && <Verdict result={trying.data} />}</div>
    </Card>
  )
}
