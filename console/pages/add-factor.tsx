// Adding a factor of one's own. The first one only needs a fresh sign-in; for another one the operator
// confirms with one they have.
import { useMutation } from '@tanstack/react-query'
import { registerPasskey } from 'countersign'
import { EnrollTotp, useCountersign, useStepUp } from 'countersign/react'
import { useState } from 'react'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { TextField } from '../parts/field.tsx'
import { Failure } from '../parts/notice.tsx'
import { say } from '../parts/toasts.tsx'

interface AddFactorProps {
  /** With the first factor come the recovery codes. */
  onCodes: (codes: readonly string[] | undefined) => void
}

export function AddFactor({ onCodes }: AddFactorProps) {
  const [label, setLabel] = useState('')
  const [isAdding, setAdding] = useState(false)
  const countersign = useCountersign()
  const { stepUp } = useStepUp()
  const named = label.trim() ? { label: label.trim() } : {}
  const done = (what: string, codes: readonly string[] | undefined) => {
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
    mutationFn: () => stepUp('credential.link', () => registerPasskey(named, countersign)),
    onSuccess: (outcome) =>
      outcome.status === 'completed' && done('The passkey', outcome.value.recoveryCodes),
    gcTime: 0,
  })
  if (isAdding) {
    return (
      <Card title="Add an authenticator app">
        <EnrollTotp
          {...named}
          onDone={({ recoveryCodes }) => done('The authenticator app', recoveryCodes)}
          onStepUpRequired={() => setAdding(false)}
        />
        <div>
          <Button look="plain" onClick={() => setAdding(false)}>
            Cancel
          </Button>
        </div>
      </Card>
    )
  }
  return (
    <Card title="Add a factor" lead="Two are better than one: with the second you get back in.">
      <TextField
        label="Name"
        hint="Such as Laptop or Phone."
        isOptional
        value={label}
        maxLength={64}
        onValue={setLabel}
      />
      <div className="row">
        <Button isPending={passkey.isPending} onClick={() => passkey.mutate()}>
          Add passkey
        </Button>
        <Button look="plain" isPending={totp.isPending} onClick={() => totp.mutate()}>
          Add authenticator app
        </Button>
      </div>
      <Failure error={totp.error ?? passkey.error} />
    </Card>
  )
}
