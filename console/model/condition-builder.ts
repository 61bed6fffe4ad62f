// The usual conditions of a stricter case, written in CEL from a few fields, so that an operator need not know
// the language. What they read and how a missing value counts is in docs/policy.md.
import { isRecord } from 'countersign/contract'

/** One field of a condition. `detail` and `numericDetail` are filled from the names in the schema of details. */
export interface ConditionField {
  name: string
  label: string
  type: 'number' | 'duration' | 'text' | 'words' | 'detail' | 'numericDetail' | 'hour'
  initial: string
}

/** A kind of condition: its fields, and how it is written. */
export interface ConditionKind {
  id: string
  title: string
  fields: readonly ConditionField[]
  write: (values: Record<string, string>) => string
}

const field = (
  name: string,
  label: string,
  type: ConditionField['type'],
  initial = '',
): ConditionField => ({ name, label, type, initial })

/** A text as CEL writes it. */
const quoted = (text: string): string => JSON.stringify(text)
/** Words that are separated by commas, as a list. */
const listed = (words = ''): string =>
  `[${words
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)
    .map(quoted)
    .join(', ')}]`
/** A member of a map. */
const member = (map: string, name = ''): string =>
  /^[A-Za-z_]\w*$/.test(name) ? `${map}.${name}` : `${map}[${quoted(name)}]`
const detail = (name: string | undefined): string => member('details', name)
const known = (path: string, rest: string): string => `has(${path}) && ${path} ${rest}`

/** Where a number or a text is missing, the condition is not complete and nothing is written. */
const filled = (kind: ConditionKind, values: Record<string, string>): boolean =>
  kind.fields.every(({ name, type }) => {
    const value = values[name]?.trim() ?? ''
    if (type === 'number' || type === 'duration') return /^\d+(\.\d+)?$/.test(value)
    if (type === 'hour') return /^\d{1,2}$/.test(value) && Number(value) < 24
    return value !== ''
  })

/** The usual conditions. */
export const CONDITION_KINDS: readonly ConditionKind[] = [
  {
    id: 'amount',
    title: 'A number is over a limit',
    fields: [
      field('detail', 'Number', 'numericDetail', 'amount'),
      field('limit', 'Over', 'number', '1000'),
    ],
    write: ({ detail: name, limit }) => `${detail(name)} > ${limit}`,
  },
  {
    id: 'payee',
    title: 'A new payee',
    fields: [
      field('detail', 'Payee', 'detail', 'payee'),
      field('claim', 'Claim with the known payees', 'text', 'payees'),
    ],
    write: ({ detail: name, claim }) => `!(${detail(name)} in ${member('session.claims', claim)})`,
  },
  {
    id: 'oneOf',
    title: 'A value is one of a list',
    fields: [
      field('detail', 'Value', 'detail', 'currency'),
      field('words', 'One of, separated by commas', 'words'),
    ],
    write: ({ detail: name, words }) => `${detail(name)} in ${listed(words)}`,
  },
  {
    id: 'noneOf',
    title: 'A value is not in a list',
    fields: [
      field('detail', 'Value', 'detail', 'recipient'),
      field('words', 'None of, separated by commas', 'words'),
    ],
    write: ({ detail: name, words }) => `!(${detail(name)} in ${listed(words)})`,
  },
  {
    id: 'factor',
    title: 'The newest factor is young',
    fields: [field('seconds', 'Younger than (seconds)', 'duration', '86400')],
    write: ({ seconds }) => known('subject.newestFactorAgeSeconds', `< ${seconds}`),
  },
  {
    id: 'stepUp',
    title: 'No recent step-up',
    fields: [field('seconds', 'None within (seconds)', 'duration', '3600')],
    write: ({ seconds }) =>
      `!has(subject.lastStepUpAgeSeconds) || subject.lastStepUpAgeSeconds > ${seconds}`,
  },
  {
    id: 'session',
    title: 'An old sign-in',
    fields: [field('seconds', 'Older than (seconds)', 'duration', '3600')],
    write: ({ seconds }) => `session.ageSeconds > ${seconds}`,
  },
  {
    id: 'claim',
    title: 'A claim of the session has a value',
    fields: [field('claim', 'Claim', 'text', 'risk'), field('value', 'Value', 'text', 'high')],
    write: ({ claim, value = '' }) =>
      `${member('session.claims', claim)} == ${/^(true|false)$/.test(value) ? value : quoted(value)}`,
  },
  {
    id: 'country',
    title: 'An unusual country',
    fields: [field('words', 'Usual countries (DE, NL, …)', 'words')],
    write: ({ words }) => `!(request.country in ${listed(words?.toUpperCase())})`,
  },
  {
    id: 'hours',
    title: 'Outside of office hours (UTC)',
    fields: [field('from', 'From', 'hour', '8'), field('to', 'To', 'hour', '18')],
    write: ({ from, to }) =>
      `request.time.getHours() < ${from} || request.time.getHours() >= ${to}`,
  },
]

/**
 * Writes a condition.
 *
 * @returns undefined while a field is empty or not of its type
 * @example writeCondition('amount', { detail: 'amount', limit: '1000' }) // 'details.amount > 1000'
 */
export function writeCondition(id: string, values: Record<string, string>): string | undefined {
  const kind = CONDITION_KINDS.find((one) => one.id === id)
  if (!kind || !filled(kind, values)) return undefined
  const trimmed = Object.entries(values).map(([name, value]) => [name, value.trim()])
  return kind.write(Object.fromEntries(trimmed))
}

/** Both conditions at once; one that offers a choice is put in brackets. */
export function bothOf(first: string, second: string): string {
  const whole = (when: string) => (/\|\||\?/.test(when) ? `(${when})` : when)
  return first ? `${whole(first)} && ${whole(second)}` : second
}

/** Names that a condition can read without a schema. */
const NAMES = [
  'subject.enrolled',
  'subject.kinds',
  'subject.newestFactorAgeSeconds',
  'subject.lastStepUpAgeSeconds',
  'session.ageSeconds',
  'session.claims',
  'request.country',
  'request.time',
]

/** A name of the details, and whether it is a number. */
export interface DetailName {
  name: string
  isNumeric: boolean
}

/** Returns the members that a schema of details names. */
export function detailNames(schema: unknown): DetailName[] {
  const properties = isRecord(schema) && isRecord(schema.properties) ? schema.properties : {}
  return Object.entries(properties).map(([name, one]) => ({
    name,
    isNumeric: isRecord(one) && (one.type === 'number' || one.type === 'integer'),
  }))
}

/** Every name that a condition of an action can read: those of the details, nested ones too, come first. */
export function readableNames(schema: unknown): string[] {
  const nested = (path: string, one: unknown): string[] => {
    const inner = detailNames(one).flatMap(({ name }) => {
      const properties = isRecord(one) && isRecord(one.properties) ? one.properties : {}
      return nested(member(path, name), properties[name])
    })
    return path === 'details' ? inner : [path, ...inner]
  }
  return [...nested('details', schema), ...NAMES]
}

/** The word before the caret, where a name is being typed, and the names that complete it. */
export interface Completion {
  start: number
  names: string[]
}

const COMPLETIONS_SHOWN = 6

/**
 * Completes the name that is being typed.
 *
 * @param caret the position in the condition
 * @example completionAt('details.am', 10, ['details.amount']) // { start: 0, names: ['details.amount'] }
 */
export function completionAt(when: string, caret: number, names: readonly string[]): Completion {
  const typed = /[A-Za-z_][\w.]*$/.exec(when.slice(0, caret))?.[0] ?? ''
  const found = names.filter((name) => typed !== '' && name.startsWith(typed) && name !== typed)
  return { start: caret - typed.length, names: found.slice(0, COMPLETIONS_SHOWN) }
}
