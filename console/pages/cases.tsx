// Stricter cases of a rule: a condition in CEL, and the parts of the rule that it strengthens.
import {
  type ActionEntry,
  type DETAILS_RULES,
  METHODS,
  type Method,
  type REQUIRES,
} from 'countersign/contract'
import { useId, useRef } from 'react'
import { Button } from '../../ui/button.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Empty } from '../../ui/notice.tsx'
import { type Editing, having } from '../model/editing.ts'
import { Check, ChecksField } from '../parts/choice.tsx'
import { NumberField } from '../parts/value-fields.tsx'
import { METHOD_NAMES } from '../words.ts'
import { ACR_OPTIONS, REQUIRE_OPTIONS } from './rule-fields.tsx'

type Case = NonNullable<ActionEntry['stricter']>[number]

const EXAMPLES = [
  'details.amount > 1000',
  '!(details.payee in session.claims.payees)',
  'subject.newestFactorAgeSeconds < 86400',
  'request.country != "DE"',
] as const

/** Both conditions at once; one that offers a choice stays a whole. */
function joined(when: string, example: string): string {
  if (!when) return example
  return `${/\|\||\?/.test(when) ? `(${when})` : when} && ${example}`
}

interface CaseListProps {
  editing: Editing
  path: string
  noteAt: string
  cases: readonly Case[]
  onCases: (cases: Case[]) => void
}

export function CaseList({ editing, path, noteAt, cases, onCases }: CaseListProps) {
  const list = useRef<HTMLDivElement>(null)
  const adding = useRef<HTMLButtonElement>(null)
  const add = () => {
    onCases([...cases, { when: '', acr: 'phr' }])
    setTimeout(() => {
      const all = list.current?.querySelectorAll('textarea')
      all?.[all.length - 1]?.focus()
    }, 0)
  }
  return (
    <div className="stack" ref={list}>
      {cases.length === 0 && (
        <Empty icon="actions" title="The rule is the same for everybody">
          <p>Ask for a passkey above an amount, or for every new payee.</p>
        </Empty>
      )}
      {cases.map((one, index) => (
        <CaseFields
          // biome-ignore lint/suspicious/noArrayIndexKey: a case is named by its place
          key={index}
          number={index + 1}
          editing={editing}
          path={`${path}.${index}`}
          noteAt={`${noteAt} ${index}`}
          value={one}
          onValue={(next) => onCases(cases.map((other, at) => (at === index ? next : other)))}
          onRemove={() => {
            onCases(cases.filter((_, at) => at !== index))
            // Text that is no value yet is kept by a case's place, which others take now.
            for (let at = index; at < cases.length; at += 1)
              for (const name of ['lifetimeSeconds', 'freshnessSeconds'])
                editing.note(`${noteAt} ${at} ${name}`)
            adding.current?.focus()
          }}
        />
      ))}
      <div>
        <Button look="plain" icon="plus" ref={adding} onClick={add}>
          Add a stricter case
        </Button>
      </div>
    </div>
  )
}

interface CaseProps {
  number: number
  editing: Editing
  path: string
  noteAt: string
  value: Case
  onValue: (value: Case) => void
  onRemove: () => void
}

const SAME = { value: '', label: 'Same as the rule' } as const
type Same<V extends string> = '' | V

function CaseFields({ number, editing, path, noteAt, value, onValue, onRemove }: CaseProps) {
  const id = useId()
  const set = (part: { [K in keyof Case]?: Case[K] | undefined }) => onValue(having(value, part))
  const seconds = (name: 'lifetimeSeconds' | 'freshnessSeconds') => ({
    editing,
    path: `${path}.${name}`,
    noteAt: `${noteAt} ${name}`,
    unit: 'seconds',
    isOptional: true,
    value: value[name],
    onValue: (next: number | undefined) => set({ [name]: next }),
  })
  return (
    <section className="case" aria-labelledby={id}>
      <div className="row row-apart">
        <h3 id={id}>Case {number}</h3>
        <Button look="quiet" small icon="trash" onClick={onRemove}>
          Remove<span className="hidden-visually"> case {number}</span>
        </Button>
      </div>
      <TextField
        label="When"
        hint={
          <>
            An expression in <abbr title="Common Expression Language">CEL</abbr> over{' '}
            <code>details</code>, <code>session</code>, <code>subject</code> and{' '}
            <code>request</code>. A value that is missing, such as the country, counts as a match.
          </>
        }
        mono
        rows={2}
        maxLength={1024}
        value={value.when}
        error={editing.error(`${path}.when`)}
        onValue={(when) => set({ when })}
      />
      <fieldset className="chips" aria-label="Examples to insert">
        {EXAMPLES.map((example) => (
          <button
            key={example}
            type="button"
            className="chip"
            onClick={() => set({ when: joined(value.when.trim(), example) })}
          >
            {example}
          </button>
        ))}
      </fieldset>
      <div className="grid-2">
        <SelectField<Same<(typeof REQUIRES)[number]>>
          label="Who is asked"
          value={value.require ?? ''}
          onValue={(require) => set({ require: require || undefined })}
          options={[SAME, ...REQUIRE_OPTIONS.filter((o) => o.value !== 'never')]}
        />
        <SelectField<Same<(typeof ACR_OPTIONS)[number]['value']>>
          label="Assurance level"
          value={value.acr ?? ''}
          onValue={(acr) => set({ acr: acr || undefined })}
          options={[SAME, ...ACR_OPTIONS]}
        />
        <NumberField {...seconds('lifetimeSeconds')} label="Lifetime at most" />
        <NumberField {...seconds('freshnessSeconds')} label="Freshness at most" />
        <SelectField<Same<(typeof DETAILS_RULES)[number]>>
          label="Details"
          value={value.details ?? ''}
          onValue={(details) => set({ details: details || undefined })}
          options={[SAME, { value: 'required', label: 'Required' }]}
        />
      </div>
      <ChecksField<Method>
        label="Only these methods"
        hint={value.methods ? undefined : 'None selected: same as the rule.'}
        inline
        values={value.methods ?? []}
        onValues={(methods) => set({ methods: methods.length > 0 ? methods : undefined })}
        options={METHODS.map((method) => ({ value: method, label: METHOD_NAMES[method] }))}
      />
      <div className="choices-row">
        <Check
          label="For one use"
          isOn={value.singleUse ?? false}
          onSwitch={(isOn) => set({ singleUse: isOn || undefined })}
        />
        <Check
          label="Enforce even if the rule only monitors"
          isOn={value.mode === 'enforce'}
          onSwitch={(isOn) => set({ mode: isOn ? 'enforce' : undefined })}
        />
      </div>
    </section>
  )
}
