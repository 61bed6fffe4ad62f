// A labelled field: its hint and its error are tied to it, so that they are read with it.
import { type ChangeEvent, type InputHTMLAttributes, type ReactNode, useId } from 'react'

interface Shared {
  label: string
  hint?: ReactNode
  error?: string | undefined
  value: string
  onValue: (value: string) => void
  mono?: boolean
}

type TextProps = Shared &
  Omit<InputHTMLAttributes<HTMLInputElement>, 'value' | 'onChange'> & { rows?: number }

/** A line of text, or with `rows` several. */
export function TextField({ label, hint, error, value, onValue, mono, rows, ...rest }: TextProps) {
  const wiring = useWiring(hint, error, mono)
  const onChange = (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
    onValue(event.target.value)
  const own = { autoComplete: 'off', spellCheck: false, ...wiring.control, value, onChange }
  const { required, maxLength } = rest
  return (
    <Frame label={label} hint={hint} error={error} ids={wiring}>
      {rows ? (
        <textarea {...own} rows={rows} required={required} maxLength={maxLength} />
      ) : (
        <input type="text" {...own} {...rest} />
      )}
    </Frame>
  )
}

type ChoiceProps = Shared & { options: readonly { value: string; label: string }[] }

/** One of a few. */
export function ChoiceField({ label, hint, error, value, onValue, options }: ChoiceProps) {
  const wiring = useWiring(hint, error, false)
  return (
    <Frame label={label} hint={hint} error={error} ids={wiring}>
      <select {...wiring.control} value={value} onChange={(event) => onValue(event.target.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </Frame>
  )
}

function useWiring(hint: ReactNode, error: string | undefined, mono: boolean | undefined) {
  const id = useId()
  const [hintId, errorId] = [`${id}hint`, `${id}error`]
  const described = [error && errorId, hint && hintId].filter(Boolean).join(' ')
  const control = {
    id,
    className: mono ? 'input input-mono' : 'input',
    'aria-describedby': described || undefined,
    'aria-invalid': error ? true : undefined,
  } as const
  return { id, hintId, errorId, control }
}

interface FrameProps extends Pick<Shared, 'label' | 'hint' | 'error'> {
  ids: { id: string; hintId: string; errorId: string }
  children: ReactNode
}

const Frame = ({ label, hint, error, ids, children }: FrameProps) => (
  <div className="field">
    <label className="field-label" htmlFor={ids.id}>
      {label}
    </label>
    {children}
    {error && (
      <p className="field-error" id={ids.errorId}>
        {error}
      </p>
    )}
    {hint && (
      <p className="field-hint" id={ids.hintId}>
        {hint}
      </p>
    )}
  </div>
)
