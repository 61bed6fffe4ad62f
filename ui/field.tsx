// Labelled fields: the hint and the error are tied to the control, so that a screen reader reads them with it.
import { type InputHTMLAttributes, type ReactNode, useId } from 'react'

export interface Shared {
  label: string
  hint?: ReactNode
  error?: string | undefined
}

interface FrameProps extends Shared {
  isOptional?: boolean
  children: (control: {
    id: string
    'aria-describedby': string | undefined
    'aria-invalid': true | undefined
  }) => ReactNode
}

/** A label, a control, its hint and its error. */
export function Field({ label, hint, error, isOptional, children }: FrameProps) {
  const id = useId()
  const [hintId, errorId] = [`${id}hint`, `${id}error`]
  const described = [error && errorId, hint && hintId].filter(Boolean).join(' ')
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
        {isOptional && <span className="field-optional"> optional</span>}
      </label>
      {hint && (
        <p className="field-hint" id={hintId}>
          {hint}
        </p>
      )}
      {children({
        id,
        'aria-describedby': described || undefined,
        'aria-invalid': error ? true : undefined,
      })}
      {error && (
        <p className="field-error" id={errorId}>
          {error}
        </p>
      )}
    </div>
  )
}

type TextProps = Shared &
  Omit<InputHTMLAttributes<HTMLInputElement>, 'value' | 'onChange'> & {
    value: string
    onValue: (value: string) => void
    mono?: boolean
    rows?: number
    isOptional?: boolean
    unit?: string
  }

/** A line of text, or with `rows` several. */
export function TextField(props: TextProps) {
  const {
    label,
    hint,
    error,
    value,
    onValue,
    mono,
    rows,
    isOptional = false,
    unit,
    ...rest
  } = props
  return (
    <Field label={label} hint={hint} error={error} isOptional={isOptional}>
      {(control) => {
        const own = {
          autoComplete: 'off',
          spellCheck: false,
          ...control,
          className: mono ? 'input input-mono' : 'input',
          value,
        }
        if (rows) {
          return (
            <textarea
              {...own}
              rows={rows}
              placeholder={rest.placeholder}
              maxLength={rest.maxLength}
              onBlur={rest.onBlur as never}
              onChange={(event) => onValue(event.target.value)}
            />
          )
        }
        const input = (
          <input type="text" {...own} {...rest} onChange={(event) => onValue(event.target.value)} />
        )
        return unit ? (
          <div className="input-with-unit">
            {input}
            <span aria-hidden="true">{unit}</span>
          </div>
        ) : (
          input
        )
      }}
    </Field>
  )
}

export interface Option<V extends string> {
  value: V
  label: string
  hint?: ReactNode
}

type SelectProps<V extends string> = Shared & {
  value: V
  onValue: (value: V) => void
  options: readonly Option<V>[]
}

/** One of several options, in a list that opens. */
export const SelectField = <V extends string>({
  value,
  onValue,
  options,
  ...shared
}: SelectProps<V>) => (
  <Field {...shared}>
    {(control) => (
      <select
        {...control}
        className="input"
        value={value}
        onChange={(event) => onValue(event.target.value as V)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    )}
  </Field>
)
