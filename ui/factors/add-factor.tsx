// Adds a factor. The first one only needs a fresh sign-in; for another one the user confirms with one they have.
import { registerPasskey } from 'countersign'
import { EnrollTotp } from 'countersign/react'
import { useState } from 'react'
import { Button } from '../button.tsx'
import { Card } from '../card.tsx'
import { TextField } from '../field.tsx'
import { Failure } from '../notice.tsx'
import { say } from '../toasts.tsx'
import { Within } from '../within.tsx'
import { useFactorChange } from './use-factor-change.ts'

interface AddFactorProps {
  /** Gets the recovery codes that come with the first factor. */
  onCodes: (codes: readonly string[]) => void
}

export function AddFactor({ onCodes }: AddFactorProps) {
  const [label, setLabel] = useState('')
  const [isAdding, setAdding] = useState(false)
  const named = label.trim() ? { label: label.trim() } : {}
  const done = (what: string, codes: readonly string[] | undefined) => {
    setAdding(false)
    setLabel('')
    say(`${what} was added.`)
    if (codes) onCodes(codes)
  }
  // The step-up gets the token, which the first call of the enrollment uses.
  const totp = useFactorChange('credential.link', async () => setAdding(true))
  const passkey = useFactorChange(
    'credential.link',
    (instance) => registerPasskey(named, instance),
    ({ recoveryCodes }) => done('The passkey', recoveryCodes),
  )
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
    <Card
      title="Add a factor"
      lead="Two are better than one: with the second you get back in when the first is lost."
    >
      <TextField
        label="Name"
        hint="For example Phone or Laptop."
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
