// The schema of an action's details: typed, or made from an example of them.
import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Within } from '../../ui/within.tsx'
import type { Editing } from '../model/editing.ts'
import { readExample } from '../model/schema-from-example.ts'
import { JsonField } from '../parts/value-fields.tsx'

type Schema = Record<string, unknown>

interface SchemaFieldProps {
  editing: Editing
  path: string
  noteAt: string
  value: Schema | undefined
  onValue: (schema: Schema | undefined) => void
}

export function SchemaField({ editing, path, noteAt, value, onValue }: SchemaFieldProps) {
  const [isOpen, setOpen] = useState(false)
  return (
    <div className="stack">
      <JsonField
        editing={editing}
        path={path}
        noteAt={noteAt}
        label="Schema of the details"
        hint="A JSON Schema. Details that do not match it are refused. Users see them by title and display."
        placeholder={PLACEHOLDER}
        isOptional
        value={value}
        onValue={onValue}
      />
      <div>
        <Button look="plain" small aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          From an example
        </Button>
      </div>
      {isOpen && (
        <Within label="A schema from an example">
          <FromExample
            onSchema={(schema) => {
              editing.note(noteAt)
              onValue(schema)
              setOpen(false)
            }}
            onClose={() => setOpen(false)}
          />
        </Within>
      )}
    </div>
  )
}

interface FromExampleProps {
  onSchema: (schema: Schema) => void
  onClose: () => void
}

function FromExample({ onSchema, onClose }: FromExampleProps) {
  const [text, setText] = useState('')
  const [problem, setProblem] = useState<string>()
  const make = () => {
    const read = readExample(text)
    if ('problem' in read) setProblem(read.problem)
    else onSchema(read.schema)
  }
  return (
    <div className="builder stack">
      <TextField
        label="An example of the details"
        hint="JSON as your API gets it. Every member becomes required, and no other is accepted."
        placeholder='{ "amount": 25, "payee": "bob" }'
        mono
        rows={4}
        value={text}
        error={problem}
        onValue={(next) => {
          setText(next)
          setProblem(undefined)
        }}
      />
      <div className="row">
        <Button small onClick={make}>
          Make the schema
        </Button>
        <Button look="plain" small onClick={onClose}>
          Cancel
        </Button>
      </div>
    </div>
  )
}

const PLACEHOLDER =
  '{ "type": "object", "required": ["amount"], "properties": { "amount": { "type": "number" } } }'
