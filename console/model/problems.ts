// What the contract's schemas find wrong with what was typed, in words and by the field's path.
import type { SettingsPlace } from 'countersign/contract'
import * as z from 'zod/mini'

/** A field that is not as the contract wants it. */
export interface Problem {
  /** As in `session.issuer`, `origins.0` or `actions.2.scope`. */
  path: string
  text: string
}

/** What a form looks like, for fields whose pattern says nothing to people. */
const FORMS: readonly [path: RegExp, text: string][] = [
  [/^environment$/, 'Two to 32 small letters, digits and hyphens, a letter first, such as live.'],
  [/^rpId$/, 'A domain in small letters, such as app.example.'],
  [/^origins\.\d+$/, 'An origin without a path, such as https://app.example.'],
  [/audiences?(\.\d+)?$/, 'A name or address without spaces.'],
  [
    /^actions\.\d+\.action$|^action$/,
    'A small letter first, then letters, digits, dots, _ and -, such as order.refund.',
  ],
  [/scope$/, 'A small letter first, then letters, digits, and . _ : -, such as orders:refund.'],
  [/Claim$|authTime\.(claim|member)$/, 'The name of a claim, such as sub.'],
  [/requiredClaims\.\d+/, 'The name of a claim, and a value without spaces.'],
  [/country$/, 'Two capital letters, such as DE.'],
  [/[nN]ame$|label$|reason$/, 'Up to 64 characters, in one line.'],
]

/** Everything that a schema finds wrong with a value. */
export function problemsOf(schema: z.core.$ZodType, value: unknown): Problem[] {
  const outcome = z.safeParse(schema, value)
  return outcome.success ? [] : outcome.error.issues.map(problemOf)
}

function problemOf(issue: z.core.$ZodIssue): Problem {
  const path = issue.path.join('.')
  return { path, text: textOf(issue, path) }
}

function textOf(issue: z.core.$ZodIssue, path: string): string {
  const form = FORMS.find(([pattern]) => pattern.test(path))?.[1]
  switch (issue.code) {
    case 'too_small':
      return issue.origin === 'array'
        ? 'Enter at least one.'
        : issue.origin === 'string'
          ? (form ?? 'Required.')
          : `At least ${issue.minimum}.`
    case 'too_big':
      return issue.origin === 'string'
        ? `At most ${issue.maximum} characters.`
        : `At most ${issue.maximum}.`
    case 'invalid_format':
      return form ?? 'This has the wrong format.'
    case 'invalid_type':
      return form ?? (issue.expected === 'string' ? 'Required.' : 'This value is not allowed here.')
    case 'unrecognized_keys':
      return `Unknown: ${issue.keys.join(', ')}.`
    default:
      return (
        form ??
        (issue.message === 'Invalid input' ? 'This value is not allowed here.' : issue.message)
      )
  }
}

/** What is wrong with a field or a part of it. Lines of a list have their number. */
export function problemAt(problems: readonly Problem[], path: string): string | undefined {
  const found = problems.filter(
    (problem) => problem.path === path || problem.path.startsWith(`${path}.`),
  )
  const lines = found.map(({ path: where, text }) => {
    const line = /^\d+$/.exec(where.slice(path.length + 1))?.[0]
    return line === undefined ? text : `Line ${Number(line) + 1}: ${text}`
  })
  return lines.length > 0 ? [...new Set(lines)].join(' ') : undefined
}

/** A part of the settings that the service refuses, and the field of the form for it. */
export interface Refused {
  action: string
  problem: Problem
}

/** Returns the field of the form that a refusal is about, if there is one. */
export function refusedField(
  { place, message }: { place?: SettingsPlace; message: string },
  actions: readonly { action: string }[] = [],
): Refused | undefined {
  const index = actions.findIndex(({ action }) => action === place?.action)
  if (place?.entry === undefined || index < 0) return undefined
  const { action, entry } = place
  const text = message.replaceAll('`', '')
  return { action, problem: { path: `actions.${index}.stricter.${entry}.when`, text } }
}

/** Puts the focus where something is wrong. Whether that is on this page. */
export function focusFirstWrong(): boolean {
  const field = document.querySelector<HTMLElement>('main [aria-invalid="true"]')
  field?.focus()
  return field !== null
}
