// Changes one factor: its name, whether it is the default one, and its removal, which the user confirms.
import { deleteMfaDevice, type MfaDevice, setDefaultMfaDevice } from 'countersign'
import { useGetMfaMethods, useRenameMfaDevice } from 'countersign/react/query'
import { useState } from 'react'
import { Button } from '../button.tsx'
import { TextField } from '../field.tsx'
import { Form } from '../form.tsx'
import { Failure, Notice } from '../notice.tsx'
import { say } from '../toasts.tsx'
import { Within } from '../within.tsx'
import { useFactorChange } from './use-factor-change.ts'

interface FactorChangesProps {
  device: MfaDevice
  name: string
  /** Whether the user can confirm with no other factor. */
  isLast: boolean
}

export function FactorChanges({ device, name, isLast }: FactorChangesProps) {
  const { id: deviceId, isDefault } = device
  const [open, setOpen] = useState<'rename' | 'remove'>()
  const toDefault = useFactorChange(
    'credential.update',
    (instance) => setDefaultMfaDevice({ deviceId }, instance),
    () => say(`${name} is the default now.`),
  )
  const removing = useFactorChange(
    'credential.unlink',
    (instance) => deleteMfaDevice({ deviceId }, instance),
    () => say(`${name} was removed.`),
  )
  const close = () => setOpen(undefined)

  const of = <span className="hidden-visually"> {name}</span>
  const opener = (panel: 'rename' | 'remove') => ({
    small: true,
    'aria-expanded': open === panel,
    onClick: () => setOpen(open === panel ? undefined : panel),
  })
  return (
    <div className="stack">
      <div className="row">
        <Button look="plain" {...opener('rename')}>
          Rename{of}
        </Button>
        {!isDefault && (
          <Button
            look="plain"
            small
            isPending={toDefault.isPending}
            onClick={() => toDefault.mutate()}
          >
            Make default{of}
          </Button>
        )}
        <Button look="danger" {...opener('remove')}>
          Remove{of}
        </Button>
      </div>
      <Failure error={toDefault.error} />
      {open === 'rename' && <Rename device={device} onClose={close} />}
      {open === 'remove' && (
        <Within label={`Remove ${name}`}>
          {isLast ? (
            <LastFactor />
          ) : (
            <p>Remove {name}? You will not be able to confirm with it any more.</p>
          )}
          <div className="row">
            <Button look="danger" isPending={removing.isPending} onClick={() => removing.mutate()}>
              {isLast ? 'Remove last method' : 'Yes, remove it'}
            </Button>
            <Button look="plain" onClick={close}>
              Keep it
            </Button>
          </div>
          <Failure error={removing.error} />
        </Within>
      )}
    </div>
  )
}

/** What the rules do to a user who enrolled once and has no factor left: nothing opens again. */
function LastFactor() {
  const { data } = useGetMfaMethods()
  return (
    <Notice tone="warn" title="This is your last verification method.">
      <p>
        Without it, every action that asks you to confirm is blocked until you add a new one.{' '}
        {data?.recovery.remaining === 0
          ? 'You have no recovery codes left: only an operator can let you add one.'
          : 'Adding one needs one of your recovery codes.'}
      </p>
    </Notice>
  )
}

function Rename({ device, onClose }: { device: MfaDevice; onClose: () => void }) {
  const [text, setText] = useState(device.label ?? '')
  const renaming = useRenameMfaDevice({
    onSuccess: () => {
      say('Renamed.')
      onClose()
    },
  })
  const label = text.trim()
  return (
    <Within label="Rename">
      <Form
        action="Save name"
        isPending={renaming.isPending}
        onSend={() => renaming.mutate({ deviceId: device.id, ...(label && { label }) })}
        beside={
          <Button look="plain" onClick={onClose}>
            Cancel
          </Button>
        }
      >
        <TextField label="Name of this factor" value={text} onValue={setText} maxLength={64} />
        <Failure error={renaming.error} />
      </Form>
    </Within>
  )
}
