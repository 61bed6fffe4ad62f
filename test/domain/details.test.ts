// Details of an action: the canonical text that binds them, and the schemas that describe them.
import { describe, expect, it } from 'vitest'
import { canonical, DETAILS_MAX_BYTES } from '../../contract/index.ts'
import { bindDetails } from '../../functions/domain/details/details.ts'
import {
  checkDetails,
  DETAILS_SCHEMA_MAX_BYTES,
  type DetailsSchema,
  schemaFault,
} from '../../functions/domain/details/details-schema.ts'
import { refusalOf } from '../support/rules.ts'

const told = (details: Record<string, unknown>): string => {
  const { reason, message } = refusalOf(() => bindDetails(details, 'order.refund'))
  expect(reason).toBe('input_invalid')
  return message
}

describe('details', () => {
  it('are bound to their action, and hashed in their one spelling', () => {
    const bound = bindDetails({ amount: 5 }, 'order.refund')
    expect(bound).toEqual({
      claim: { amount: 5, type: 'order.refund' },
      hash: '4Hv3WXESnMbHk6V54GDWWWeJJIleECJVpDcMRL5FGFE',
    })
    expect(bindDetails({ a: 1, b: [2] }, 'x').hash).toBe(bindDetails({ b: [2], a: 1 }, 'x').hash)
    expect(bindDetails({ amount: 5 }, 'order.list').hash).not.toBe(bound.hash)
  })

  it('are the same in any order, and another thing with any other value', () => {
    expect(canonical({ a: 1, b: 2 })).toBe(canonical({ b: 2, a: 1 }))
    expect(canonical({ a: 1 })).not.toBe(canonical({ a: '1' }))
  })

  it('name no type of their own', () => {
    expect(told({ type: 'x' })).toBe(
      '`details.type` is set by Countersign: use another field name.',
    )
    expect(() => bindDetails({ nested: { type: 'x' } }, 'a')).not.toThrow()
  })

  it('have at most 2,048 bytes in that spelling', () => {
    const filled = (bytes: number) => ({ t: 'x'.repeat(bytes - '{"t":""}'.length) })
    expect(() => bindDetails(filled(DETAILS_MAX_BYTES), 'a')).not.toThrow()
    expect(told(filled(2049))).toBe(
      '`details` is longer than 2048 bytes: send a hash of long values instead.',
    )
    expect(told({ t: 'é'.repeat(1024) })).toContain('2048 bytes')
  })

  it.each([[2 ** 53], [-(2 ** 53)], [Number.POSITIVE_INFINITY], [Number.NaN], [1e300]])(
    'hold no number like %j, wherever it stands',
    (value) => {
      for (const details of [{ value }, { list: [1, value] }, { deep: { value } }])
        expect(told(details)).toBe('`details` contains a number beyond 2^53: send it as a text.')
    },
  )

  it.each([[2 ** 53 - 1], [-(2 ** 53 - 1)], [0.5], [1e-300], [0], [null], [true]])(
    'may hold %j',
    (value) => {
      expect(() => bindDetails({ value }, 'a')).not.toThrow()
    },
  )

  it('hold no half of a character, in a text or in a name', () => {
    const message = '`details` contains a text that is not well-formed Unicode.'
    expect(told({ a: '\ud800' })).toBe(message)
    expect(told({ a: { '\udc00': 1 } })).toBe(message)
    expect(told({ a: ['ok', '\ud800x'] })).toBe(message)
  })
})

const OBJECT = { type: 'object' }
const nested = (levels: number): DetailsSchema =>
  levels === 1 ? { ...OBJECT } : { ...OBJECT, properties: { a: nested(levels - 1) } }

describe('a schema of details', () => {
  it.each<[what: string, schema: DetailsSchema]>([
    ['nothing but its type', OBJECT],
    [
      'every keyword there is',
      {
        type: 'object',
        title: 'Refund',
        description: 'What is paid back',
        $comment: 'c',
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        required: ['amount'],
        additionalProperties: false,
        minProperties: 1,
        maxProperties: 9,
        default: null,
        examples: [{ amount: 1 }],
        properties: {
          amount: {
            type: ['integer', 'null'],
            minimum: 0,
            maximum: 9,
            exclusiveMinimum: -1,
            exclusiveMaximum: 10,
            multipleOf: 1,
          },
          to: { type: 'string', minLength: 1, maxLength: 64, enum: ['a'], const: 'a' },
          list: { type: 'array', items: true, minItems: 1, maxItems: 3, uniqueItems: true },
          any: { anyOf: [true], oneOf: [{}], allOf: [false], not: { type: 'boolean' } },
          number: { type: 'number' },
        },
      },
    ],
    ['eight levels', nested(8)],
    [
      'how its properties are shown',
      {
        type: 'object',
        properties: {
          amount: {
            title: 'Amount',
            display: { as: 'amount', unitFrom: 'currency', decimals: 36 },
          },
          fee: { display: { as: 'amount', unit: 'ETH on Base', decimals: 0, order: 0 } },
          currency: { title: 'Currency', display: { as: 'text', order: 999 } },
          hash: { display: { as: 'hash', of: 'currency' } },
          to: { type: 'array', display: { as: 'list' }, items: { display: { as: 'address' } } },
          deep: { properties: { at: { display: { as: 'date' } } } },
        },
      },
    ],
    ['additional properties of a kind', { ...OBJECT, additionalProperties: { type: 'string' } }],
  ])('may hold %s', (_what, schema) => {
    expect(schemaFault(schema)).toBeUndefined()
  })

  const within = (part: unknown): DetailsSchema => ({ ...OBJECT, properties: { a: part } })

  it.each<[schema: DetailsSchema, fault: string]>([
    [{}, 'it must describe an object: set `type` to object'],
    [{ type: ['object'] }, 'it must describe an object: set `type` to object'],
    [
      { ...OBJECT, properties: { type: true } },
      '/properties/type: `type` is set by Countersign, so no caller can send it',
    ],
    [nested(9), `${'/properties/a'.repeat(8)}: it is nested too deep`],
    [{ ...OBJECT, $ref: '#' }, '/: `$ref` is not supported: write the schema in its place'],
    [
      within({ pattern: 'a+' }),
      '/properties/a: `pattern` is not supported: a pattern can take seconds',
    ],
    [
      within({ patternProperties: {} }),
      '/properties/a: `patternProperties` is not supported: a pattern can take seconds',
    ],
    [within({ format: 'date' }), '/properties/a: `format` is not supported: it is not checked'],
    [within({ constructor: 1 }), '/properties/a: `constructor` is not supported'],
    [within({ toString: 1 }), '/properties/a: `toString` is not supported'],
    [within({ if: true }), '/properties/a: `if` is not supported'],
    [within(7), '/properties/a: a schema must be an object, true or false'],
    [within(null), '/properties/a: a schema must be an object, true or false'],
    [within([]), '/properties/a: a schema must be an object, true or false'],
    [
      within({ type: 'date' }),
      '/properties/a: `type` must be one of object, array, string, number, integer, boolean, null',
    ],
    [
      within({ type: ['string', 7] }),
      '/properties/a: `type` must be one of object, array, string, number, integer, boolean, null',
    ],
    [{ ...OBJECT, properties: [] }, '/properties: it must be an object'],
    [
      { ...OBJECT, properties: JSON.parse('{"__proto__":{}}') },
      '/properties: no property may be named __proto__',
    ],
    [{ ...OBJECT, required: 'a' }, '/required: it must be a list of names'],
    [{ ...OBJECT, required: ['a', 1] }, '/required: it must be a list of names'],
    [{ ...OBJECT, title: 1 }, '/title: it must be a text'],
    [{ ...OBJECT, description: 1 }, '/description: it must be a text'],
    [{ ...OBJECT, $comment: 1 }, '/$comment: it must be a text'],
    [{ ...OBJECT, $schema: 1 }, '/$schema: it must be a text'],
    [{ ...OBJECT, examples: {} }, '/examples: it must be a list'],
    [within({ enum: [] }), '/properties/a/enum: it must be a list'],
    [within({ enum: 'ab' }), '/properties/a/enum: it must be a list'],
    [within({ uniqueItems: 1 }), '/properties/a/uniqueItems: it must be true or false'],
    [within({ anyOf: [] }), '/properties/a/anyOf: it must be a list of schemas'],
    [within({ anyOf: {} }), '/properties/a/anyOf: it must be a list of schemas'],
    [
      within({ oneOf: [true, 1] }),
      '/properties/a/oneOf/1: a schema must be an object, true or false',
    ],
    [within({ allOf: [1] }), '/properties/a/allOf/0: a schema must be an object, true or false'],
    [within({ not: 1 }), '/properties/a/not: a schema must be an object, true or false'],
    [within({ items: 1 }), '/properties/a/items: a schema must be an object, true or false'],
    [
      { ...OBJECT, additionalProperties: 1 },
      '/additionalProperties: a schema must be an object, true or false',
    ],
    ...[
      ...['minProperties', 'maxProperties', 'minItems', 'maxItems', 'minimum', 'maximum'],
      ...['exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength'],
    ].map((keyword): [DetailsSchema, string] => [
      within({ [keyword]: '1' }),
      `/properties/a/${keyword}: it must be a number`,
    ]),
  ])('is faulty: %j', (schema, fault) => {
    expect(schemaFault(schema)).toBe(fault)
  })

  const shown = (display: unknown, more: object = {}) =>
    schemaFault({ ...OBJECT, properties: { a: { display, ...more }, b: {}, h: HASH } })
  const HASH = { display: { as: 'hash', of: 'b' } }

  it.each<[display: unknown, fault: string]>([
    [7, 'it must be an object'],
    [{}, '`as` must be one of amount, address, hash, date, duration, text, bytes, list'],
    [
      { as: 'money' },
      '`as` must be one of amount, address, hash, date, duration, text, bytes, list',
    ],
    [{ as: 'text', colour: 'red' }, '`colour` is not known'],
    [{ as: 'text', toString: 1 }, '`toString` is not known'],
    [{ as: 'text', order: -1 }, '`order` must be a whole number from 0 to 999'],
    [{ as: 'text', order: 1000 }, '`order` must be a whole number from 0 to 999'],
    [{ as: 'amount', decimals: 37 }, '`decimals` must be a whole number from 0 to 36'],
    [{ as: 'amount', decimals: 0.5 }, '`decimals` must be a whole number from 0 to 36'],
    [{ as: 'amount', decimals: '2' }, '`decimals` must be a whole number from 0 to 36'],
    ...[7, '', '000 EUR', 'EUR\u202e', 'E'.repeat(41)].map((unit): [unknown, string] => [
      { as: 'amount', unit },
      '`unit` must be up to 40 letters and currency signs, such as EUR',
    ]),
    ...['c', 'a', 7, 'toString'].map((unitFrom): [unknown, string] => [
      { as: 'amount', unitFrom },
      '`unitFrom` must name another property of the same object',
    ]),
    [{ as: 'amount', unit: 'EUR', unitFrom: 'b' }, '`unit` and `unitFrom` exclude each other'],
    [{ as: 'text', unit: 'EUR' }, '`unit` is only for amount'],
    [{ as: 'date', unitFrom: 'b' }, '`unitFrom` is only for amount'],
    [{ as: 'duration', decimals: 2 }, '`decimals` is only for amount'],
    [{ as: 'text', of: 'b' }, '`of` is only for hash'],
    [{ as: 'hash' }, '`of` must name the property that it is the hash of'],
    [{ as: 'hash', of: 'a' }, '`of` must name another property of the same object'],
    [{ as: 'hash', of: 'c' }, '`of` must name another property of the same object'],
    [{ as: 'hash', of: 'h' }, '`of` must not name a hash'],
    [{ as: 'list' }, 'list is only for `type: array`'],
  ])('is faulty where a property is shown as %j', (display, fault) => {
    expect(shown(display)).toBe(`/properties/a/display: ${fault}`)
  })

  it('says how a value is shown only for properties and the items of lists', () => {
    const misplaced = 'it is only for a property or the items of a list'
    const display = { as: 'text' }
    expect(schemaFault({ ...OBJECT, display })).toBe(`/display: ${misplaced}`)
    expect(schemaFault(within({ anyOf: [{ display }] }))).toBe(
      `/properties/a/anyOf/0/display: ${misplaced}`,
    )
    expect(schemaFault({ ...OBJECT, additionalProperties: { display } })).toBe(
      `/additionalProperties/display: ${misplaced}`,
    )
    expect(schemaFault(within({ items: { display: { as: 'amount', unitFrom: 'a' } } }))).toBe(
      '/properties/a/items/display: `unitFrom` must name another property of the same object',
    )
  })

  it('is nested too deep by lists, choices and exceptions too', () => {
    const deep = (wrap: (inner: unknown) => object): unknown =>
      Array.from({ length: 7 }).reduce<unknown>((inner) => wrap(inner), { type: 'string' })
    const deeper = (wrap: (inner: unknown) => object) => schemaFault(within(deep(wrap)))
    expect(deeper((items) => ({ items }))).toContain('nested too deep')
    expect(deeper((one) => ({ anyOf: [one] }))).toContain('nested too deep')
    expect(deeper((not) => ({ not }))).toContain('nested too deep')
  })

  it('has at most 8,192 bytes', () => {
    const empty = JSON.stringify({ ...OBJECT, title: '' }).length
    const filled = (bytes: number) => ({ ...OBJECT, title: 'x'.repeat(bytes - empty) })
    expect(schemaFault(filled(DETAILS_SCHEMA_MAX_BYTES))).toBeUndefined()
    expect(schemaFault(filled(8193))).toBe('it is longer than 8192 bytes')
    expect(schemaFault({ ...OBJECT, title: 'é'.repeat(4096) })).toBe('it is longer than 8192 bytes')
  })
})

describe('details under a schema', () => {
  const detailsSchema = {
    type: 'object',
    properties: {
      amount: { type: 'integer', maximum: 100 },
      to: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    },
    required: ['amount'],
    additionalProperties: false,
  }
  const check = (details: Record<string, unknown>) =>
    checkDetails(details, { action: 'order.refund', detailsSchema })

  it('are bound where they satisfy it, again and again', () => {
    expect(check({ amount: 5 })).toEqual(bindDetails({ amount: 5 }, 'order.refund'))
    expect(check({ amount: 6, to: { name: 'a' } }).claim).toMatchObject({ amount: 6 })
    expect(Object.keys(detailsSchema)).toHaveLength(4)
  })

  it.each([
    [{}, '/: a required member is missing'],
    [{ amount: 'five' }, '/amount: type'],
    [{ amount: 101 }, '/amount: maximum'],
    [{ amount: 5, to: {} }, '/to: a required member is missing'],
    [{ amount: 5, to: { name: 7 } }, '/to/name: type'],
  ])('are refused with the place, and never a value: %j', (details, fault) => {
    expect(refusalOf(() => check(details))).toEqual({
      reason: 'input_invalid',
      message: `\`details\` do not satisfy the schema of order.refund, at ${fault}.`,
    })
  })

  it('are checked without regard to how they are shown', () => {
    const amount = { title: 'Amount', type: 'string', display: { as: 'amount', decimals: 18 } }
    const shown = { action: 'a', detailsSchema: { type: 'object', properties: { amount } } }
    expect(() => checkDetails({ amount: 'no number' }, shown)).not.toThrow()
    expect(refusalOf(() => checkDetails({ amount: 5 }, shown)).reason).toBe('input_invalid')
  })

  it('are bound as they are where there is no schema', () => {
    expect(checkDetails({ a: 1 }, { action: 'x' })).toEqual(bindDetails({ a: 1 }, 'x'))
    expect(refusalOf(() => checkDetails({ type: 1 }, { action: 'x' })).reason).toBe('input_invalid')
  })
})
