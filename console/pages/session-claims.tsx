// The claims that session tokens must have, and where they say when their user signed in.
import {
  type AuthTimeSource,
  authTimeSource,
  type ClaimRule,
  type SessionSettings,
} from 'countersign/contract'
import { useRef } from 'react'
import { Button } from '../../ui/button.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { type Editing, having } from '../model/editing.ts'
import { LinesField, NumberField } from '../parts/value-fields.tsx'

/** Replaces some session settings; undefined removes one. */
export type SetSession = (
  part: {
    [K in keyof SessionSettings]?: SessionSettings[K] | undefined
  },
) => void

interface ClaimProps {
  editing: Editing
  onSession: SetSession
}

type Kind = 'equals' | 'includes' | 'absent'

const KINDS: { value: Kind; label: string }[] = [
  { value: 'equals', label: 'must be' },
  { value: 'includes', label: 'must contain the word' },
  { value: 'absent', label: 'must be missing' },
]

const kindOf = (rule: ClaimRule): Kind =>
  'absent' in rule ? 'absent' : 'equals' in rule ? 'equals' : 'includes'

const wordOf = (rule: ClaimRule): string =>
  'equals' in rule ? rule.equals : 'includes' in rule ? rule.includes : ''

const RULES: Record<Kind, (claim: string, word: string) => ClaimRule> = {
  equals: (claim, equals) => ({ claim, equals }),
  includes: (claim, includes) => ({ claim, includes }),
  absent: (claim) => ({ claim, absent: true }),
}

/** The claims that tell the right kind of token from others of the same issuer. */
export function RequiredClaims({ editing, onSession }: ClaimProps) {
  const rules = editing.settings.session.requiredClaims ?? []
  const adding = useRef<HTMLButtonElement>(null)
  const put = (next: ClaimRule[]) =>
    onSession({ requiredClaims: next.length > 0 ? next : undefined })
  const replace = (at: number, rule: ClaimRule) =>
    put(rules.map((other, index) => (index === at ? rule : other)))
  return (
    <fieldset className="choices">
      <legend className="field-label">Required claims</legend>
      <p className="field-hint">
        They tell the right kind of token from others of your issuer. All must hold.
      </p>
      {rules.map((rule, index) => {
        const [kind, word] = [kindOf(rule), wordOf(rule)]
        const path = `session.requiredClaims.${index}`
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a rule is named by its place
          <div key={index} className="grid-2">
            <TextField
              label={`Required claim ${index + 1}`}
              mono
              value={rule.claim}
              error={editing.error(path)}
              onValue={(claim) => replace(index, RULES[kind](claim, word))}
            />
            <SelectField
              label={`What claim ${index + 1} must be`}
              value={kind}
              onValue={(next) => replace(index, RULES[next](rule.claim, word))}
              options={KINDS}
            />
            {kind !== 'absent' && (
              <TextField
                label={`Value of claim ${index + 1}`}
                mono
                value={word}
                onValue={(next) => replace(index, RULES[kind](rule.claim, next))}
              />
            )}
            <div className="field">
              <Button
                look="quiet"
                icon="trash"
                onClick={() => {
                  put(rules.filter((_, at) => at !== index))
                  adding.current?.focus()
                }}
              >
                Remove claim {index + 1}
              </Button>
            </div>
          </div>
        )
      })}
      <div>
        <Button
          look="plain"
          icon="plus"
          ref={adding}
          onClick={() => put([...rules, { claim: '', equals: '' }])}
        >
          Add a required claim
        </Button>
      </div>
    </fieldset>
  )
}

type From = AuthTimeSource['from']

const FROM: { value: From; label: string }[] = [
  { value: 'claim', label: 'A claim, in epoch seconds' },
  { value: 'newest', label: 'The newest entry of a list' },
  { value: 'minutesAgo', label: 'An age in minutes when the token was issued' },
]

const NEW_SOURCE: Record<From, AuthTimeSource> = {
  claim: { from: 'claim', claim: 'auth_time' },
  newest: { from: 'newest', claim: 'amr', member: 'timestamp' },
  minutesAgo: { from: 'minutesAgo', claim: 'fva', index: 0 },
}

/** Where tokens say when their user signed in. */
export function AuthTimeFields({ editing, onSession }: ClaimProps) {
  const { session } = editing.settings
  const source = authTimeSource(session)
  const put = (next: AuthTimeSource) => {
    editing.note('session.authTime.index')
    onSession(
      next.from === 'claim'
        ? { authTime: undefined, authTimeClaim: next.claim }
        : { authTime: next, authTimeClaim: undefined },
    )
  }
  return (
    <div className="grid-2">
      <SelectField
        label="Where the time of sign-in is"
        hint="It decides whether a sign-in is fresh."
        value={source.from}
        onValue={(from) => put(NEW_SOURCE[from])}
        options={FROM}
      />
      <TextField
        label="Claim: Time of sign-in"
        hint={source.from === 'claim' ? 'Decides whether a sign-in is fresh.' : 'A list.'}
        mono
        value={source.claim}
        error={editing.error('session.authTimeClaim') ?? editing.error('session.authTime.claim')}
        onValue={(claim) => put({ ...source, claim })}
      />
      {source.from === 'newest' && (
        <NewestFields editing={editing} source={source} onSource={put} />
      )}
      {source.from === 'minutesAgo' && (
        <NumberField
          editing={editing}
          path="session.authTime.index"
          label="Place in the list"
          hint="The first is 0."
          value={source.index}
          onValue={(index) => index !== undefined && put({ ...source, index })}
        />
      )}
    </div>
  )
}

interface NewestProps {
  editing: Editing
  source: Extract<AuthTimeSource, { from: 'newest' }>
  onSource: (source: AuthTimeSource) => void
}

function NewestFields({ editing, source, onSource }: NewestProps) {
  const { member, values } = source.except ?? { member: 'method', values: [] }
  return (
    <>
      <TextField
        label="Time of an entry"
        hint="The member of each entry with epoch seconds."
        mono
        value={source.member}
        error={editing.error('session.authTime.member')}
        onValue={(next) => onSource({ ...source, member: next })}
      />
      <LinesField
        editing={editing}
        path="session.authTime.except"
        label={`Entries that do not count, by ${member}`}
        hint="One value per line, such as token_refresh."
        isOptional
        rows={2}
        value={values}
        onValue={(next) =>
          onSource(
            having(source, { except: next.length > 0 ? { member, values: next } : undefined }),
          )
        }
      />
    </>
  )
}
