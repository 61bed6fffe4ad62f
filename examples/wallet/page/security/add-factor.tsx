// Adding a factor. The first one only needs a fresh sign-in; for a further one the user confirms first.
import { useMutation } from '@tanstack/react-query'
import { registerPasskey } from 'countersign'
import { EnrollTotp, useCountersign, useStepUp } from 'countersign/react'
import { useState } from 'react'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { TextField } from '../parts/field.tsx'
import { Failure } from '../parts/notice.tsx'
import { say } from '../parts/toasts.tsx'
import { Within } from '../parts/within.tsx'
import { completed } from '../wallet.ts'

const LABEL_MAX_CHARACTERS = 64

interface AddFactorProps {
  /** With the first factor come the recovery codes. */
  onCodes: (codes: string[] | undefined) => void
}

export function AddFactor({ onCodes }: AddFactorProps) {
  const [label, setLabel] = useState('')
  const [isAdding, setAdding] = useState(false)
  const countersign = useCountersign()
  const { stepUp } = useStepUp()
  const named = label.trim() ? { label: label.trim() } : {}
  const done = (what: string, codes: string[] | undefined) => {
    setAdding(false)
    setLabel('')
    say(`${what} was added.`)
    onCodes(codes)
  }
  // The step-up earns the token, which the first call of the enrollment spends.
  const totp = useMutation({
    mutationFn: () => stepUp('credential.link', async () => setAdding(true)),
  })
  const passkey = useMutation({
    mutationFn: async () =>
      completed(await stepUp('credential.link', () => registerPasskey(named, countersign))),
    onSuccess: (added) => added && done('The passkey', added.recoveryCodes),
  })
  const lead = 'Two are better than one: with the second you get back in when the first is lost.'

  if (isAdding) {
    return (
      <Card title="Add an authenticator app">
        <Within label="Add an authenticator app">
          <EnrollTotp
            {...named}
            onDone={({ recoveryCodes }) => done('The authenticator app', recoveryCodes)}
            onStepUpRequired={() => setAdding(false)}
          />
          <div className="row">
            <Button look="plain" onClick={() => setAdding(false)}>
              Cancel
            </Button>
          </div>
        </Within>
      </Card>
    )
  }
  return (
    <Card title="Add a factor" lead={lead}>
      <TextField
        label="Name"
        hint="Optional, e.g. Phone or Laptop"
        value={label}
        onValue={setLabel}
        maxLength={LABEL_MAX_CHARACTERS}
      />
      <div className="row">
        <Button look="plain" isPending={totp.isPending} onClick={() => totp.mutate()}>
          Add authenticator app
        </Button>
        <Button look="plain" isPending={passkey.isPending} onClick={() => passkey.mutate()}>
          Add passkey
        </Button>
      </div>
      <Failure error={totp.error ?? passkey.error} />
    </Card>
  )
}
