// A few ways to go on, one of which is pressed.
import { useEffect, useRef } from 'react'

interface ChoicesProps<Id extends string> {
  label: string
  choices: readonly { id: Id; title: string; hint?: string }[]
  /** Whether the first choice has the focus when they appear. */
  takesFocus?: boolean
  onChoose: (id: Id) => void
}

export function Choices<Id extends string>({
  label,
  choices,
  takesFocus = true,
  onChoose,
}: ChoicesProps<Id>) {
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => {
    if (takesFocus) list.current?.querySelector('button')?.focus()
  }, [takesFocus])
  return (
    <ul className="countersign-choices" aria-label={label} ref={list}>
      {choices.map(({ id, title, hint }) => (
        <li key={id}>
          <button type="button" className="countersign-choice" onClick={() => onChoose(id)}>
            <span className="countersign-choice-title">{title}</span>
            {hint && <span className="countersign-hint">{hint}</span>}
          </button>
        </li>
      ))}
    </ul>
  )
}
