// "Try it": what the service would decide by the rule as it is typed, for a user or for facts that are
// made up, and how it came to that.
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Card } from '../../ui/card.tsx'
import { TextField } from '../../ui/field.tsx'
import { Form } from '../../ui/form.tsx'
import { Failure } from '../../ui/notice.tsx'
import { service } from '../api.ts'
import { isSame } from '../model/diff.ts'
import type { Drafting } from '../model/draft.ts'
import { FOLDED, HAVING, inputOf, START, type Typed } from '../model/trying.ts'
import { ChecksField, RadioField } from '../parts/choice.tsx'
import { AsShown } from './as-shown.tsx'
import { Verdict } from './verdict.tsx'

const HAVING_NAMES = {
  enrolled: 'Has enrolled',
  totp: 'Authenticator app',
  passkey: 'Passkey',
  recovery: 'Recovery codes',
} as const

/** Ages of what is known of a user who is made up. */
const AGES = {
  newestFactorAgeSeconds: 'Age of their newest factor',
  lastStepUpAgeSeconds: 'Time since their last step-up',
} as const

interface TryRuleProps {
  environment: string
  action: string
  draft: Drafting
}

export function TryRule({ environment, action, draft }: TryRuleProps) {
  const [typed, setTyped] = useState(START)
  const [wasSent, setSent] = useState(false)
  const [isOpen, setOpen] = useState(false)
  const set = (part: Partial<Typed>) => setTyped((now) => ({ ...now, ...part }))
  const { input, errors } = inputOf(typed, environment, action)
  const shown = wasSent ? errors : {}
  const schema = draft.settings.actions?.find((one) => one.action === action)?.detailsSchema
  const asked = { ...input, ...(draft.isDirty && { settings: draft.settings }) }
  const trying = useMutation({
    mutationFn: (what: typeof asked) => service.policy.simulate.query(what),
    gcTime: 0,
  })
  const isPast = trying.data !== undefined && !isSame(trying.variables, asked)
  const send = () => {
    setSent(true)
    if (FOLDED.some((name) => errors[name])) setOpen(true)
    if (Object.keys(errors).length === 0) trying.mutate(asked)
  }
  return (
    <Card
      title="Try it"
      lead={draft.isDirty ? 'With the rule as you typed it, before it is saved.' : undefined}
    >
      <Form action="Try it" icon="play" isPending={trying.isPending} onSend={send}>
        <RadioField
          label="For"
          value={typed.who}
          onValue={(who) => set({ who })}
          options={[
            { value: 'facts', label: 'A made-up user' },
            { value: 'subject', label: 'One of your users' },
            { value: 'nobody', label: 'A user who never enrolled' },
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
          <ChecksField
            label="They have"
            layout="row"
            values={typed.having}
            onValues={(having) => set({ having })}
            options={HAVING.map((value) => ({ value, label: HAVING_NAMES[value] }))}
          />
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
        {input.details && <AsShown details={input.details} schema={schema} />}
        <details
          className="fold"
          open={isOpen}
          onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
        >
          <summary>More of the call</summary>
          <MoreFacts typed={typed} shown={shown} set={set} />
        </details>
      </Form>
      <Failure error={trying.error} />
      <div className="stack" aria-live="polite">
        {isPast && (
          <p className="small soft">The rule or the call was changed since. Try it again.</p>
        )}
        {trying.data && <Verdict result={trying.data} />}
      </div>
    </Card>
  )
}

interface MoreProps {
  typed: Typed
  shown: Partial<Record<keyof Typed, string>>
  set: (part: Partial<Typed>) => void
}

/** What a condition may read beside the details. */
const MoreFacts = ({ typed, shown, set }: MoreProps) => (
  <div className="stack">
    {typed.who === 'facts' &&
      (['newestFactorAgeSeconds', 'lastStepUpAgeSeconds'] as const).map((name) => (
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
      hint="Leave it empty to use the current time."
      mono
      isOptional
      placeholder="2030-01-31T22:00Z"
      value={typed.time}
      error={shown.time}
      onValue={(time) => set({ time })}
    />
  </div>
)
