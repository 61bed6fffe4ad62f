// A preset makes the session settings for one login from the few values that differ between its users. It says what to
// do at the provider, and what will not work.
import type { SessionSettings } from '../environment.ts'

/** A value that a preset asks for. */
export interface PresetValue {
  label: string
  /** Where it is found at the provider. */
  hint: string
  example: string
  form: keyof typeof FORMS
  /** Matches the value more narrowly than its form. */
  pattern?: RegExp
  /** Used if the value is left empty. A value without it is required. */
  fallback?: string
}

export interface LoginPreset<V extends string = string> {
  name: string
  /** The pages of the provider that the preset follows, as they were in November 2026. */
  sources: readonly { title: string; url: string }[]
  values: Readonly<Record<V, PresetValue>>
  session: (values: Readonly<Record<V, string>>) => SessionSettings
  /** Matches the address of the key set. */
  keySet: RegExp
  /** The token to send, and how the application gets it. */
  token: string
  /** What to do at the provider. */
  steps: readonly string[]
  /** What does not work, and which tokens are refused. */
  limits: readonly string[]
  /** Whether tokens say when the user signed in, and how to add it. */
  authTime: {
    given: 'always' | 'afterSetup' | 'never'
    note: string
    /** What to paste at the provider. */
    code?: string
  }
}

/** Why a login that says no time of the sign-in needs assertions. */
export const ASSERTION_NEEDED =
  'By default nobody can then add a first factor. Set `firstFactor: assertion` (“Who may add the first factor” in the dashboard), and let your backend vouch for the user.'

interface Form {
  clean: (text: string) => string
  pattern: RegExp
  text: string
}

const ORIGIN = 'https?://[a-z0-9.:[\\]-]+'

/** The forms of values: what is removed from one, what it must match, and how it is asked for. */
const FORMS = {
  domain: {
    clean: (text) =>
      text
        .replace(/^https?:\/\//i, '')
        .replace(/\/+$/, '')
        .toLowerCase(),
    pattern: /^[a-z0-9][a-z0-9.-]{0,251}[a-z0-9](:\d{1,5})?$/,
    text: 'A host without a path',
  },
  address: {
    clean: (text) => text.replace(/\/+$/, ''),
    pattern: /^https?:\/\/[a-zA-Z0-9.:[\]-]+(\/[\w.~-]+)*$/,
    text: 'An address',
  },
  name: { clean: (text) => text, pattern: /^[\x21-\x7e]{1,255}$/, text: 'One word' },
  path: {
    clean: (text) => text.replace(/\/+$/, ''),
    pattern: /^(\/[\w.~-]+)+$/,
    text: 'A path',
  },
  origins: {
    clean: (text) => text.split(/[\s,]+/).join(' '),
    pattern: new RegExp(`^${ORIGIN}( ${ORIGIN})*$`),
    text: 'Origins without a path, with spaces between them',
  },
} satisfies Record<string, Form>

/** Returns the origins in a value. */
export const originsOf = (text: string): string[] => text.split(' ').filter(Boolean)

/**
 * Reads the values for a preset as a person types them: without white space, and with fallbacks filled in.
 *
 * @returns the values, or what is wrong with each that cannot be used
 */
export function presetValues<V extends string>(
  { values: wanted }: Pick<LoginPreset<V>, 'values'>,
  given: Readonly<Record<string, string | undefined>>,
): { values: Record<V, string> } | { problems: Partial<Record<V, string>> } {
  const values = {} as Record<V, string>
  const problems: Partial<Record<V, string>> = {}
  for (const [name, value] of Object.entries(wanted) as [V, PresetValue][]) {
    const form: Form = FORMS[value.form]
    const text = form.clean((given[name] ?? '').trim())
    if (text === '' && value.fallback !== undefined) values[name] = value.fallback
    else if ((value.pattern ?? form.pattern).test(text)) values[name] = text
    else problems[name] = `${form.text}, such as ${value.example}.`
  }
  return Object.keys(problems).length > 0 ? { problems } : { values }
}
