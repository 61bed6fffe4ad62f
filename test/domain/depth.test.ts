// The limit on the depth of untrusted values.
import { describe, expect, it } from 'vitest'
import { cutOff, VALUE_MAX_DEPTH } from '../../functions/domain/depth.ts'

const nested = (levels: number, wrap: (inside: unknown) => unknown): unknown =>
  levels === 0 ? 'inside' : wrap(nested(levels - 1, wrap))

describe('what others send', () => {
  it.each([
    null,
    undefined,
    true,
    7,
    'text',
    [],
    {},
    [null, [1, 'a']],
    { a: { b: [{ c: null }] } },
  ])('is copied as it is: %j', (value) => {
    expect(cutOff(value)).toEqual(value)
    expect(cutOff('text', 0)).toBe('text')
    expect(cutOff(null, 0)).toBeNull()
  })

  it.each<[string, (inside: unknown) => unknown]>([
    ['lists', (inside) => [inside]],
    ['objects', (inside) => ({ a: inside })],
  ])('is gone into for sixteen levels of %s, and ends in an empty list beyond', (_what, wrap) => {
    expect(VALUE_MAX_DEPTH).toBe(16)
    expect(cutOff(nested(16, wrap))).toEqual(nested(16, wrap))
    const cut = nested(16, wrap)
    const deeper = JSON.stringify(cut).replace('"inside"', '[]')
    expect(JSON.stringify(cutOff(nested(17, wrap)))).toBe(deeper)
    expect(JSON.stringify(cutOff(nested(5_000, wrap)))).toBe(deeper)
  })

  it('keeps its other members, and a name that means something to JavaScript as a name', () => {
    const sent = JSON.parse('{"a":[1,{"b":[2]}],"__proto__":{"c":3},"d":4}')
    expect(JSON.stringify(cutOff(sent, 2))).toBe('{"a":[1,[]],"__proto__":{"c":3},"d":4}')
  })
})
