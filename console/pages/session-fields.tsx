// The session tokens of the application: who issues them, with which keys, for whom, and which claims
// say what.
import { FOREIGN_ALGORITHMS, type KeySource } from 'countersign/contract'
import { TextField } from '../../ui/field.tsx'
import { type Editing, having } from '../model/editing.ts'
import { Check, ChecksField, RadioField } from '../parts/choice.tsx'
import { JsonField, LinesField } from '../parts/value-fields.tsx'
import { AuthTimeFields, RequiredClaims, type SetSession } from './session-claims.tsx'

interface SessionFieldsProps {
  editing: Editing
  /** Leaves out what has a default. */
  isShort?: boolean
}

const CLAIMS = [
  ['subjectClaim', 'User', 'sub', 'Names the user for good: not an address that can pass on.'],
  ['sessionIdClaim', 'Session id', 'sid', 'Tokens of one session are not taken in another.'],
] as const

export function SessionFields({ editing, isShort = false }: SessionFieldsProps) {
  const { settings, edit, error } = editing
  const { session } = settings
  const set: SetSession = (part) => edit((now) => ({ ...now, session: having(now.session, part) }))
  const anyAudience = session.acceptAnyAudience ?? false
  return (
    <>
      <TextField
        label="Issuer"
        hint="The claim iss of your session tokens. Exact match."
        placeholder="https://login.app.example"
        mono
        value={session.issuer}
        error={error('session.issuer')}
        onValue={(issuer) => set({ issuer })}
      />
      <KeySourceFields
        editing={editing}
        path="session.keys"
        keys={session.keys}
        onKeys={(keys) => set({ keys })}
      />
      <div className="stack-close">
        {!anyAudience && (
          <LinesField
            editing={editing}
            path="session.audiences"
            label="Audiences of your session tokens"
            hint="Values of aud that are meant for your application, one per line."
            placeholder="my-app"
            rows={2}
            value={session.audiences ?? []}
            onValue={(audiences) => set({ audiences })}
          />
        )}
        <Check
          label="Accept tokens for any audience"
          hint="Only if your tokens name no audience: the issuer’s tokens for other applications are accepted too."
          isOn={anyAudience}
          onSwitch={(isOn) =>
            set(
              isOn
                ? { acceptAnyAudience: true, audiences: undefined, audienceClaim: undefined }
                : { acceptAnyAudience: isShort ? undefined : false, audiences: [] },
            )
          }
        />
      </div>
      {!isShort && (
        <>
          {!anyAudience && (
            <TextField
              label="Claim: Audience"
              hint="Which claim names the application. Without it aud does, or azp where there is no aud."
              placeholder="client_id"
              mono
              isOptional
              value={session.audienceClaim ?? ''}
              error={error('session.audienceClaim')}
              onValue={(claim) => set({ audienceClaim: claim || undefined })}
            />
          )}
          <RequiredClaims editing={editing} onSession={set} />
          <ChecksField
            label="Signature algorithms"
            values={session.algorithms ?? [...FOREIGN_ALGORITHMS]}
            onValues={(algorithms) => set({ algorithms })}
            options={FOREIGN_ALGORITHMS.map((value) => ({ value, label: value }))}
            error={error('session.algorithms')}
            layout="row"
          />
          <div className="grid-2">
            {CLAIMS.map(([name, label, fallback, hint]) => (
              <TextField
                key={name}
                label={`Claim: ${label}`}
                hint={hint}
                mono
                value={session[name] ?? fallback}
                error={error(`session.${name}`)}
                onValue={(claim) => set({ [name]: claim })}
              />
            ))}
            <TextField
              label="Claim: Name"
              hint="Names the account in authenticator apps and passkeys."
              placeholder="email"
              mono
              isOptional
              value={session.nameClaim ?? ''}
              error={error('session.nameClaim')}
              onValue={(claim) => set({ nameClaim: claim || undefined })}
            />
          </div>
          <AuthTimeFields editing={editing} onSession={set} />
        </>
      )}
    </>
  )
}

interface KeySourceProps {
  editing: Editing
  path: string
  keys: KeySource
  onKeys: (keys: KeySource) => void
}

/** Where public keys are: an address, or the key set itself. */
export function KeySourceFields({ editing, path, keys, onKeys }: KeySourceProps) {
  const isAddress = 'jwksUri' in keys
  return (
    <div className="stack">
      <RadioField
        label="Public keys"
        layout="row"
        value={isAddress ? 'address' : 'pasted'}
        onValue={(kind) => {
          editing.note(path)
          onKeys(kind === 'address' ? { jwksUri: '' } : { jwks: { keys: [] } })
        }}
        options={[
          { value: 'address', label: 'At an address' },
          { value: 'pasted', label: 'Pasted here' },
        ]}
      />
      {isAddress ? (
        <TextField
          label="Address of the key set"
          hint="Fetched when needed. New keys are found automatically."
          placeholder="https://login.app.example/.well-known/jwks.json"
          mono
          value={keys.jwksUri}
          error={editing.error(path)}
          onValue={(jwksUri) => onKeys({ jwksUri })}
        />
      ) : (
        <JsonField
          editing={editing}
          path={path}
          label="Key set"
          hint="A JSON Web Key Set of public keys. Never paste a private one."
          placeholder='{ "keys": [ … ] }'
          value={keys.jwks.keys.length > 0 ? keys.jwks : undefined}
          onValue={(jwks) => onKeys({ jwks: (jwks ?? { keys: [] }) as { keys: [] } })}
        />
      )}
    </div>
  )
}
