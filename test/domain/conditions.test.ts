// Conditions: which can be saved, the position of a mistake, and the result with the facts of a call.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { ActionEntry, readsDetails, type SubjectFacts } from '../../contract/index.ts'
import {
  type Conditions,
  type Facts,
  loadConditions,
  variablesOf,
} from '../../functions/domain/conditions/condition.ts'
import { checkConditions } from '../../functions/domain/conditions/condition-check.ts'
import {
  checkDetails,
  type DetailsSchema,
  schemaFault,
} from '../../functions/domain/details/details-schema.ts'
import { resolveActions } from '../../functions/domain/policy/policy.ts'
import { effectiveAction } from '../../functions/domain/policy/strengthen.ts'
import { Refused } from '../../functions/domain/refusal.ts'

const NOW = 1_800_000_000
const SCHEMA: DetailsSchema = {
  type: 'object',
  properties: {
    amount: { type: 'number' },
    count: { type: 'integer' },
    to: { type: 'string' },
    items: { type: 'array', items: { type: 'object', properties: { price: { type: 'number' } } } },
    tags: { type: 'array', items: { type: 'string' } },
    address: { type: 'object', properties: { country: { type: 'string' } } },
  },
  required: ['amount'],
}

let conditions: Conditions
beforeAll(async () => {
  conditions = await loadConditions()
})

const facts = (more: Partial<Facts> = {}): Facts => ({
  subject: { enrolled: true, totp: true, passkey: false, recovery: true },
  request: { time: NOW },
  ...more,
})
const outcome = (when: string, more: Partial<Facts> = {}, schema?: DetailsSchema) =>
  conditions.evaluate(when, variablesOf(facts(more), schema)).outcome
const withDetails = (when: string, details: Record<string, unknown>, schema?: DetailsSchema) =>
  outcome(when, { details }, schema)

describe('a condition that is saved', () => {
  it.each([
    'details.amount > 1000',
    'details.amount == 1000',
    'details["amount"] > 1000.5',
    'details.items.exists(item, item.price > 100)',
    'has(details.address) && details.address.country != request.country',
    '!(details.to in session.claims.payees)',
    'subject.newestFactorAgeSeconds < 86400',
    '"passkey" in subject.kinds || session.ageSeconds > 3600',
    'request.time.getHours("Europe/Amsterdam") < 6',
    'request.time > timestamp("2030-01-01T00:00:00Z") - duration("24h")',
    'details.to.startsWith("0x") && size(details.to) == 42',
    'session.claims.newPayee',
    'true',
  ])('may be %s', (when) => {
    expect(conditions.check(when, SCHEMA)).toBeUndefined()
  })

  it.each<[when: string, at: number, what: RegExp]>([
    ['details.amout > 1000', 9, /details\.amout is not known/],
    ['true || details["amout"] > 1000', 9, /details\["amout"\] is not known/],
    ['has(details.amout)', 13, /amout is not known/],
    ['details.items.exists(item, item.cost > 1.0)', 33, /item\.cost is not known/],
    ['details.address.city == ""', 17, /details\.address\.city is not known/],
    ['details.to > 1000', 1, /string > int/],
    ['details.amount > "1000"', 1, /double > string/],
    ['true && details.count == "3"', 9, /int == string/],
    ['details.amount + 1 > 3.0', 1, /double \+ int/],
    ['subject.factors > 1', 9, /subject\.factors is not known/],
    ['request.ip == ""', 9, /request\.ip is not known/],
    ['request.country == 31', 1, /string == int/],
    ['amount > 1000', 1, /amount.* is not known/],
    ['cel.bind(a, 1, a > 0)', 1, /`bind` is not supported/],
    ['google.protobuf != 1', 1, /google.* is not known/],
    ['details.amount >', 17, /Unexpected token/],
    ['details.amount', 1, /double, not true or false/],
    ['"yes"', 1, /string, not true or false/],
  ])('is refused where it is %s, at %d', (when, at, what) => {
    const mistake = conditions.check(when, SCHEMA)
    expect(mistake?.what).toMatch(what)
    expect(mistake?.at).toBe(at)
  })

  it('is taken at its word about details where no schema describes them', () => {
    expect(conditions.check('details.amout > 1000')).toBeUndefined()
  })

  it.each([
    'details.to.matches("(a+)+$")',
    'details.to.matches(details.tags[0])',
    'details.tags.exists(tag, tag.matches("a"))',
    '"a".matches("a")',
  ])('uses no regular expression: %s', (when) => {
    expect(conditions.check(when, SCHEMA)?.what).toContain('`matches` is not supported')
  })

  it.each([
    'dyn(details).amout > 1',
    'type(details) == map',
    'b"abc".json().a == 1',
    'details.to.split(",").size() > 1',
    'details.tags.join(",") == ""',
    'uint(1) > 0u',
    'optional.none() == 1',
  ])('uses no function beyond those that are named: %s', (when) => {
    expect(conditions.check(when)).toBeDefined()
  })

  it.each([
    'details.tags.exists(a, details.tags.exists(b, a != b))',
    'details.tags.all(a, size(details.tags.filter(b, b == a)) == 1)',
    'details.tags.map(a, a + a).exists(a, a == "")',
    '[1, 2].exists(a, [[1]].exists(b, b.exists(c, c == a)))',
    'details.tags.exists(a, has(details.to) && details.items.exists_one(i, i.price > 1.0))',
  ])('goes through one list at a time: %s', (when) => {
    expect(conditions.check(when, SCHEMA)?.what).toContain('cannot be combined')
  })

  it('names no element after something that it could be taken for', () => {
    expect(conditions.check('details.tags.exists(subject, subject == "")', SCHEMA)).toBeDefined()
  })

  it('hands no text of a user to what reads it slowly', () => {
    const long = '1'.repeat(2000)
    for (const when of [
      'duration(details.to) > duration("1h")',
      'request.time.getHours(details.to) > 1',
      'details.tags.exists(tag, request.time.getHours("Europe/Amsterdam") > size(tag))',
    ]) {
      expect(conditions.check(when)).toBeDefined()
      expect(withDetails(when, { to: long, tags: ['a'] })).toBe('failed')
    }
  })

  it('is at most 1,024 bytes long, of which a letter may take several', () => {
    const padded = (letter: string, count: number) =>
      conditions.check(`request.country == "${letter.repeat(count)}"`)
    expect(padded('x', 1024 - 21)).toBeUndefined()
    expect(padded('x', 1024 - 21 + 1)?.what).toContain('1025 bytes')
    expect(padded('é', 510)?.what).toMatch(/bytes long: the limit is 1024/)
  })

  it('is nested to a bounded depth', () => {
    const nested = (depth: number) => `${'('.repeat(depth)}true${')'.repeat(depth)}`
    expect(conditions.check(nested(10))).toBeUndefined()
    expect(conditions.check(nested(100))?.what).toContain('maxDepth')
    expect(outcome(nested(10))).toBe('matched')
    expect(outcome(nested(100))).toBe('failed')
    const list = `${'['.repeat(100)}${']'.repeat(100)} == []`
    expect(conditions.check(list)?.what).toContain('maxDepth')
    expect(conditions.check(`${'1+'.repeat(300)}1 > 0`)?.what).toContain('maxAstNodes')
  })

  it.each<[limit: string, most: number, of: (count: number) => string]>([
    ['maxAstNodes', 128, (count) => `${'1+'.repeat(count - 2)}1 > 0`],
    ['maxListElements', 64, (count) => `1 in [${Array(count).fill(1).join()}]`],
    ['maxMapEntries', 16, (count) => `1 in {${Array.from({ length: count }, (_, n) => `${n}:1`)}}`],
  ])('is of a bounded size, also where it was saved before: %s', (limit, most, of) => {
    expect(conditions.check(of(most))).toBeUndefined()
    expect(outcome(of(most))).toBe('matched')
    expect(conditions.check(of(most + 1))?.what).toContain(limit)
    expect(outcome(of(most + 1))).toBe('failed')
  })
})

describe('numbers in details', () => {
  it.each([
    [1500, 'matched'],
    [1000.01, 'matched'],
    [1000, 'unmatched'],
    [999.99, 'unmatched'],
    [-1, 'unmatched'],
    [Number.MAX_SAFE_INTEGER, 'matched'],
  ])('%d is over 1000, or not, with a schema and without one', (amount, expected) => {
    for (const when of ['details.amount > 1000', 'details.amount > 1000.0']) {
      expect(withDetails(when, { amount })).toBe(expected)
      expect(withDetails(when, { amount }, SCHEMA)).toBe(expected)
    }
  })

  it('are equal to what they are equal to, written with a point or without', () => {
    for (const when of ['details.amount == 1000', 'details.amount == 1000.0']) {
      expect(withDetails(when, { amount: 1000 })).toBe('matched')
      expect(withDetails(when, { amount: 1000 }, SCHEMA)).toBe('matched')
      expect(withDetails(when, { amount: 1000.5 }, SCHEMA)).toBe('unmatched')
    }
  })

  it('are counted as integers, and compared with either', () => {
    for (const when of ['size(details.to) == 2', 'size(details.to) == 2.0', '1.0 == 1']) {
      expect(conditions.check(when, SCHEMA)).toBeUndefined()
      expect(withDetails(when, { to: 'ab' }, SCHEMA)).toBe('matched')
    }
  })

  it('are integers where the schema says so, and are divided as such', () => {
    expect(conditions.check('details.count % 2 == 1', SCHEMA)).toBeUndefined()
    expect(withDetails('details.count % 2 == 1', { count: 3 }, SCHEMA)).toBe('matched')
    expect(withDetails('details.count / 2 == 1', { count: 3 }, SCHEMA)).toBe('matched')
  })

  it('lose nothing after the point by being divided where no schema makes them integers', () => {
    expect(withDetails('details.amount / 100.0 > 10', { amount: 1099 })).toBe('matched')
    expect(withDetails('details.amount / 100 > 10', { amount: 1099 })).toBe('failed')
  })

  it.each(['1500', 'NaN', true, null, [1500], { value: 1500 }])(
    'of the wrong type (%j) are not compared, so the condition fails',
    (amount) => {
      expect(withDetails('details.amount > 1000', { amount })).toBe('failed')
      expect(withDetails('details.amount <= 1000', { amount })).toBe('failed')
    },
  )
})

describe('a condition that cannot be evaluated', () => {
  it.each([
    'details.amount > 1000',
    'session.claims.payees == []',
    'session.ageSeconds > 10',
    'has(session.claims.payees)',
    'request.country == "NL"',
    'subject.newestFactorAgeSeconds < 86400',
    'subject.lastStepUpAgeSeconds < 60',
    'subject.enrolled',
  ])('fails where what it reads is unknown: %s', (when) => {
    const nobody = variablesOf({
      subject: { enrolled: true, totp: false, passkey: false, recovery: false },
      request: { time: NOW },
    })
    expect(conditions.evaluate(when, nobody).outcome).toBe(
      when === 'subject.enrolled' ? 'matched' : 'failed',
    )
  })

  it('says what was not known', () => {
    expect(conditions.evaluate('request.country == "NL"', variablesOf(facts()))).toEqual({
      outcome: 'failed',
      why: 'request.country is not known',
    })
    expect(conditions.evaluate('session.ageSeconds > 1', variablesOf(facts()))).toEqual({
      outcome: 'failed',
      why: 'session is not known',
    })
  })

  it('fails rather than throws: division by zero, too large a number, a bad index, no boolean', () => {
    for (const when of [
      '1 / 0 == 1',
      '9223372036854775807 + 1 > 0',
      'details.tags[7] == ""',
      'details.tags[-1] == ""',
      'timestamp(details.to) > request.time',
      'int(details.to) > 1',
      'details.to',
      'details.tags.exists(tag, tag > 1)',
    ])
      expect(withDetails(when, { to: 'x', tags: ['a'] })).toBe('failed')
  })

  it('fails where it was saved by a version that took it and does not compile in this one', () => {
    expect(outcome('this is no condition')).toBe('failed')
    expect(outcome('"a".matches("a")')).toBe('failed')
  })

  it('does not fail where one side of "or" decides', () => {
    expect(outcome('request.country == "NL" || subject.enrolled')).toBe('matched')
  })
})

describe('what a user sends', () => {
  it('takes no key for something of the language', () => {
    const odd = JSON.parse(
      '{"constructor":1,"__proto__":{"amount":1},"hasOwnProperty":2,"toString":3,"amount":1500}',
    )
    expect(withDetails('details.amount > 1000', odd)).toBe('matched')
    expect(withDetails('details.constructor == 1', odd)).toBe('matched')
    expect(withDetails('details.toString == 3', odd)).toBe('matched')
    expect(withDetails('details["__proto__"].amount == 1', odd)).toBe('matched')
    for (const when of [
      'has(details.constructor)',
      'has(details.toString)',
      '"__proto__" in details',
    ])
      expect(withDetails(when, { amount: 1 })).toBe('unmatched')
    expect(withDetails('details.constructor == details.constructor', {})).toBe('failed')
  })

  it('inherits nothing', () => {
    expect(withDetails('details["__proto__"] == 1', { amount: 1 })).toBe('failed')
    expect(withDetails('details.o.valueOf == 1', { o: {} })).toBe('failed')
  })

  it('makes a condition fail, not pass, where a list is too long to go through', () => {
    const payees = Array.from({ length: 257 }, (_, index) => `p${index}`)
    for (const when of [
      'details.payees.exists(p, p == "mallory")',
      'has(details.payees) && "mallory" in details.payees',
      'has(details.payees)',
      'details.payees.all(p, p != "mallory")',
    ]) {
      expect(withDetails(when, { payees })).toBe('failed')
      expect(withDetails(when, { payees: payees.slice(1) })).not.toBe('failed')
    }
  })

  it('makes a condition fail, not pass, where it reads what stands too deep to go into', () => {
    const nested = (levels: number): unknown => (levels === 0 ? [] : { a: nested(levels - 1) })
    for (const [levels, expected] of [
      [15, 'matched'],
      [16, 'failed'],
      [1000, 'failed'],
    ] as const) {
      const when = `details${'.a'.repeat(Math.min(levels, 16))}.all(one, false)`
      expect(conditions.check(when)).toBeUndefined()
      expect(withDetails(when, { a: nested(levels - 1) })).toBe(expected)
      // The other members are read as before.
      expect(withDetails('details.b == 1', { a: nested(levels - 1), b: 1 })).toBe('matched')
    }
  })

  it('makes a condition fail, not pass, where lists in lists stand too deep to go into', () => {
    const nested = (levels: number): unknown => (levels === 0 ? [] : [nested(levels - 1)])
    for (const [levels, expected] of [
      [15, 'matched'],
      [16, 'failed'],
      [1000, 'failed'],
    ] as const) {
      const when = `details.a${'[0]'.repeat(Math.min(levels, 16) - 1)}.all(one, false)`
      expect(withDetails(when, { a: nested(levels - 1) })).toBe(expected)
    }
  })

  it('never makes a condition throw', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (more, amount) => {
        const details = { ...more, amount, list: [amount] }
        for (const when of [
          'details.amount > 1000',
          'details.amount == 1 || details.amount in details.list',
          'details.list.exists(x, x == details.amount && x.y > size(x))',
          'size(details) > 3 && details.amount[0].b == {}',
        ])
          for (const schema of [undefined, SCHEMA])
            expect(['matched', 'unmatched', 'failed']).toContain(withDetails(when, details, schema))
      }),
    )
  })

  it('is not kept from one evaluation to the next', () => {
    const when = 'details.list.exists(x, x > details.limit)'
    expect(withDetails(when, { list: [5], limit: 3 })).toBe('matched')
    expect(withDetails(when, { list: ['x'], limit: 3 })).toBe('failed')
    expect(withDetails(when, { list: [1], limit: 3 })).toBe('unmatched')
    expect(withDetails(when, { list: [1] })).toBe('failed')
  })
})

describe('whether a condition reads details', () => {
  it('is said too often rather than once too seldom', () => {
    for (const when of ['details.a > 1', '1 < details["a"]', 'has(details.a)', 'details == {}'])
      expect(readsDetails(when)).toBe(true)
    for (const when of ['subject.enrolled', 'request.country == "NL"'])
      expect(readsDetails(when)).toBe(false)
    expect(readsDetails('session.claims.details == 1')).toBe(true)
  })
})

describe('an explanation', () => {
  it('names what was read and puts its values into the condition', () => {
    const variables = variablesOf(facts({ details: { amount: 1500, tags: ['a'] } }))
    const when = 'has(details.amount) && details.amount > 1000 && details.tags.exists(t, t == "a")'
    expect(conditions.explain(when, variables)).toEqual({
      result: { outcome: 'matched' },
      values: [
        { path: 'details.amount', value: 1500 },
        { path: 'details.tags', value: ['a'] },
      ],
      filled: 'has(details.amount) && 1500 > 1000 && details.tags.exists(t, t == "a")',
    })
  })

  it('names a place in brackets where its name is written out', () => {
    const variables = variablesOf(facts({ details: { amount: 1500, list: [7] } }))
    const when = 'details["amount"] > 1000 && details.list[0] == 7'
    expect(conditions.explain(when, variables)).toEqual({
      result: { outcome: 'matched' },
      values: [
        { path: 'details["amount"]', value: 1500 },
        { path: 'details.list', value: [7] },
      ],
      filled: '1500 > 1000 && details.list[0] == 7',
    })
  })
})

describe('a schema of details', () => {
  it('is taken where it describes an object with what is offered', () => {
    expect(schemaFault(SCHEMA)).toBeUndefined()
  })

  const at = (to: unknown) => ({ type: 'object', properties: { to } })
  const deep = (levels: number): unknown =>
    levels === 0 ? {} : { type: 'array', items: deep(levels - 1) }
  it.each<[what: string, schema: DetailsSchema, fault: RegExp]>([
    ['no object', { type: 'array' }, /must describe an object/],
    ['no type', {}, /must describe an object/],
    ['a pattern', at({ type: 'string', pattern: '(a+)+$' }), /properties\/to: `pattern`/],
    ['patterns of names', { type: 'object', patternProperties: {} }, /`patternProperties`/],
    ['a format', at({ format: 'email' }), /properties\/to: `format`/],
    ['a reference elsewhere', at({ $ref: 'https://evil.example/s' }), /`\$ref` is not supported/],
    ['a reference to itself', at({ $ref: '#' }), /`\$ref`/],
    ['a reference under a name', { type: 'object', $defs: {} }, /`\$defs`/],
    ['an address of its own', { type: 'object', $id: 'https://x.example' }, /`\$id`/],
    ['an unknown type', at({ type: 'date' }), /`type` must be one of/],
    ['a type that is no text', at({ type: { toString: 1 } }), /`type` must be one of/],
    ['a type in a list in a list', at({ type: [['string']] }), /`type` must be one of/],
    ['no type in a list', at({ type: ['string', null] }), /`type` must be one of/],
    ['a keyword nobody knows', at({ constructor: 1 }), /`constructor` is not supported/],
    ['a keyword of the wrong form', at({ maxLength: '3' }), /maxLength: it must be a number/],
    ['required as a text', { type: 'object', required: 'to' }, /a list of names/],
    ['an own type', { type: 'object', properties: { type: {} } }, /set by Countersign/],
    ['great depth', at(deep(9)), /nested too deep/],
    ['great length', at({ description: 'x'.repeat(8192) }), /longer than 8192 bytes/],
    ['no schema inside', at(3), /a schema must be an object/],
  ])('is refused with %s', (_what, schema, fault) => {
    expect(schemaFault(schema)).toMatch(fault)
  })

  const refusalOf = (details: Record<string, unknown>, detailsSchema: DetailsSchema) => {
    try {
      checkDetails(details, { action: 'order.refund', detailsSchema })
      return undefined
    } catch (error) {
      return error instanceof Refused ? error.refusal : Promise.reject(error)
    }
  }

  it('refuses details that do not satisfy it, with the place and no value', () => {
    expect(refusalOf({ amount: 1 }, SCHEMA)).toBeUndefined()
    expect(refusalOf({ amount: 'secret' }, SCHEMA)).toMatchObject({
      reason: 'input_invalid',
      message: expect.stringContaining('/amount: type'),
    })
    expect(refusalOf({ amount: 1, items: [{ price: 'secret' }] }, SCHEMA)).toMatchObject({
      message: expect.stringMatching(/^(?!.*secret).*\/items\/0\/price: type/),
    })
    expect(refusalOf({}, SCHEMA)).toMatchObject({ message: expect.stringContaining('missing') })
  })

  it('asks for what it requires even where an object inherits a member of that name', () => {
    const schema = { type: 'object', required: ['constructor'] }
    expect(refusalOf({}, schema)).toMatchObject({ reason: 'input_invalid' })
  })

  it('is not written into', () => {
    const schema = Object.freeze(structuredClone(SCHEMA))
    expect(refusalOf({ amount: 1 }, schema)).toBeUndefined()
    expect(refusalOf({}, schema)).toBeDefined()
  })
})

describe('the example in docs/policy.md', () => {
  const page = readFileSync(join(fileURLToPath(import.meta.url), '../../../docs/policy.md'), 'utf8')
  const written = /## Conditions[\s\S]*?```json\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  const action = ActionEntry.parse(JSON.parse(written))

  it('could be saved, and does what is said of it', async () => {
    await checkConditions([action])
    const [rule] = resolveActions([action], '', '').filter((one) => one.action === action.action)
    const ruleFor = (amount: number, payee: string, subject: Partial<SubjectFacts> = {}) => {
      const has = { enrolled: true, totp: true, passkey: true, recovery: true }
      const known = { newestFactorAgeSeconds: 90_000, ...has, ...subject }
      const session = { claims: { payees: ['bob'] } }
      const call = facts({ details: { amount, payee }, session, subject: known })
      return rule && effectiveAction(rule, call, conditions).action.rule
    }
    expect(ruleFor(1000, 'bob')).toMatchObject({ require: 'whenEnrolled', acr: 'mfa' })
    expect(ruleFor(1001, 'bob')).toMatchObject({
      acr: 'phr',
      singleUse: true,
      require: 'whenEnrolled',
    })
    expect(ruleFor(10, 'mallory')).toMatchObject({ require: 'always', acr: 'mfa' })
    expect(ruleFor(10, 'bob', { newestFactorAgeSeconds: 60 })).toMatchObject({ require: 'deny' })
  })
})
