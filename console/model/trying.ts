// What is typed into "Try it" as an input of the contract, and what is wrong with it.
import { PolicySimulateInput, type SubjectFacts } from 'countersign/contract'
import { parseObject } from '../parts/value-fields.tsx'
import { problemsOf } from './problems.ts'

export const HAVING = ['enrolled', 'totp', 'passkey', 'recovery'] as const
export const START = {
  who: 'facts' as 'facts' | 'subject' | 'nobody',
  subject: '',
  having: ['enrolled', 'totp'] as (typeof HAVING)[number][],
  newestFactorAgeSeconds: '',
  lastStepUpAgeSeconds: '',
  details: '',
  claims: '',
  ageSeconds: '',
  country: '',
  time: '',
}
export type Typed = typeof START

/** Facts that are folded away at first. */
export const FOLDED = [
  'newestFactorAgeSeconds',
  'lastStepUpAgeSeconds',
  'claims',
  'ageSeconds',
  'country',
  'time',
] as const

/** What is typed as an input of the contract, and what is wrong with it. */
export function inputOf(typed: Typed, environment: string, action: string) {
  const errors: Partial<Record<keyof Typed, string>> = {}
  const json = (name: 'details' | 'claims') => {
    if (!typed[name].trim()) return undefined
    const value = parseObject(typed[name])
    if (typeof value !== 'string') return value
    errors[name] = value
    return undefined
  }
  const details = json('details')
  const claims = json('claims')
  const seconds = (name: 'newestFactorAgeSeconds' | 'lastStepUpAgeSeconds' | 'ageSeconds') => {
    // Nobody sees the ages of somebody made up while they try it for another.
    if (!typed[name] || (name !== 'ageSeconds' && typed.who !== 'facts')) return {}
    if (/^\d{1,9}$/.test(typed[name])) return { [name]: Number(typed[name]) }
    errors[name] = 'Enter a whole number.'
    return {}
  }
  const time = typed.time ? Math.floor(Date.parse(typed.time) / 1000) : undefined
  if (Number.isNaN(time)) errors.time = 'Enter a time, such as 2030-01-31T22:00Z.'
  const facts = {
    ...(Object.fromEntries(HAVING.map((name) => [name, typed.having.includes(name)])) as Record<
      (typeof HAVING)[number],
      boolean
    >),
    ...seconds('newestFactorAgeSeconds'),
    ...seconds('lastStepUpAgeSeconds'),
  } satisfies SubjectFacts
  const session = { ...(claims && { claims }), ...seconds('ageSeconds') }
  const request = {
    ...(typed.country && { country: typed.country }),
    ...(time !== undefined && !Number.isNaN(time) && { time }),
  }
  const input = {
    environment,
    action,
    ...(typed.who === 'subject' && { subject: typed.subject }),
    ...(typed.who === 'facts' && { facts }),
    ...(details && { details }),
    ...(Object.keys(session).length > 0 && { session }),
    ...(Object.keys(request).length > 0 && { request }),
  }
  for (const { path, text } of problemsOf(PolicySimulateInput, input)) {
    const name = path.split('.').at(-1) as keyof Typed
    if (name in START) errors[name] ??= text
  }
  return { input, errors }
}
