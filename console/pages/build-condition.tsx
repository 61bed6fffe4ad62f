// The builder: a condition from a few fields, shown in CEL before it is used.
import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Within } from '../../ui/within.tsx'
import {
  CONDITION_KINDS,
  type ConditionField,
  type ConditionKind,
  type DetailName,
  detailNames,
  writeCondition,
} from '../model/condition-builder.ts'

interface BuilderProps {
  detailsSchema: unknown
  onUse: (when: string) => void
}

export function BuildCondition({ detailsSchema, onUse }: BuilderProps) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <div>
        <Button
          look="plain"
          small
          icon="plus"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          Build a condition
        </Button>
      </div>
      {isOpen && (
        <Within label="Build a condition">
          <Builder
            names={detailNames(detailsSchema)}
            onClose={() => setOpen(false)}
            onUse={(when) => {
              setOpen(false)
              onUse(when)
            }}
          />
        </Within>
      )}
    </>
  )
}

/** The names that a field offers; none where there is no schema, so that the name is typed. */
const offeredTo = ({ type }: ConditionField, names: readonly DetailName[]): string[] =>
  names
    .filter(({ isNumeric }) => type === 'detail' || (type === 'numericDetail' && isNumeric))
    .map(({ name }) => name)

function initialOf({ fields }: ConditionKind, names: readonly DetailName[]) {
  const values = fields.map((field) => {
    const offered = offeredTo(field, names)
    const isOffered = offered.length === 0 || offered.includes(field.initial)
    return [field.name, isOffered ? field.initial : (offered[0] ?? '')]
  })
  return Object.fromEntries(values) as Record<string, string>
}

interface BuildingProps {
  names: readonly DetailName[]
  onUse: (when: string) => void
  onClose: () => void
}

function Builder({ names, onUse, onClose }: BuildingProps) {
  const [kind, setKind] = useState<ConditionKind | undefined>(CONDITION_KINDS[0])
  const [values, setValues] = useState(() => (kind ? initialOf(kind, names) : {}))
  const when = kind && writeCondition(kind.id, values)
  const choose = (id: string) => {
    const next = CONDITION_KINDS.find((one) => one.id === id)
    setKind(next)
    if (next) setValues(initialOf(next, names))
  }
  return (
    <div className="builder stack">
      <SelectField
        label="Kind"
        value={kind?.id ?? ''}
        onValue={choose}
        options={CONDITION_KINDS.map(({ id, title }) => ({ value: id, label: title }))}
      />
      <div className="grid-2">
        {kind?.fields.map((field) => {
          const offered = offeredTo(field, names)
          const own = {
            label: field.label,
            value: values[field.name] ?? '',
            onValue: (value: string) => setValues((now) => ({ ...now, [field.name]: value })),
          }
          return offered.length > 0 ? (
            <SelectField
              key={field.name}
              {...own}
              options={offered.map((value) => ({ value, label: value }))}
            />
          ) : (
            <TextField
              key={field.name}
              {...own}
              mono
              {...(NUMERIC.has(field.type) && { inputMode: 'decimal' as const })}
            />
          )
        })}
      </div>
      <p className="written" aria-live="polite">
        {when ? <code>{when}</code> : <span className="soft">Fill in every field.</span>}
      </p>
      <div className="row">
        <Button small aria-disabled={!when} onClick={() => when && onUse(when)}>
          Use it
        </Button>
        <Button look="plain" small onClick={onClose}>
          Cancel
        </Button>
      </div>
    </div>
  )
}

const NUMERIC: ReadonlySet<ConditionField['type']> = new Set(['number', 'duration', 'hour'])
