// Choices that lie open: one of a few, several of a few, and a switch.
import { type ReactNode, useId } from 'react'
import type { Option, Shared } from '../../ui/field.tsx'

interface GroupProps extends Shared {
  children: ReactNode
  /** In a row, or as cards or smaller tiles side by side, rather than one below the other. */
  layout?: Layout
}

type Layout = 'list' | 'row' | 'cards' | 'tiles'

function Group({ label, hint, error, layout = 'list', children }: GroupProps) {
  const id = useId()
  return (
    <fieldset className="choices" aria-describedby={hint || error ? id : undefined}>
      <legend className="field-label">{label}</legend>
      {(hint || error) && (
        <div id={id}>
          {hint && <p className="field-hint">{hint}</p>}
          {error && <p className="field-error">{error}</p>}
        </div>
      )}
      <div className={`choices-${layout}`}>{children}</div>
    </fieldset>
  )
}

type RadioProps<V extends string> = Shared & {
  value: V
  onValue: (value: V) => void
  options: readonly Option<V>[]
  layout?: Layout
}

/** One of a few. */
export function RadioField<V extends string>({
  value,
  onValue,
  options,
  layout = 'list',
  ...shared
}: RadioProps<V>) {
  const name = useId()
  return (
    <Group {...shared} layout={layout}>
      {options.map((option) => (
        <Check
          key={option.value}
          type="radio"
          name={name}
          label={option.label}
          hint={option.hint}
          isOn={option.value === value}
          onSwitch={() => onValue(option.value)}
        />
      ))}
    </Group>
  )
}

type ChecksProps<V extends string> = Shared & {
  values: readonly V[]
  onValues: (values: V[]) => void
  options: readonly (Option<V> & { isDisabled?: boolean })[]
  layout?: Layout
}

/** Several of a few, in their own order. */
export const ChecksField = <V extends string>({
  values,
  onValues,
  options,
  layout = 'list',
  ...shared
}: ChecksProps<V>) => (
  <Group {...shared} layout={layout}>
    {options.map(({ value, label, hint, isDisabled = false }) => (
      <Check
        key={value}
        label={label}
        hint={hint}
        isDisabled={isDisabled}
        isOn={values.includes(value)}
        onSwitch={(isOn) => onValues(isOn ? [...values, value] : values.filter((v) => v !== value))}
      />
    ))}
  </Group>
)

interface CheckProps {
  label: ReactNode
  hint?: ReactNode
  isOn: boolean
  onSwitch: (isOn: boolean) => void
  type?: 'checkbox' | 'radio' | 'switch'
  name?: string
  isDisabled?: boolean
}

/** A box to tick, a dot to choose, or a switch. */
export function Check({
  label,
  hint,
  isOn,
  onSwitch,
  type = 'checkbox',
  name,
  isDisabled,
}: CheckProps) {
  const id = useId()
  return (
    <div className="check">
      <input
        id={id}
        className={type === 'switch' ? 'switch' : 'box'}
        type={type === 'radio' ? 'radio' : 'checkbox'}
        role={type === 'switch' ? 'switch' : undefined}
        name={name}
        checked={isOn}
        disabled={isDisabled}
        aria-describedby={hint ? `${id}hint` : undefined}
        onChange={(event) => onSwitch(event.target.checked)}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <p className="field-hint" id={`${id}hint`}>
            {hint}
          </p>
        )}
      </div>
    </div>
  )
}
