// Making a wallet for somebody who has none: it is theirs once they sign in and claim it.
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Card } from '../../../../ui/card.tsx'
import { TextField } from '../../../../ui/field.tsx'
import { Form } from '../../../../ui/form.tsx'
import { Failure, Notice } from '../../../../ui/notice.tsx'
import { post } from '../api.ts'
import type { WalletProps } from '../wallet.ts'

export function FriendCard(_: WalletProps) {
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<string>()
  const making = useMutation({
    mutationFn: () => post<{ name: string }>('/api/pregenerate', { name }),
    onSuccess: () => setName(''),
  })
  const send = () => {
    const isMissing = name.trim() === ''
    setProblem(isMissing ? 'Enter a name.' : undefined)
    if (!isMissing) making.mutate()
  }
  return (
    <Card
      title="A wallet for a friend"
      lead="Make it now; they claim it when they first sign in. You never hold its key."
    >
      <Form action="Create wallet" look="plain" isPending={making.isPending} onSend={send}>
        <TextField
          label="Friend’s name"
          value={name}
          onValue={setName}
          error={problem}
          maxLength={40}
        />
        {making.data && (
          <div role="status">
            <Notice tone="good">
              <p>
                A wallet is ready for {making.data.name}. They sign in with that name and claim it.
              </p>
            </Notice>
          </div>
        )}
        <Failure error={making.error} />
      </Form>
    </Card>
  )
}
