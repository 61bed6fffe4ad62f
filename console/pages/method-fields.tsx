// Which methods an environment offers, and how a user comes to their first factor.
import { type EnvironmentSettings, TOTP_ALGORITHMS } from 'countersign/contract'
import { SelectField } from '../../ui/field.tsx'
import { type Editing, having } from '../model/editing.ts'
import { Check, RadioField } from '../parts/choice.tsx'
import { NumberField } from '../parts/value-fields.tsx'
import { ENROLLMENT_NAMES, FIRST_FACTOR_NAMES } from '../words.ts'

type Methods = NonNullable<EnvironmentSettings['methods']>

export function MethodFields({ editing: { settings, edit } }: { editing: Editing }) {
  const { totp, passkey, recovery } = settings.methods ?? {}
  const set = (part: Methods) => edit((now) => ({ ...now, methods: { ...now.methods, ...part } }))
  return (
    <>
      <Check
        type="switch"
        label="Passkeys"
        hint="Fingerprint, face, screen lock or security key. Resists phishing."
        isOn={passkey?.enabled ?? true}
        onSwitch={(enabled) => set({ passkey: { enabled } })}
      />
      <Check
        type="switch"
        label="Authenticator apps (TOTP)"
        hint="A code that changes every half minute."
        isOn={totp?.enabled ?? true}
        onSwitch={(enabled) => set({ totp: { ...totp, enabled } })}
      />
      <Check
        type="switch"
        label="Recovery codes"
        hint="Ten codes to get back to a factor. By themselves they never sign or export."
        isOn={recovery?.enabled ?? true}
        onSwitch={(enabled) => set({ recovery: { enabled } })}
      />
      <details className="fold">
        <summary>How authenticator codes are made</summary>
        <div className="stack">
          <p className="small soft">
            For apps that are enrolled from now on. Many apps know only SHA-1, six digits and 30
            seconds.
          </p>
          <div className="grid-2">
            <SelectField
              label="Algorithm"
              value={totp?.algorithm ?? 'SHA1'}
              onValue={(algorithm) => set({ totp: { ...totp, algorithm } })}
              options={TOTP_ALGORITHMS.map((value) => ({ value, label: value }))}
            />
            <SelectField
              label="Digits"
              value={String(totp?.digits ?? 6) as '6' | '8'}
              onValue={(digits) => set({ totp: { ...totp, digits: digits === '8' ? 8 : 6 } })}
              options={[
                { value: '6', label: '6' },
                { value: '8', label: '8' },
              ]}
            />
            <SelectField
              label="Period"
              value={String(totp?.periodSeconds ?? 30) as '30' | '60'}
              onValue={(period) =>
                set({ totp: { ...totp, periodSeconds: period === '60' ? 60 : 30 } })
              }
              options={[
                { value: '30', label: '30 seconds' },
                { value: '60', label: '60 seconds' },
              ]}
            />
          </div>
        </div>
      </details>
    </>
  )
}

export function EnrollmentFields({ editing }: { editing: Editing }) {
  const { settings, edit } = editing
  const canVouch = settings.assertions !== undefined
  return (
    <>
      <RadioField
        label="Your pages ask for a first factor"
        value={settings.enrollment ?? 'action'}
        onValue={(enrollment) => edit((now) => ({ ...now, enrollment }))}
        options={[
          { value: 'none', label: ENROLLMENT_NAMES.none, hint: 'Users add one in their settings.' },
          {
            value: 'onboarding',
            label: ENROLLMENT_NAMES.onboarding,
            hint: 'Right after signing in.',
          },
          {
            value: 'action',
            label: ENROLLMENT_NAMES.action,
            hint: 'The usual choice: nobody is asked before it matters.',
          },
        ]}
      />
      <RadioField
        label="Who may add the first factor"
        value={settings.firstFactor ?? 'freshSession'}
        onValue={(firstFactor) => edit((now) => ({ ...now, firstFactor }))}
        options={[
          {
            value: 'freshSession',
            label: FIRST_FACTOR_NAMES.freshSession,
            hint: 'An attacker who steals a session later cannot add a factor.',
          },
          {
            value: 'assertion',
            label: FIRST_FACTOR_NAMES.assertion,
            hint: canVouch
              ? 'Your backend has checked the user itself.'
              : 'Needs “Backend assertions” below.',
          },
        ]}
      />
      {(settings.firstFactor ?? 'freshSession') === 'freshSession' && (
        <NumberField
          editing={editing}
          path="firstFactorSessionSeconds"
          label="“Recently” means within"
          unit="seconds"
          value={settings.firstFactorSessionSeconds}
          onValue={(seconds) => edit((now) => having(now, { firstFactorSessionSeconds: seconds }))}
        />
      )}
    </>
  )
}
