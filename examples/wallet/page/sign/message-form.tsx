// A message to sign (ERC-191): a text, or bytes in hexadecimal digits.
import { useState } from 'react'
import { TextField } from '../../../../ui/field.tsx'
import { Form } from '../../../../ui/form.tsx'
import type { SignFormProps } from './form-props.ts'
import { messageIn } from './read.ts'

const MESSAGE_MAX_CHARACTERS = 16_384

export function MessageForm({ isPending, onSign }: SignFormProps) {
  const [message, setMessage] = useState('I am the owner of this wallet.')
  const [problem, setProblem] = useState<string>()
  const send = () => {
    setProblem(message === '' ? 'Enter a message.' : undefined)
    if (message !== '') onSign({ kind: 'message', message: messageIn(message) })
  }
  return (
    <Form action="Sign message" isPending={isPending} onSend={send}>
      <TextField
        label="Message"
        hint="A text, or 0x and the hexadecimal digits of bytes."
        rows={2}
        value={message}
        onValue={setMessage}
        error={problem}
        maxLength={MESSAGE_MAX_CHARACTERS}
      />
    </Form>
  )
}
