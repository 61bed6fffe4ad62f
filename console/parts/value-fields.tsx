// Fields whose text becomes a value: lines, whole numbers, JSON. Text that is no value yet is kept as it
// was typed, beside the draft, until it is one.
import { useState } from 'react'
import { type Shared, TextField } from '../../ui/field.tsx'
import type { Editing } from '../model/editing.ts'

interface ValueProps extends Omit<Shared, 'error'> {
  editing: Editing
  /** The path of the schema's problems. */
  path: string
  /** Where text is kept that is no value; the path, unless that one can move. */
  noteAt?: string
  placeholder?: string
  isOptional?: boolean
}

/** Several values, one per line. */
export function LinesField({
  editing,
  path,
  value,
  onValue,
  rows = 3,
  ...rest
}: ValueProps & { value: readonly string[]; onValue: (lines: string[]) => void; rows?: number }) {
  return (
    <TextField
      {...rest}
      mono
      rows={rows}
      value={value.join('\n')}
      error={editing.error(path)}
      onValue={(text) => onValue(text === '' ? [] : text.split('\n').map((line) => line.trim()))}
    />
  )
}

/** A whole number. Without `isOptional` it cannot be left empty. */
export function NumberField({
  editing,
  path,
  noteAt = path,
  value,
  onValue,
  unit,
  ...rest
}: ValueProps & {
  value: number | undefined
  onValue: (value: number | undefined) => void
  unit?: string
}) {
  const read = (text: string) => {
    if (text === '' && rest.isOptional) {
      editing.note(noteAt)
      onValue(undefined)
    } else if (/^\d{1,9}$/.test(text)) {
      editing.note(noteAt)
      onValue(Number(text))
    } else editing.note(noteAt, { text, problem: 'Enter a whole number.' })
  }
  return (
    <TextField
      {...rest}
      {...(unit && { unit })}
      inputMode="numeric"
      value={editing.texts[noteAt]?.text ?? (value === undefined ? '' : String(value))}
      error={editing.error(path, noteAt)}
      onValue={read}
    />
  )
}

/** A JSON object. Empty, it is left out. */
export function JsonField({
  editing,
  path,
  noteAt = path,
  value,
  onValue,
  rows = 6,
  ...rest
}: ValueProps & {
  value: Record<string, unknown> | undefined
  onValue: (value: Record<string, unknown> | undefined) => void
  rows?: number
}) {
  const read = (text: string) => {
    const parsed = parseObject(text)
    if (text.trim() === '') {
      editing.note(noteAt)
      onValue(undefined)
    } else if (typeof parsed === 'string') editing.note(noteAt, { text, problem: parsed })
    else {
      // As typed, not as printed: the caret would jump.
      editing.note(noteAt)
      onValue(parsed)
    }
  }
  const shown = value === undefined ? '' : JSON.stringify(value, null, 2)
  return (
    <JsonText
      {...rest}
      rows={rows}
      shown={editing.texts[noteAt]?.text ?? shown}
      error={editing.error(path, noteAt)}
      onText={read}
    />
  )
}

type JsonTextProps = Shared & {
  rows: number
  shown: string
  onText: (text: string) => void
  placeholder?: string
  isOptional?: boolean
}

/** Keeps the operator's own spacing while they type in it. */
function JsonText({ shown, onText, ...rest }: JsonTextProps) {
  const [typed, setTyped] = useState<string>()
  return (
    <TextField
      {...rest}
      mono
      value={typed ?? shown}
      onValue={(text) => {
        setTyped(text)
        onText(text)
      }}
      onBlur={() => setTyped(undefined)}
    />
  )
}

/** The object in a text, or what is wrong with it. */
export function parseObject(text: string): Record<string, unknown> | string {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : 'This is JSON, but not an object in braces.'
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : String(error)}.`
  }
}
