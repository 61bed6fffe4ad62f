// The canonical text of details, compared with a library for RFC 8785 and with JSON.
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bindDetails as bindAtGuard } from '../../client/resource/details.ts'
import { isSame } from '../../console/model/diff.ts'
import { canonical, faultIn } from '../../contract/index.ts'
import { bindDetails } from '../../functions/domain/details/details.ts'

/** Names that objects order by themselves, that have a meaning of their own, or beyond the first plane. */
const name = fc.oneof(
  fc.constantFrom('1', '10', '2', '-', '', 'a', 'é', '\u{1f600}', '\ufb33', 'toJSON', '__proto__'),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
)
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((one) => faultIn([one]) === undefined),
)
const text = fc.string({ unit: 'grapheme', maxLength: 6 })
const { json } = fc.letrec<{ json: unknown; object: object }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(number, text, fc.boolean(), fc.constant(null)),
    fc.array(tie('json'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.dictionary(name, tie('json'), { maxKeys: 4 }),
}))
const details = fc.dictionary(
  name.filter((one) => one !== '__proto__'),
  json.filter((value) => !JSON.stringify(value).includes('"__proto__"')),
  { maxKeys: 4 },
)

/** The same members in the opposite order. */
const turned = (value: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).reverse())

describe('the canonical text of a value', () => {
  it('is that of RFC 8785, whatever the value', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonical({ value })).toBe(canonicalize({ value }))
      }),
    )
  })

  it('reads back as the value', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonical({ value }))).toEqual(JSON.parse(JSON.stringify({ value })))
      }),
    )
  })

  it('is that of what JSON makes of the value', () => {
    const value = { b: undefined, at: new Date(0), a: [undefined, 1] }
    expect(canonical(value)).toBe('{"a":[null,1],"at":"1970-01-01T00:00:00.000Z"}')
    expect(() => canonical({ value: 5n })).toThrow(TypeError)
  })
})

describe('details', () => {
  it('are the same to service, guard and dashboard exactly if they are the same JSON', () => {
    fc.assert(
      fc.property(details, details, (one, other) => {
        const equal = canonicalize(one) === canonicalize(other)
        const [first, second] = [turned({ ...one, type: 'a.b' }), { ...other, type: 'a.b' }]
        fc.pre(!Object.hasOwn(one, 'type') && !Object.hasOwn(other, 'type'))
        expect(canonical(first) === canonical(second)).toBe(equal)
        expect(canonical(first) === bindAtGuard(other, 'a.b').spelling).toBe(equal)
        expect(isSame(first, second)).toBe(equal)
        expect(canonical(first) === bindAtGuard(one, 'a.b').spelling).toBe(true)
        expect(bindDetails(one, 'a.b').hash === bindDetails(other, 'a.b').hash).toBe(equal)
      }),
    )
  })
})
