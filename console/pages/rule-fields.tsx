// The parts of a rule, each with what it means. What guards the factors themselves offers only what it
// may be: the service would refuse the rest.
import {
  type Acr,
  METHODS,
  type Method,
  type Rule,
  type RulePart,
  reachingMethods,
} from 'countersign/contract'
import { Notice } from '../../ui/notice.tsx'
import type { Editing } from '../model/editing.ts'
import { Check, ChecksField, RadioField } from '../parts/choice.tsx'
import { NumberField } from '../parts/value-fields.tsx'
import { ACR_NAMES, DETAILS_NAMES, METHOD_NAMES, MODE_NAMES, REQUIRE_NAMES } from '../words.ts'

interface RuleFieldsProps {
  editing: Editing
  path: string
  noteAt: string
  rule: Rule
  isCredential: boolean
  onRule: (part: RulePart) => void
}

export const REQUIRE_OPTIONS = [
  {
    value: 'never',
    label: REQUIRE_NAMES.never,
    hint: 'The action is switched off: it runs without a question.',
  },
  {
    value: 'whenEnrolled',
    label: REQUIRE_NAMES.whenEnrolled,
    hint: 'Users without a factor are let through.',
  },
  {
    value: 'always',
    label: REQUIRE_NAMES.always,
    hint: 'Users without a factor must add one first.',
  },
  { value: 'deny', label: REQUIRE_NAMES.deny, hint: 'Nobody may do this now.' },
] as const

export const ACR_OPTIONS: readonly { value: Acr; label: string; hint: string }[] = [
  {
    value: 'recovery',
    label: ACR_NAMES.recovery,
    hint: 'acr recovery. For regaining access, not for payments.',
  },
  { value: 'mfa', label: ACR_NAMES.mfa, hint: 'acr mfa. A code can be phished.' },
  { value: 'phr', label: ACR_NAMES.phr, hint: 'acr phr. Resists phishing.' },
]

/** Methods to choose from; those below a level can not be chosen, and say so. */
export const methodOptions = (methods: readonly Method[], acr: Acr) => {
  const reaching = reachingMethods({ methods: [...methods], acr })
  return methods.map((value) => ({
    value,
    label: METHOD_NAMES[value],
    ...(!reaching.includes(value) && { isDisabled: true, hint: 'Below the assurance level' }),
  }))
}

export function RuleFields({ editing, path, noteAt, rule, isCredential, onRule }: RuleFieldsProps) {
  const methods = METHODS.filter((method) => !(isCredential && method === 'assertion'))
  const reaching = reachingMethods(rule)
  const noLegacy = rule.details === 'required' || rule.acr === 'phr'
  const seconds = (name: 'lifetimeSeconds' | 'freshnessSeconds') => ({
    editing,
    path: `${path}.${name}`,
    noteAt: `${noteAt} ${name}`,
    unit: 'seconds',
    value: rule[name],
    onValue: (value: number | undefined) => onRule({ [name]: value }),
  })
  return (
    <>
      <RadioField
        label="Who is asked"
        value={rule.require}
        onValue={(require) => onRule({ require })}
        options={REQUIRE_OPTIONS.filter(({ value }) => !(isCredential && value === 'never'))}
      />
      <RadioField
        label="Assurance level"
        value={rule.acr}
        onValue={(acr) => onRule({ acr })}
        options={ACR_OPTIONS}
      />
      <ChecksField
        label="Methods"
        values={reaching}
        // What the level rules out stays in the rule, and holds again at a lower level.
        onValues={(chosen) => {
          const ruledOut = rule.methods.filter((method) => !reaching.includes(method))
          onRule({ methods: METHODS.filter((m) => chosen.includes(m) || ruledOut.includes(m)) })
        }}
        options={methodOptions(methods, rule.acr)}
        error={editing.error(`${path}.methods`)}
        layout="row"
      />
      {rule.require !== 'never' && reaching.length === 0 && (
        <Notice tone="warn">
          <p>No selected method reaches this level, so everybody is refused.</p>
        </Notice>
      )}
      <RadioField
        label="A token is good"
        layout="row"
        value={rule.singleUse ? 'once' : 'often'}
        onValue={(use) => onRule({ singleUse: use === 'once' })}
        options={[
          { value: 'once', label: 'For one use' },
          ...(isCredential ? [] : [{ value: 'often', label: 'For its lifetime' } as const]),
        ]}
      />
      <div className="grid-2">
        <NumberField
          {...seconds('lifetimeSeconds')}
          label="Lifetime"
          hint={`How long a token lives: 10 to ${isCredential ? 300 : 3600}.`}
        />
        <NumberField
          {...seconds('freshnessSeconds')}
          label="Freshness"
          hint="Maximum age of the proof when the token is used."
        />
      </div>
      <Check
        label="Only tokens that are bound to a key (DPoP)"
        hint="A copied token is of no use. Your page and your API must support it."
        isOn={rule.dpop}
        onSwitch={(dpop) => onRule({ dpop })}
      />
      {!isCredential && (
        <>
          <RadioField
            label="Details of the action"
            value={rule.details}
            onValue={(details) => onRule({ details })}
            options={[
              { value: 'none', label: DETAILS_NAMES.none },
              { value: 'optional', label: DETAILS_NAMES.optional },
              {
                value: 'required',
                label: DETAILS_NAMES.required,
                hint: 'A token is good for exactly what the user saw. Needed for conditions over details.',
              },
            ]}
          />
          <Check
            label="Also accepts a legacy token"
            hint={
              noLegacy
                ? 'Not possible with required details or passkeys alone.'
                : 'For integrations from before elevated tokens.'
            }
            isOn={rule.acceptsMfaToken}
            isDisabled={noLegacy}
            onSwitch={(acceptsMfaToken) => onRule({ acceptsMfaToken })}
          />
          <RadioField
            label="Mode"
            value={rule.mode}
            onValue={(mode) => onRule({ mode })}
            options={[
              { value: 'enforce', label: MODE_NAMES.enforce },
              {
                value: 'observe',
                label: MODE_NAMES.observe,
                hint: 'Asks for nothing, and records when it would have asked. See the overview.',
              },
            ]}
          />
        </>
      )}
    </>
  )
}
