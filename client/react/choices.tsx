// A few ways to go on, one of which is pressed.
import { useEffect, useRef } from 'react'

interface ChoicesProps<Id extends string> {
  label: string
  choices: readonly { id: Id; title: string; hint?: string }[]
  onChoose: (id: Id) => void
}

export function Choices<Id extends string>({ label, choices, onChoose }: ChoicesProps<Id>) {
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => list.current?.querySelector('button')?.focus(), [])
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
