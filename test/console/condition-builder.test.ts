// The conditions that the page writes: each is one that the service accepts, and decides as its title says.
import { beforeAll, describe, expect, it } from 'vitest'
import {
  bothOf,
  CONDITION_KINDS,
  completionAt,
  detailNames,
  readableNames,
  writeCondition,
} from '../../console/model/condition-builder.ts'
import {
  type Conditions,
  type Facts,
  loadConditions,
  variablesOf,
} from '../../functions/domain/conditions/condition.ts'

const SCHEMA = {
  type: 'object',
  properties: {
    amount: { type: 'number' },
    payee: { type: 'string' },
    currency: { type: 'string' },
    recipient: { type: 'string' },
    address: { type: 'object', properties: { city: { type: 'string' } } },
  },
}
const NOON = Date.UTC(2026, 0, 5, 12) / 1000
const DETAILS = { amount: 1000, payee: 'bob', currency: 'EUR', recipient: 'ada' }
const USUAL: Facts = {
  details: DETAILS,
  subject: {
    ...{ enrolled: true, totp: true, passkey: false, recovery: true },
    ...{ newestFactorAgeSeconds: 90_000, lastStepUpAgeSeconds: 60 },
  },
  session: { claims: { payees: ['bob'], risk: 'low' }, ageSeconds: 60 },
  request: { country: 'NL', time: NOON },
}

/** For each kind: values for its fields, and facts that make it match. */
const MATCHING: Record<string, [values: Record<string, string>, facts: Partial<Facts>]> = {
  amount: [{ detail: 'amount', limit: '1000' }, { details: { ...DETAILS, amount: 1000.5 } }],
  payee: [{ detail: 'payee', claim: 'payees' }, { details: { ...DETAILS, payee: 'eve' } }],
  oneOf: [{ detail: 'currency', words: 'USD, BTC' }, { details: { ...DETAILS, currency: 'BTC' } }],
  noneOf: [
    { detail: 'recipient', words: 'ada, "b' },
    { details: { ...DETAILS, recipient: 'eve' } },
  ],
  factor: [{ seconds: '86400' }, { subject: { ...USUAL.subject, newestFactorAgeSeconds: 60 } }],
  stepUp: [{ seconds: '3600' }, { subject: { ...USUAL.subject, lastStepUpAgeSeconds: 3601 } }],
  session: [{ seconds: '3600' }, { session: { claims: {}, ageSeconds: 3601 } }],
  claim: [
    { claim: 'risk', value: 'high' },
    { session: { claims: { risk: 'high' }, ageSeconds: 60 } },
  ],
  country: [{ words: 'nl, de' }, { request: { country: 'FR', time: NOON } }],
  hours: [{ from: '8', to: '18' }, { request: { country: 'NL', time: NOON + 8 * 3600 } }],
}

let conditions: Conditions
beforeAll(async () => {
  conditions = await loadConditions()
})
const outcomeOf = (when: string, facts: Partial<Facts>) =>
  conditions.evaluate(when, variablesOf({ ...USUAL, ...facts }, SCHEMA)).outcome

describe('a condition made in the builder', () => {
  it.each(CONDITION_KINDS)('is one that the service accepts and decides: $title', ({ id }) => {
    const [values, facts] = MATCHING[id] ?? [{}, {}]
    const when = writeCondition(id, values) ?? ''
    expect(conditions.check(when, SCHEMA)).toBeUndefined()
    expect(outcomeOf(when, {})).toBe('unmatched')
    expect(outcomeOf(when, facts)).toBe('matched')
  })

  it.each(CONDITION_KINDS)('is not written while a field is empty: $title', ({ id, fields }) => {
    const [values] = MATCHING[id] ?? [{}]
    for (const { name } of fields) {
      expect(writeCondition(id, { ...values, [name]: ' ' })).toBeUndefined()
    }
  })

  it('cannot be made to say something else by what is typed', () => {
    const values = { detail: 'payee" || true || "', words: '"], true || ["' }
    const when = writeCondition('oneOf', values) ?? ''
    expect(when).toBe(String.raw`details["payee\" || true || \""] in ["\"]", "true || [\""]`)
    expect(writeCondition('amount', { detail: 'amount', limit: '1 || true' })).toBeUndefined()
  })

  it('is joined with what is there, so that both must hold', () => {
    expect(bothOf('', 'a')).toBe('a')
    expect(bothOf('a', 'b')).toBe('a && b')
    expect(bothOf('a || b', 'c || d')).toBe('(a || b) && (c || d)')
  })
})

describe('the names of a condition', () => {
  it('are those of the schema and of what every condition can read', () => {
    expect(detailNames(SCHEMA)).toContainEqual({ name: 'amount', isNumeric: true })
    const names = readableNames(SCHEMA)
    expect(names.slice(0, 6)).toEqual([
      ...['details.amount', 'details.payee', 'details.currency', 'details.recipient'],
      ...['details.address', 'details.address.city'],
    ])
    expect(names).toContain('subject.lastStepUpAgeSeconds')
    for (const name of names)
      expect(conditions.check(`has(${name})`, { ...SCHEMA })).toBeUndefined()
  })

  it('complete the one that is being typed', () => {
    const names = readableNames(SCHEMA)
    const when = '!details.am && true'
    expect(completionAt(when, 11, names)).toEqual({ start: 1, names: ['details.amount'] })
    expect(completionAt(when, 0, names).names).toEqual([])
    expect(completionAt('details.amount', 14, names).names).toEqual([])
  })
})
