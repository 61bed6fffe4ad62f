// The language of conditions: what is supported, the messages for everything else, how JSON is converted, and how
// values are formatted.
import { beforeAll, describe, expect, it } from 'vitest'
import { type ActionEntry, readsDetails, type SettingsPlace } from '../../contract/index.ts'
import {
  type Conditions,
  type Facts,
  formatValue,
  loadConditions,
  variablesOf,
} from '../../functions/domain/conditions/condition.ts'
import { checkConditions } from '../../functions/domain/conditions/condition-check.ts'
import {
  COLLECTION_MAX_ELEMENTS,
  celValue,
  TEXT_MAX_CHARACTERS,
} from '../../functions/domain/conditions/condition-values.ts'
import { laterRefusalOf, NOW } from '../support/rules.ts'

let conditions: Conditions
beforeAll(async () => {
  conditions = await loadConditions()
})

const FACTS: Facts = {
  subject: { enrolled: true, totp: true, passkey: false, recovery: true },
  request: { time: NOW },
}
const run = (when: string, more: Partial<Facts> = {}, schema?: Record<string, unknown>) =>
  conditions.evaluate(when, variablesOf({ ...FACTS, ...more }, schema))
const matches = (when: string, more: Partial<Facts> = {}) =>
  expect([when, run(when, more)]).toEqual([when, { outcome: 'matched' }])
const mistake = (when: string) => conditions.check(when)

describe('a word of the language', () => {
  it.each([
    'has(details.text)',
    'size(details.text) == 5',
    'int("3") == 3',
    'double("1.5") == 1.5',
    'string(3) == "3"',
    'bool("true")',
    'timestamp("2027-01-15T08:00:00Z") == request.time',
    'duration("60s") < duration("61s")',
    'details.text.size() == 5',
    'details.text.contains("l") && details.text.startsWith("H") && details.text.endsWith("o")',
    'details.text.indexOf("l") == 2 && details.text.lastIndexOf("l") == 3',
    'details.text.substring(1, 3) == "el"',
    'details.text.lowerAscii() == "hello" && details.text.upperAscii() == "HELLO"',
    '" x ".trim() == "x"',
    'request.time.getFullYear() == 2027 && request.time.getMonth() == 0',
    'request.time.getDate() == 15 && request.time.getDayOfMonth() == 14',
    'request.time.getDayOfWeek() == 5 && request.time.getDayOfYear() == 14',
    'request.time.getHours() == 8 && request.time.getMinutes() == 0',
    'request.time.getSeconds() == 0 && request.time.getMilliseconds() == 0',
    'request.time.getHours("Europe/Amsterdam") == 9',
    'details.list.all(x, x > 0) && details.list.exists(x, x == 2) && details.list.exists_one(x, x == 2)',
    'details.list.filter(x, x > 1).size() == 2 && details.list.map(x, x * 2.0)[0] == 2',
    '{"a": 1}["a"] == 1 && [1, 2][1] == 2 && !(3 in [1, 2]) && -1 < 0',
    'details.list.exists(x, x == details.list[0]) ? true : false',
  ])('does what it says: %s', (when) => {
    const details = { text: 'Hello', list: [1, 2, 3] }
    expect(mistake(when)).toBeUndefined()
    matches(when, { details })
  })

  it.each<[when: string, at: number, what: string]>([
    [
      'details.a.matches("x")',
      1,
      '`matches` is not supported in conditions: a pattern can take seconds',
    ],
    [
      'true && matches("a", "b")',
      9,
      '`matches` is not supported in conditions: a pattern can take seconds',
    ],
    ['details.a.split(",").size() > 1', 1, '`split` is not supported in conditions'],
    ['dyn(details.a)', 1, '`dyn` is not supported in conditions'],
    [
      'amount > 1',
      1,
      '`amount` is not known: a condition reads details, subject, session, request',
    ],
    [
      'details.l.all(x, y > 1)',
      18,
      '`y` is not known: a condition reads details, subject, session, request',
    ],
    ['duration(details.a) > duration("1s")', 1, '`duration` takes a written text, like "24h"'],
    [
      'request.time.getHours(details.zone) == 1',
      1,
      '`getHours` takes a written time zone, like "Europe/Amsterdam", and takes no time zone inside all, exists, exists_one, filter, map',
    ],
    [
      'details.l.all(x, request.time.getHours("UTC") == 1)',
      18,
      '`getHours` takes a written time zone, like "Europe/Amsterdam", and takes no time zone inside all, exists, exists_one, filter, map',
    ],
    ['details.l.all(details, true)', 1, '`all` needs a new name for each element'],
    ['details.l.exists(session, true)', 1, '`exists` needs a new name for each element'],
    [
      'details.l.all(x, x.exists(y, true))',
      18,
      '`exists` cannot be combined with another of all, exists, exists_one, filter, map',
    ],
    [
      'details.l.filter(x, x > 1).all(y, y > 2)',
      1,
      '`all` cannot be combined with another of all, exists, exists_one, filter, map',
    ],
  ])('is not %s', (when, at, what) => {
    expect(mistake(when)).toEqual({ at, what })
    expect(run(when, { details: {} })).toEqual({ outcome: 'failed', why: what })
  })

  it('may say the hour without a zone inside a list, and read what is not its element', () => {
    expect(mistake('details.l.all(x, request.time.getHours() < x)')).toBeUndefined()
    expect(mistake('details.l.all(x, has(details.b) && x > details.b)')).toBeUndefined()
  })

  it('is one of at most 1,024 bytes', () => {
    const of = (bytes: number) => `true${' '.repeat(bytes - 4)}`
    expect(mistake(of(1024))).toBeUndefined()
    expect(mistake(of(1025))).toEqual({ at: 1, what: 'it is 1025 bytes long: the limit is 1024' })
  })

  it.each([
    ['a condition without end', Array.from({ length: 200 }, () => 'true').join(' && ')],
    ['a list without end', `1 in [${Array.from({ length: 65 }, () => '1').join()}]`],
    ['a map without end', `{${Array.from({ length: 17 }, (_, n) => `"${n}":1`).join()}} != {}`],
    ['brackets without end', `${'('.repeat(30)}true${')'.repeat(30)}`],
    ['arguments without end', 'size(1, 2, 3, 4, 5) > 1'],
  ])('is not %s', (_what, when) => {
    expect(when.length).toBeLessThan(1024 * 2)
    expect(mistake(when)).toBeDefined()
  })
})

describe('what a condition comes to', () => {
  it.each<[when: string, more: Partial<Facts>]>([
    ['subject.enrolled && subject.kinds == ["totp", "recovery"]', {}],
    [
      'subject.newestFactorAgeSeconds == 60 && subject.lastStepUpAgeSeconds == 0',
      {
        subject: { ...FACTS.subject, newestFactorAgeSeconds: 60.9, lastStepUpAgeSeconds: 0.2 },
      },
    ],
    ['!has(subject.newestFactorAgeSeconds) && !has(subject.lastStepUpAgeSeconds)', {}],
    [
      'session.claims.level == 2 && session.ageSeconds == 5',
      { session: { claims: { level: 2 }, ageSeconds: 5 } },
    ],
    ['!has(session.claims) && session.ageSeconds == 5', { session: { ageSeconds: 5 } }],
    ['request.country == "NL"', { request: { time: NOW, country: 'NL' } }],
    ['!has(request.country)', {}],
    [
      'details.a == null && details.b == [true] && details.c.d == "x"',
      { details: { a: null, b: [true], c: { d: 'x' } } },
    ],
  ])('follows from the facts: %s', (when, more) => {
    matches(when, more)
  })

  it.each<[when: string, why: string]>([
    ['session.ageSeconds > 1', 'session is not known'],
    ['request.country == "NL"', 'request.country is not known'],
    ['subject.kinds.size()', 'it is neither true nor false'],
  ])('cannot be told: %s', (when, why) => {
    expect(run(when)).toMatchObject({ outcome: 'failed' })
    const { why: told } = run(when) as { why: string }
    expect(told).toContain(why)
  })

  it('is explained by the values that were read, each once, and by the condition with them filled in', () => {
    const when = 'has(details.amount) && details.amount > 1 && details.amount < size(details.list)'
    const facts = { ...FACTS, details: { amount: 1500, list: [1] } }
    expect(conditions.explain(when, variablesOf(facts))).toEqual({
      result: { outcome: 'unmatched' },
      values: [
        { path: 'details.amount', value: 1500 },
        { path: 'details.list', value: [1] },
      ],
      filled: 'has(details.amount) && 1500 > 1 && 1500 < size(details.list)',
    })
  })

  it('is explained as it stands where it cannot be read', () => {
    expect(conditions.explain('nothing(', variablesOf(FACTS))).toMatchObject({
      result: { outcome: 'failed' },
      values: [],
      filled: 'nothing(',
    })
    expect(conditions.explain('details.a > 1', variablesOf(FACTS))).toMatchObject({
      values: [],
      filled: 'details.a > 1',
    })
  })

  it('may read details where it names them, also inside a word of its own', () => {
    const cases = ['details.a', '"details" == x', 'mydetails', 'detailsx', 'subject.enrolled']
    expect(cases.map(readsDetails)).toEqual([true, true, false, false, false])
  })
})

describe('a value of JSON', () => {
  const SCHEMA = {
    type: 'object',
    properties: { n: { type: 'integer' }, list: { type: 'array', items: { type: 'integer' } } },
    additionalProperties: { type: 'integer' },
  }

  it('is an integer where the schema says so and it is one, and else a double', () => {
    expect(celValue(5)).toBe(5)
    expect(celValue(5, { type: 'integer' })).toBe(5n)
    expect(celValue(5.5, { type: 'integer' })).toBe(5.5)
    expect(celValue(5, { type: 'number' })).toBe(5)
    expect(celValue({ n: 5, list: [1, 2], other: 7 }, SCHEMA)).toEqual(
      new Map<string, unknown>([
        ['n', 5n],
        ['list', [1n, 2n]],
        ['other', 7n],
      ]),
    )
    expect(celValue({ toString: 7 }, { properties: {} })).toEqual(new Map([['toString', 7]]))
    expect(celValue({ n: 5 }, { properties: 7 })).toEqual(new Map([['n', 5]]))
    expect(celValue([5], [{ type: 'integer' }])).toEqual([5])
  })

  it.each([['text'], [''], [true], [false], [null]])('is itself: %j', (value) => {
    expect(celValue(value)).toBe(value)
  })

  it('is nothing where JSON has no such thing', () => {
    expect([celValue(undefined), celValue(() => 1)]).toEqual([null, null])
  })

  it('is not looked into where it has more than 256 elements or members', () => {
    expect(COLLECTION_MAX_ELEMENTS).toBe(256)
    const list = Array.from({ length: 257 }, () => 1)
    const object = Object.fromEntries(list.map((one, index) => [`k${index}`, one]))
    expect(typeof celValue(list)).toBe('symbol')
    expect(typeof celValue(object)).toBe('symbol')
    expect(celValue(list.slice(1))).toHaveLength(256)
    delete object.k0
    expect(celValue(object)).toHaveProperty('size', 256)
  })

  it('is not evaluated where it is a text of more than 1024 characters', () => {
    expect(TEXT_MAX_CHARACTERS).toBe(1024)
    expect(celValue('x'.repeat(1024))).toBe('x'.repeat(1024))
    expect(typeof celValue('x'.repeat(1025))).toBe('symbol')
  })

  it('is formatted in a sentence as JSON, short', () => {
    const long = Array.from({ length: 257 }, () => 1)
    expect(formatValue(celValue('a"b'))).toBe('"a\\"b"')
    expect(formatValue(5n)).toBe('5')
    expect(formatValue(celValue({ a: [5, { b: null }] }, {}))).toBe('{"a":[5,{"b":null}]}')
    expect(formatValue([5n])).toBe('[5]')
    expect(formatValue(celValue(long))).toBe('too large to read')
    expect(formatValue(celValue({ a: long }))).toBe('{"a":"…"}')
    expect(formatValue(new Date(NOW * 1000))).toBe('2027-01-15T08:00:00.000Z')
    expect(formatValue('x'.repeat(58))).toBe(`"${'x'.repeat(58)}"`)
    expect(formatValue('x'.repeat(59))).toBe(`"${'x'.repeat(59)}…`)
  })
})

describe('the names and types that are checked', () => {
  const AMOUNT = { type: 'object', properties: { amount: { type: 'number' } } }
  const unknown = { at: 9, what: 'details.amout is not known' }

  it.each<[what: string, more: Record<string, unknown>, open: boolean]>([
    ['nothing more', {}, false],
    ['nothing beside them', { additionalProperties: false }, false],
    ['anything beside them', { additionalProperties: true }, false],
    ['others of a kind', { additionalProperties: { type: 'string' } }, true],
    ['one of several forms', { anyOf: [{}] }, true],
    ['exactly one of several forms', { oneOf: [{}] }, true],
    ['all of several forms', { allOf: [{}] }, true],
  ])('of a schema that says its properties and %s: open is %j', (_what, more, open) => {
    const found = conditions.check('details.amout > 1.0', { ...AMOUNT, ...more })
    expect(found).toEqual(open ? undefined : unknown)
  })

  it.each<[when: string, part: unknown, what: RegExp | undefined]>([
    ['details.a == 1', { type: 'boolean' }, /bool == int/],
    ['details.a == 1', { type: 'string' }, /string == int/],
    ['details.a == "x"', { type: 'integer' }, /int == string/],
    ['details.a == "x"', { type: ['integer', 'string'] }, undefined],
    ['details.a == "x"', true, undefined],
    ['details.a == "x"', {}, undefined],
    ['details.a.b == "x"', { type: 'object' }, undefined],
    ['details.a.b == "x"', { type: 'object', properties: {} }, /details\.a\.b is not known/],
    ['details.a[0] == "x"', { type: 'array' }, undefined],
    ['details.a[0] == "x"', { type: 'array', items: { type: 'boolean' } }, /bool == string/],
    [
      'details.a[0].c == 1',
      { type: 'array', items: { type: 'object', properties: { b: { type: 'string' } } } },
      /c is not known/,
    ],
  ])('%s where it is %j', (when, part, what) => {
    const found = conditions.check(when, { type: 'object', properties: { a: part } })
    if (what) expect(found?.what).toMatch(what)
    else expect(found).toBeUndefined()
  })

  it('say that one thousand is one thousand with a point, and not one thousand and one', () => {
    const details = { a: 1000 }
    matches('details.a == 1000 && details.a == 1000.0 && !(details.a == 1001)', { details })
  })

  it('are not asked for where only their presence is, but for a word that is not offered', () => {
    const schema = { type: 'object', properties: { amount: { type: 'number' } } }
    expect(conditions.check('has(details.amount)', schema)).toBeUndefined()
    expect(conditions.check('true && has(details.amout)', schema)).toEqual({
      at: 21,
      what: 'details.amout is not known',
    })
  })
})

describe('conditions that are saved', () => {
  const refused = (entry: Partial<ActionEntry>) =>
    laterRefusalOf(checkConditions([{ action: 'order.refund', scope: 's', ...entry }]))
  const SCHEMA = { type: 'object', properties: { amount: { type: 'number' } } }

  it.each<[entry: Partial<ActionEntry>, place: Omit<SettingsPlace, 'action'>, message: string]>([
    [
      { stricter: [{ when: 'true' }, { when: 'details.a.matches("x")' }] },
      { entry: 1, at: 1 },
      '`order.refund`, condition 2, at 1: `matches` is not supported in conditions: a pattern can take seconds.',
    ],
    [
      { detailsSchema: SCHEMA, stricter: [{ when: 'details.amout > 1.0' }] },
      { entry: 0, at: 9 },
      '`order.refund`, condition 1, at 9: details.amout is not known.',
    ],
    [
      { detailsSchema: {} },
      {},
      '`order.refund`, detailsSchema, it must describe an object: set `type` to object.',
    ],
    [
      { detailsSchema: SCHEMA, base: { details: 'none' } },
      {},
      '`order.refund`: `details` is "none", so remove `detailsSchema`.',
    ],
    [
      { action: 'credential.link', detailsSchema: SCHEMA },
      {},
      '`credential.link` changes factors and has no details: remove its `detailsSchema`.',
    ],
    [
      { action: 'credential.link', stricter: [{ when: 'details.a == 1' }] },
      { entry: 0 },
      '`credential.link`, condition 1: this action changes factors and has no details to read or require.',
    ],
    [
      { action: 'credential.link', stricter: [{ when: 'true', details: 'required' }] },
      { entry: 0 },
      '`credential.link`, condition 1: this action changes factors and has no details to read or require.',
    ],
  ])('are refused with the place of the mistake: %j', async (entry, place, message) => {
    const { action = 'order.refund' } = entry
    const expected = { reason: 'input_invalid', message, place: { action, ...place } }
    expect(await refused(entry)).toEqual(expected)
  })

  it.each<[entry: Partial<ActionEntry>]>([
    [{}],
    [{ stricter: [] }],
    [{ stricter: [{ when: 'details.a == 1', details: 'required' }] }],
    [{ detailsSchema: SCHEMA, base: { details: 'optional' } }],
    [{ detailsSchema: SCHEMA, stricter: [{ when: 'details.amount > 1.0' }] }],
    [{ action: 'credential.link', stricter: [{ when: 'subject.enrolled', details: 'optional' }] }],
  ])('may be %j', async (entry) => {
    await expect(
      checkConditions([{ action: 'order.refund', scope: 's', ...entry }]),
    ).resolves.toBeUndefined()
  })
})
