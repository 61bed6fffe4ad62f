// Stricter cases of a rule: a condition in CEL, and the parts of the rule that it strengthens.
import {
  type ActionEntry,
  acrReaches,
  type DETAILS_RULES,
  METHODS,
  type Method,
  type REQUIRES,
  type Rule,
  reachingMethods,
} from 'countersign/contract'
import { useId, useRef, useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { SelectField } from '../../ui/field.tsx'
import { Empty, Notice } from '../../ui/notice.tsx'
import { bothOf, readableNames } from '../model/condition-builder.ts'
import { useConditionProblem } from '../model/condition-check.ts'
import type { Draft } from '../model/draft.ts'
import { type Editing, having } from '../model/editing.ts'
import { Check, ChecksField } from '../parts/choice.tsx'
import { CompletedField } from '../parts/completed-field.tsx'
import { NumberField } from '../parts/value-fields.tsx'
import { BuildCondition } from './build-condition.tsx'
import { ACR_OPTIONS, methodOptions, REQUIRE_OPTIONS } from './rule-fields.tsx'

type Case = NonNullable<ActionEntry['stricter']>[number]

interface CaseListProps {
  editing: Editing
  path: string
  noteAt: string
  /** What the draft began from. */
  base: Draft['base']
  entry: ActionEntry
  rule: Rule
  onCases: (cases: Case[]) => void
}

export function CaseList({ editing, path, noteAt, onCases, ...of }: CaseListProps) {
  const cases = of.entry.stricter ?? []
  const [added, setAdded] = useState<number>()
  const adding = useRef<HTMLButtonElement>(null)
  const add = () => {
    onCases([...cases, { when: '', acr: 'phr' }])
    setAdded(cases.length)
  }
  return (
    <div className="stack">
      {cases.length === 0 && (
        <Empty icon="actions" title="The rule is the same for everybody">
          <p>Ask for a passkey above an amount, or for every new payee.</p>
        </Empty>
      )}
      {cases.map((one, index) => (
        <CaseFields
          // biome-ignore lint/suspicious/noArrayIndexKey: a case is named by its place
          key={index}
          index={index}
          isAdded={index === added}
          editing={editing}
          {...of}
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

interface CaseProps extends Omit<CaseListProps, 'onCases'> {
  index: number
  /** Just now, so that the operator begins to type in it. */
  isAdded: boolean
  value: Case
  onValue: (value: Case) => void
  onRemove: () => void
}

const SAME = { value: '', label: 'Same as the rule' } as const
type Same<V extends string> = '' | V

function CaseFields(props: CaseProps) {
  const { index, isAdded, editing, path, noteAt, base, entry, rule, value } = props
  const { onValue, onRemove } = props
  const id = useId()
  const number = index + 1
  const { when } = value
  const refused = useConditionProblem({ base, entry, index, when })
  const level = value.acr && acrReaches(value.acr, rule.acr) ? value.acr : rule.acr
  const chosen = reachingMethods({ methods: value.methods ?? [], acr: level })
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
      <CompletedField
        label="When"
        hint={
          <>
            An expression in <abbr title="Common Expression Language">CEL</abbr> over{' '}
            <code>details</code>, <code>session</code>, <code>subject</code> and{' '}
            <code>request</code>. A value that is missing, such as the country, counts as a match.
          </>
        }
        maxLength={1024}
        takesFocus={isAdded}
        names={readableNames(entry.detailsSchema)}
        value={when}
        // It is no mistake to have not yet begun.
        errorOf={(hasFocus) =>
          hasFocus && when === '' ? undefined : (editing.error(`${path}.when`) ?? refused)
        }
        onValue={(next) => set({ when: next })}
      />
      <BuildCondition
        detailsSchema={entry.detailsSchema}
        onUse={(built) => set({ when: bothOf(when.trim(), built) })}
      />
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
        layout="row"
        values={chosen}
        onValues={(methods) => set({ methods: methods.length > 0 ? methods : undefined })}
        options={methodOptions(METHODS, level)}
      />
      {value.methods && chosen.length === 0 && (
        <Notice tone="warn">
          <p>
            The methods of this case are below its assurance level, so it refuses everybody. Select
            another.
          </p>
        </Notice>
      )}
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
