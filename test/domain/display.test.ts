// Details as people read them: rows from the details and their schema. No value is hidden or shortened, and no
// character is invisible.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical, displayPartOf, rowsOf } from '../../contract/index.ts'

const CONTROL_OR_BIDI = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
const schemaOf = (properties: object) => ({ type: 'object', properties })
const rowOf = (display: object, value: unknown, locale?: string) =>
  rowsOf(schemaOf({ it: { title: 'It', display } }), { it: value }, locale)[0]

describe('a row', () => {
  it.each<[display: object, value: unknown, text: string]>([
    [{ as: 'amount', unit: 'ETH', decimals: 18 }, '10000000000000000', '0.01 ETH'],
    [{ as: 'amount', unit: 'ETH', decimals: 18 }, '1000000000000000000', '1 ETH'],
    [{ as: 'amount', unit: 'ETH', decimals: 18 }, '0', '0 ETH'],
    [{ as: 'amount', unit: 'EUR', decimals: 2 }, 1234567, '12\u202f345.67 EUR'],
    [{ as: 'amount', unit: '€', decimals: 2 }, 2500, '25.00 €'],
    [{ as: 'amount', decimals: 2 }, -5, '-0.05'],
    [{ as: 'amount' }, '1234.50', '1\u202f234.50'],
    [
      { as: 'address' },
      '0x000000000000000000000000000000000000dEaD',
      '0x0000 0000 0000 0000 0000 0000 0000 0000 0000 dEaD',
    ],
    [{ as: 'address' }, 'DE89370400440532013000', 'DE89 3704 0044 0532 0130 00'],
    [{ as: 'bytes' }, '0xdeadbeef01', '0xdead beef 01 (5 bytes)'],
    [{ as: 'bytes' }, '0x', '0x (0 bytes)'],
    [{ as: 'date' }, 1_893_456_000, 'January 1, 2030 at 12:00:00 AM UTC'],
    [{ as: 'date' }, '1893456000', 'January 1, 2030 at 12:00:00 AM UTC'],
    [{ as: 'date' }, '2030-01-01T01:00:00+01:00', 'January 1, 2030 at 12:00:00 AM UTC'],
    [{ as: 'date' }, '2030-01-01', 'January 1, 2030'],
    [{ as: 'duration' }, 90_061, '1 day 1 hour 1 minute 1 second'],
    [{ as: 'duration' }, '7200', '2 hours'],
    [{ as: 'duration' }, 0, '0 seconds'],
    [{ as: 'text' }, 'one\ntwo', 'one⏎two'],
    [{ as: 'text' }, 'a\u202eb⏎⟦', 'a⟦U+202E⟧b⟦U+23CE⟧⟦U+27E6⟧'],
  ])('of %j says %j as %j', (display, value, text) => {
    expect(rowOf(display, value)).toMatchObject({
      title: 'It',
      text,
      kind: Reflect.get(display, 'as'),
    })
  })

  it.each<[display: object, value: unknown, text: string]>([
    [{ as: 'amount', unit: 'ETH', decimals: 18 }, '0.5', '0.5'],
    [{ as: 'amount' }, '1e9', '1e9'],
    [{ as: 'amount' }, '0x10', '0x10'],
    [{ as: 'amount' }, true, 'true'],
    [{ as: 'address' }, '0x00 00', '0x00 00'],
    [{ as: 'address' }, 7, '7'],
    [{ as: 'bytes' }, '0xabc', '0xabc'],
    [{ as: 'date' }, '18446744073709551615', '18446744073709551615'],
    [{ as: 'date' }, 1.5, '1.5'],
    [{ as: 'date' }, [1_893_456_000], '[1893456000]'],
    [{ as: 'amount' }, Object.create(null), '{}'],
    [{ as: 'date' }, '2030-01-01T00:00:00', '2030-01-01T00:00:00'],
    [{ as: 'duration' }, -1, '-1'],
    [{ as: 'list' }, 'a', 'a'],
    [{ as: 'hash', of: 'other' }, null, 'null'],
  ])('of %j shows %j as it is, because it does not fit', (display, value, text) => {
    expect(rowOf(display, value)).toMatchObject({ text, kind: 'raw' })
  })

  it('has the exact value, also where the text is another', () => {
    const display = { as: 'amount', unit: 'ETH', decimals: 18 }
    expect(rowOf(display, '10000000000000000')?.raw).toBe('"10000000000000000"')
    expect(rowOf({ as: 'text' }, 'a\u202e\n')?.raw).toBe('"a⟦U+202E⟧\\n"')
  })

  it.each([
    ['de', '1. Januar 2030 um 00:00:00 UTC'],
    ['en-GB', '1 January 2030 at 00:00:00 UTC'],
    ['de-DE@euro', '1. Januar 2030 um 00:00:00 UTC'],
    ['x!', 'January 1, 2030 at 12:00:00 AM UTC'],
    ['', 'January 1, 2030 at 12:00:00 AM UTC'],
  ])('has a date as it is written in %s', (locale, text) => {
    expect(rowOf({ as: 'date' }, 1_893_456_000, locale)?.text).toBe(text)
  })
})

describe('rows', () => {
  const texts = (properties: object, details: object) =>
    rowsOf(schemaOf(properties), details).map(({ title, text }) => `${title}: ${text}`)

  it('come in the order of the schema, those without a description last and raw', () => {
    const properties = {
      to: { title: 'To', display: { as: 'text', order: 2 } },
      sum: { title: 'Sum', display: { as: 'amount', order: 1 } },
      note: { title: 'Note' },
    }
    const rows = rowsOf(schemaOf(properties), { zz: { b: 1 }, note: 'x', to: 'Bob', sum: 5 })
    expect(rows.map(({ title, text, kind }) => [title, text, kind])).toEqual([
      ['Sum', '5', 'amount'],
      ['To', 'Bob', 'text'],
      ['Note', 'x', 'text'],
      ['zz › b', '1', 'raw'],
    ])
  })

  it('take the unit of an amount from another property, whose row they replace', () => {
    const properties = { sum: { title: 'Sum', display: { as: 'amount', unitFrom: 'currency' } } }
    expect(rowsOf(schemaOf(properties), { sum: 5, currency: 'EUR' })).toEqual([
      { name: 'sum', title: 'Sum', text: '5 EUR', raw: '5 "EUR"', kind: 'amount' },
    ])
  })

  it.each(['000 EUR', 'EUR\u202e', '', 7, 'E'.repeat(41)])(
    'never take %j for a unit',
    (currency) => {
      const properties = { sum: { title: 'Sum', display: { as: 'amount', unitFrom: 'currency' } } }
      const rows = rowsOf(schemaOf(properties), { sum: 5, currency })
      expect(rows.map(({ name, text }) => [name, name === 'sum' && text])).toEqual([
        ['sum', '5'],
        ['currency', false],
      ])
    },
  )

  it('show a hash after what it is the hash of', () => {
    const properties = {
      hash: { title: 'Hash', display: { as: 'hash', of: 'body', order: 0 } },
      to: { title: 'To', display: { as: 'text', order: 1 } },
      body: { title: 'Message', display: { as: 'text', order: 2 } },
    }
    const rows = rowsOf(schemaOf(properties), { hash: '0xab', body: 'Hello', to: 'Bob' })
    expect(rows.map(({ title, of }) => [title, of])).toEqual([
      ['To', undefined],
      ['Message', undefined],
      ['Hash', 'Message'],
    ])
    const [alone] = rowsOf(schemaOf(properties), { hash: '0xab' })
    expect(alone).toMatchObject({ kind: 'hash', text: '0xab' })
    expect(alone).not.toHaveProperty('of')
  })

  it('show a list as one row for each item, and a nested object as one for each member', () => {
    const item = { display: { as: 'address' } }
    const properties = {
      to: { title: 'Recipient', type: 'array', display: { as: 'list' }, items: item },
      fee: {
        title: 'Fee',
        properties: { max: { title: 'Most', display: { as: 'amount', unit: 'EUR' } } },
      },
      tags: {},
    }
    const details = {
      to: ['abcdefgh', 'ijklmnop'],
      fee: { max: 2 },
      tags: ['x', 1],
      none: [],
      no: {},
    }
    expect(texts(properties, details)).toEqual([
      'Recipient 1: abcd efgh',
      'Recipient 2: ijkl mnop',
      'Fee › Most: 2 EUR',
      'tags: ["x",1]',
      'none: []',
      'no: {}',
    ])
    expect(texts({}, { calls: [{ to: 'a' }, 2] })).toEqual(['calls 1 › to: a', 'calls 2: 2'])
  })

  it('take nothing from the prototype of a schema', () => {
    expect(texts({}, { constructor: 'Acme', toString: 1 })).toEqual([
      'constructor: Acme',
      'toString: 1',
    ])
    expect(rowsOf(undefined, { a: 1 })).toHaveLength(1)
  })
})

const kinds = ['amount', 'address', 'hash', 'date', 'duration', 'text', 'bytes', 'list']
const name = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'd'),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
)
const leaf = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 9 }).filter((one) => one.isWellFormed()),
  fc.constantFrom(
    '0xdeadbeef',
    '12345678',
    'EUR',
    '2030-01-01',
    '\u202e1',
    '\u0000',
    '⟦U+202E⟧',
    '⏎',
  ),
  fc.maxSafeInteger(),
  fc.constantFrom(0.5, null, true),
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
}))
const display = fc.record(
  {
    as: fc.constantFrom(...kinds),
    unit: fc.constant('EUR'),
    unitFrom: fc.constantFrom('a', 'b', 'c'),
    decimals: fc.integer({ min: 0, max: 36 }),
    of: fc.constantFrom('a', 'b', 'c'),
    order: fc.nat(3),
  },
  { requiredKeys: ['as'] },
)
const { schema } = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.record({ display }, { requiredKeys: [] }),
    fc.record(
      {
        title: fc.string({ unit: 'binary', maxLength: 5 }),
        display,
        items: tie('schema'),
        properties: fc.dictionary(name, tie('schema'), { maxKeys: 4 }),
      },
      { requiredKeys: [] },
    ),
  ),
}))
const properties = fc.dictionary(name, schema, { maxKeys: 4 })
const details = fc.dictionary(name, value, { maxKeys: 4 })

/** The leaves of a value: what is no object, and what is an empty one. */
const leavesOf = (one: unknown): unknown[] => {
  const members = typeof one === 'object' && one !== null ? Object.values(one) : []
  return members.length > 0 ? members.flatMap(leavesOf) : [one]
}
const visible = (text: string) =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}⟦⏎]/gu,
    (one) => `⟦U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟧`,
  )

describe('for any details and any schema', () => {
  it('every value is in the exact value of a row', () => {
    fc.assert(
      fc.property(properties, details, (some, given) => {
        const raws = rowsOf(schemaOf(some), given).map(({ raw }) => raw)
        for (const one of Object.values(given).flatMap(leavesOf)) {
          const written = visible(canonical([one]).slice(1, -1))
          expect(raws.filter((raw) => raw.includes(written))).not.toEqual([])
        }
      }),
    )
  })

  it('no row has a character that cannot be seen or changes the direction', () => {
    fc.assert(
      fc.property(
        properties,
        details,
        fc.constantFrom('en', 'de', 'ar', 'he', 'fa', 'ja'),
        (some, given, locale) => {
          for (const { title, text, raw, of = '' } of rowsOf(schemaOf(some), given, locale))
            expect([title, text, raw, of].filter((one) => CONTROL_OR_BIDI.test(one))).toEqual([])
        },
      ),
    )
  })

  it('an amount reads back as its value', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }),
        fc.nat(36),
        (amount, decimals) => {
          const text = rowOf({ as: 'amount', unit: 'EUR', decimals }, amount.toString())?.text ?? ''
          const [whole = '', fraction = ''] = text
            .replaceAll('\u202f', '')
            .replace(' EUR', '')
            .split('.')
          expect(BigInt(whole + fraction.padEnd(decimals, '0'))).toBe(amount)
          expect(text.startsWith('-')).toBe(amount < 0n)
        },
      ),
    )
  })
})

describe('the part of a schema that says how details are shown', () => {
  it('has titles and `display` at every level, and nothing else', () => {
    const display = { as: 'amount', unit: 'EUR' }
    const schema = {
      type: 'object',
      required: ['sum'],
      title: 'Refund',
      description: 'What is paid back',
      properties: {
        sum: { type: 'integer', maximum: 9, title: 'Sum', display },
        to: { type: 'array', items: { type: 'string', display: { as: 'address' } } },
        other: { type: 'string', enum: ['a'] },
        any: true,
      },
    }
    const part = displayPartOf(schema)
    expect(part).toEqual({
      title: 'Refund',
      properties: {
        sum: { title: 'Sum', display },
        to: { items: { display: { as: 'address' } } },
      },
    })
    const details = { sum: 5, to: ['abcdefgh'], other: 'a', any: 1 }
    expect(rowsOf(part, details)).toEqual(rowsOf(schema, details))
  })

  it('is missing where a schema describes nothing', () => {
    expect(displayPartOf({ type: 'object', properties: { a: { type: 'string' } } })).toBeUndefined()
    expect(displayPartOf(undefined)).toBeUndefined()
  })

  it('shows the same rows as the whole schema', () => {
    fc.assert(
      fc.property(properties, details, (some, given) => {
        expect(rowsOf(displayPartOf(schemaOf(some)), given)).toEqual(rowsOf(schemaOf(some), given))
      }),
    )
  })
})
