// How a new environment learns of the application's login: by a preset with a few values, or by every setting.
import {
  type LoginPreset,
  type PresetId,
  presets,
  presetValues,
  type SessionSettings,
} from 'countersign/contract'
import { useState } from 'react'
import { Facts } from '../../ui/facts.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Editing } from '../model/editing.ts'
import { RadioField } from '../parts/choice.tsx'
import { Code } from '../parts/copy.tsx'
import { lowerFirst, sentence } from '../words.ts'
import { CheckToken } from './check-token.tsx'
import { SessionFields } from './session-fields.tsx'

const LOGINS = [
  ...(Object.keys(presets) as PresetId[]).map((value) => ({ value, label: presets[value].name })),
  { value: 'other' as const, label: 'Another login' },
]

interface LoginProps {
  editing: Editing
  /** The session settings before anything was entered. */
  empty: SessionSettings
}

/** The choice of a login, and what it needs. */
export function LoginFields({ editing, empty }: LoginProps) {
  const [login, setLogin] = useState<PresetId | 'other'>('other')
  const preset = login === 'other' ? undefined : presets[login]
  const choose = (next: PresetId | 'other') => {
    setLogin(next)
    editing.note('session.keys')
    editing.edit((now) => ({ ...now, session: empty }))
  }
  return (
    <>
      <RadioField
        label="Your login"
        hint="It fills in most settings. They can be changed later."
        layout="tiles"
        value={login}
        onValue={choose}
        options={LOGINS}
      />
      {preset ? (
        <PresetFields key={login} preset={preset} editing={editing} empty={empty} />
      ) : (
        <SessionFields editing={editing} isShort />
      )}
      <CheckToken session={editing.settings.session} />
    </>
  )
}

function PresetFields({ preset, editing, empty }: LoginProps & { preset: LoginPreset }) {
  const [typed, setTyped] = useState<Record<string, string>>({})
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const read = presetValues(preset, typed)
  const problems = 'problems' in read ? read.problems : {}
  // The settings stay as they were while a value is missing, so that they cannot be sent.
  const wasSent = editing.error('session.issuer') !== undefined
  const type = (name: string, value: string) => {
    const next = { ...typed, [name]: value }
    setTyped(next)
    const now = presetValues(preset, next)
    const session = 'values' in now ? preset.session(now.values) : empty
    editing.edit((settings) => ({ ...settings, session }))
  }
  return (
    <>
      <div className="grid-2">
        {Object.entries(preset.values).map(([name, { label, hint, example, form, fallback }]) => (
          <TextField
            key={name}
            label={label}
            hint={hint}
            placeholder={form === 'origins' ? example : fallback || example}
            isOptional={fallback !== undefined}
            mono
            value={typed[name] ?? ''}
            error={wasSent || left.has(name) ? problems[name] : undefined}
            onValue={(value) => type(name, value)}
            onBlur={() => typed[name] && setLeft((known) => new Set([...known, name]))}
          />
        ))}
      </div>
      {'values' in read && <Made session={preset.session(read.values)} />}
      <AtProvider preset={preset} />
    </>
  )
}

const Made = ({ session: { issuer, keys } }: { session: SessionSettings }) => (
  <Facts
    facts={[
      ['Issuer', <code key="issuer">{issuer}</code>],
      ['Key set', <code key="keys">{'jwksUri' in keys ? keys.jwksUri : ''}</code>],
    ]}
  />
)

const TONES = { always: 'good', afterSetup: 'plain', never: 'warn' } as const
const TITLES = {
  always: 'Users can add a first factor',
  afterSetup: 'Users can add a first factor once this is set up',
  never: 'Users can add a first factor only with an assertion',
} as const

const AtProvider = ({
  preset: { name, steps, token, limits, authTime },
}: {
  preset: LoginPreset
}) => (
  <>
    <Notice tone={TONES[authTime.given]} title={TITLES[authTime.given]}>
      <p>{sentence(authTime.note)}</p>
    </Notice>
    <details className="fold" open>
      <summary>What to do at {name}</summary>
      <div className="stack">
        <ol className="marked">
          {steps.map((step) => (
            <li key={step}>{sentence(step)}</li>
          ))}
        </ol>
        {authTime.code && <Code title={`At ${name}`} text={authTime.code} />}
        <p>The token that your page sends: {lowerFirst(sentence(token))}</p>
      </div>
    </details>
    <details className="fold">
      <summary>What does not work</summary>
      <ul className="marked">
        {limits.map((limit) => (
          <li key={limit}>{sentence(limit)}</li>
        ))}
      </ul>
    </details>
  </>
)
