// Typed data to sign (EIP-712), as the JSON that applications hand to a wallet.
import { useState } from 'react'
import { TextField } from '../../../../ui/field.tsx'
import { Form } from '../../../../ui/form.tsx'
import type { TypedDataRequest } from '../../shared/requests.ts'
import { exampleOrder } from './examples.ts'
import type { SignFormProps } from './form-props.ts'

const MEMBERS = ['domain', 'types', 'primaryType', 'message'] as const

function read(text: string): TypedDataRequest | string {
  try {
    const typedData = JSON.parse(text)
    const missing = MEMBERS.find((member) => !Object.hasOwn(Object(typedData), member))
    return missing ? `The member “${missing}” is missing.` : typedData
  } catch {
    return 'This is not valid JSON.'
  }
}

export function TypedDataForm({ address, isPending, onSign }: SignFormProps) {
  const [text, setText] = useState(() => JSON.stringify(exampleOrder(address), null, 2))
  const [problem, setProblem] = useState<string>()
  const send = () => {
    const typedData = read(text)
    setProblem(typeof typedData === 'string' ? typedData : undefined)
    if (typeof typedData !== 'string') onSign({ kind: 'typedData', typedData })
  }
  return (
    <Form action="Sign typed data" isPending={isPending} onSend={send}>
      <TextField
        label="Typed data"
        hint="JSON with the members domain, types, primaryType and message (EIP-712)."
        mono
        rows={14}
        value={text}
        onValue={setText}
        error={problem}
      />
    </Form>
  )
}
