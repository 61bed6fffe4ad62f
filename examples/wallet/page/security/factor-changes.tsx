// Changing a factor: its name, whether it is the default one, and removing it, which is asked twice.
import { useMutation } from '@tanstack/react-query'
import { deleteMfaDevice, type MfaDevice, renameMfaDevice, setDefaultMfaDevice } from 'countersign'
import { useCountersign, useStepUp } from 'countersign/react'
import { useState } from 'react'
import { Button } from '../parts/button.tsx'
import { TextField } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { Failure } from '../parts/notice.tsx'
import { say } from '../parts/toasts.tsx'
import { Within } from '../parts/within.tsx'
import { completed } from '../wallet.ts'

const LABEL_MAX_CHARACTERS = 64

interface FactorChangesProps {
  device: MfaDevice
  name: string
}

export function FactorChanges({ device, name }: FactorChangesProps) {
  const { id: deviceId, isDefault } = device
  const [open, setOpen] = useState<'rename' | 'remove'>()
  const countersign = useCountersign()
  const { stepUp } = useStepUp()
  const toDefault = useMutation({
    mutationFn: async () =>
      completed(
        await stepUp('credential.update', () => setDefaultMfaDevice({ deviceId }, countersign)),
      ),
    onSuccess: (devices) => devices && say(`${name} is the default now.`),
  })
  const removing = useMutation({
    mutationFn: async () =>
      completed(
        await stepUp('credential.unlink', () => deleteMfaDevice({ deviceId }, countersign)),
      ),
    onSuccess: (devices) => devices && say(`${name} was removed.`),
  })
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
          <p>Remove {name}? You will not be able to confirm with it any more.</p>
          <div className="row">
            <Button look="danger" isPending={removing.isPending} onClick={() => removing.mutate()}>
              Yes, remove it
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

function Rename({ device, onClose }: { device: MfaDevice; onClose: () => void }) {
  const [label, setLabel] = useState(device.label ?? '')
  const countersign = useCountersign()
  const renaming = useMutation({
    mutationFn: () => {
      const name = label.trim()
      return renameMfaDevice({ deviceId: device.id, ...(name && { label: name }) }, countersign)
    },
    onSuccess: () => {
      say('Renamed.')
      onClose()
    },
  })
  const cancel = (
    <Button look="plain" onClick={onClose}>
      Cancel
    </Button>
  )
  return (
    <Within label="Rename">
      <Form
        action="Save name"
        isPending={renaming.isPending}
        onSend={() => renaming.mutate()}
        beside={cancel}
      >
        <TextField
          label="Name of this factor"
          value={label}
          onValue={setLabel}
          maxLength={LABEL_MAX_CHARACTERS}
        />
        <Failure error={renaming.error} />
      </Form>
    </Within>
  )
}
