// One factor of the operator's own: its name, whether it is the default one, and removing it.
import { useMutation } from '@tanstack/react-query'
import { deleteMfaDevice, type MfaDevice, renameMfaDevice, setDefaultMfaDevice } from 'countersign'
import { useCountersign, useStepUp } from 'countersign/react'
import { type FormEvent, useState } from 'react'
import { Button } from '../parts/button.tsx'
import { Confirm, Dialog } from '../parts/dialog.tsx'
import { TextField } from '../parts/field.tsx'
import { Failure } from '../parts/notice.tsx'
import { Badge } from '../parts/table.tsx'
import { Ago } from '../parts/time.tsx'
import { say } from '../parts/toasts.tsx'
import { METHOD_NAMES } from '../words.ts'

export function OwnFactor({ device }: { device: MfaDevice }) {
  const { id: deviceId, type, label, isDefault, createdAt, lastUsedAt } = device
  const name = label ?? METHOD_NAMES[type]
  const [open, setOpen] = useState<'rename' | 'remove'>()
  const countersign = useCountersign()
  const { stepUp } = useStepUp()
  const toDefault = useMutation({
    mutationFn: () =>
      stepUp('credential.update', () => setDefaultMfaDevice({ deviceId }, countersign)),
    onSuccess: ({ status }) => status === 'completed' && say(`${name} is the default now.`),
  })
  const removing = useMutation({
    mutationFn: () => stepUp('credential.unlink', () => deleteMfaDevice({ deviceId }, countersign)),
    onSuccess: ({ status }) => {
      if (status === 'completed') say(`${name} was removed.`)
      setOpen(undefined)
    },
  })
  const of = <span className="hidden-visually"> {name}</span>
  return (
    <div className="row row-apart">
      <div>
        <h3 className="row">
          {name}
          {isDefault && <Badge tone="accent">Default</Badge>}
        </h3>
        <p className="small soft">
          {METHOD_NAMES[type]}, added <Ago at={createdAt} />
          {lastUsedAt !== null && (
            <>
              , used <Ago at={lastUsedAt} />
            </>
          )}
        </p>
        <Failure error={toDefault.error} />
      </div>
      <div className="row">
        <Button look="plain" small onClick={() => setOpen('rename')}>
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
        <Button look="danger" small onClick={() => setOpen('remove')}>
          Remove{of}
        </Button>
      </div>
      {open === 'rename' && <Rename device={device} onClose={() => setOpen(undefined)} />}
      {open === 'remove' && (
        <Confirm
          title={`Remove ${name}?`}
          action="Remove"
          isPending={removing.isPending}
          error={removing.error}
          onConfirm={() => removing.mutate()}
          onClose={() => setOpen(undefined)}
        >
          <p>You will not be able to confirm with it any more.</p>
        </Confirm>
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
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!renaming.isPending) renaming.mutate()
  }
  return (
    <Dialog title="Rename" onClose={onClose}>
      <form className="stack" onSubmit={submit} noValidate>
        <TextField label="Name of this factor" value={label} onValue={setLabel} maxLength={64} />
        <Failure error={renaming.error} />
        <div className="row row-end">
          <Button look="plain" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" isPending={renaming.isPending}>
            Save name
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
