// Backend assertions: who signs them, with which keys, and how far they reach at most.
import type { EnvironmentSettings } from 'countersign/contract'
import { SelectField, TextField } from '../../ui/field.tsx'
import { type Editing, having } from '../model/editing.ts'
import { Check } from '../parts/choice.tsx'
import { KeySourceFields } from './session-fields.tsx'

type Assertions = NonNullable<EnvironmentSettings['assertions']>

export function AssertionFields({ editing }: { editing: Editing }) {
  const { settings, edit, error } = editing
  const { assertions } = settings
  const set = (part: Partial<Assertions>) =>
    edit((now) => (now.assertions ? { ...now, assertions: { ...now.assertions, ...part } } : now))
  return (
    <>
      <Check
        type="switch"
        label="Accept assertions"
        isOn={assertions !== undefined}
        onSwitch={(isOn) => {
          editing.note('assertions.keys')
          edit((now) =>
            having(now, {
              assertions: isOn ? { issuer: '', keys: { jwksUri: '' }, maxAcr: 'mfa' } : undefined,
            }),
          )
        }}
      />
      {assertions && (
        <>
          <TextField
            label="Issuer of assertions"
            placeholder="https://backend.app.example"
            mono
            value={assertions.issuer}
            error={error('assertions.issuer')}
            onValue={(issuer) => set({ issuer })}
          />
          <KeySourceFields
            editing={editing}
            path="assertions.keys"
            keys={assertions.keys}
            onKeys={(keys) => set({ keys })}
          />
          <SelectField
            label="Maximum level"
            hint="An assertion that claims more is treated as this level."
            value={assertions.maxAcr ?? 'mfa'}
            onValue={(maxAcr) => set({ maxAcr })}
            options={[
              { value: 'recovery', label: 'A recovery code (recovery)' },
              { value: 'mfa', label: 'An authenticator code (mfa)' },
              { value: 'phr', label: 'A passkey (phr)' },
            ]}
          />
        </>
      )}
    </>
  )
}
