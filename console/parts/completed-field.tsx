// A text of several lines in which names are completed while they are typed: a list below the field, with arrows,
// Enter and Escape.
import { type KeyboardEvent, type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react'
import { Field } from '../../ui/field.tsx'
import { completionAt } from '../model/condition-builder.ts'

interface CompletedFieldProps {
  label: string
  hint?: ReactNode
  /** Returns what is wrong, given whether the operator is in the field. Not shown while a name is completed. */
  errorOf: (hasFocus: boolean) => string | undefined
  value: string
  onValue: (value: string) => void
  names: readonly string[]
  maxLength?: number
  /** Takes the focus as soon as it is shown. */
  takesFocus?: boolean
}

/** Acts once no button of the mouse is down: what appears meanwhile would push away what is being pressed. */
function afterPress(act: () => void): void {
  if (document.querySelector(':active'))
    addEventListener('mouseup', () => setTimeout(act), { once: true })
  else act()
}

const NOTHING = { caret: -1, active: -1 }

export function CompletedField(props: CompletedFieldProps) {
  const { label, hint, errorOf, value, onValue, names, maxLength, takesFocus = false } = props
  const listId = useId()
  const field = useRef<HTMLTextAreaElement>(null)
  const [hasFocus, setFocus] = useState(false)
  /** Where a name is being typed, and which of the list is chosen. */
  const [{ caret, active }, setTyping] = useState(NOTHING)
  const moveTo = useRef<number>(undefined)
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when it is first shown
  useLayoutEffect(() => {
    if (takesFocus) field.current?.focus()
  }, [])
  useLayoutEffect(() => {
    if (moveTo.current === undefined) return
    field.current?.setSelectionRange(moveTo.current, moveTo.current)
    moveTo.current = undefined
  })
  const { start, names: found } = completionAt(value, Math.max(0, caret), names)
  const isOpen = caret >= 0 && found.length > 0
  const choose = (name: string) => {
    moveTo.current = start + name.length
    onValue(value.slice(0, start) + name + value.slice(caret))
    setTyping(NOTHING)
  }
  const keys: Record<string, () => void> = {
    ArrowDown: () => setTyping({ caret, active: (active + 1) % found.length }),
    ArrowUp: () => setTyping({ caret, active: (Math.max(0, active) || found.length) - 1 }),
    Escape: () => setTyping(NOTHING),
    ...(active >= 0 && { Enter: () => choose(found[active] ?? '') }),
  }
  const press = (event: KeyboardEvent) => {
    const act = isOpen ? keys[event.key] : undefined
    if (!act || event.nativeEvent.isComposing) return
    event.preventDefault()
    act()
  }
  return (
    <div className="completed">
      <Field label={label} hint={hint} error={isOpen ? undefined : errorOf(hasFocus)}>
        {(control) => (
          <textarea
            {...control}
            ref={field}
            className="input input-mono"
            autoComplete="off"
            spellCheck={false}
            rows={2}
            maxLength={maxLength}
            value={value}
            aria-autocomplete="list"
            aria-controls={isOpen ? listId : undefined}
            aria-activedescendant={isOpen && active >= 0 ? `${listId}${active}` : undefined}
            onChange={({ target }) => {
              onValue(target.value)
              setTyping({ caret: target.selectionStart, active: -1 })
            }}
            onKeyDown={press}
            onClick={() => setTyping(NOTHING)}
            onFocus={() => setFocus(true)}
            onBlur={() => {
              afterPress(() => setFocus(false))
              setTyping(NOTHING)
            }}
          />
        )}
      </Field>
      {isOpen && (
        <div className="completions" role="listbox" id={listId} aria-label="Names">
          {found.map((name, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the focus, and its keys choose
            // biome-ignore lint/a11y/useFocusableInteractive: as above
            <div
              key={name}
              role="option"
              id={`${listId}${index}`}
              aria-selected={index === active}
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => choose(name)}
            >
              {name}
            </div>
          ))}
        </div>
      )}
      <span className="hidden-visually" role="status">
        {isOpen && `${found.length} names, arrow keys choose one`}
      </span>
    </div>
  )
}
