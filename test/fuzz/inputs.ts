// Arbitraries of inputs from the contract's schemas (zod/mini): valid ones, and ones at and beyond their limits.
import fc from 'fast-check'
import type { $ZodChecks, $ZodType, $ZodTypes } from 'zod/v4/core'

/** By the name of a field: values that make sense there. */
export type Words = Readonly<Record<string, readonly unknown[]>>
type Values = fc.Arbitrary<unknown>

const MAX_LIST = 4
const MANY = 300

/** Values of no type in particular, that code trips over. */
export const odd: Values = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    ...[null, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, 5e-324, 'null', '\u0000', '\r\nx: y', '\u202e'],
    ...['\ufeff', '\ud800', '🧨'.repeat(64), 'a'.repeat(9000), '../..', '%00', "' OR 1=1 --"],
    ...['{{7*7}}', '<script>', '\\', '"', 'a.b.c', 'eyJhbGciOiJub25lIn0.e30.', Array(MANY).fill(0)],
    JSON.parse('{"__proto__": {"admin": true}}'),
    JSON.parse('{"constructor": {"prototype": {"admin": true}}}'),
    JSON.parse('{"toString": 1, "valueOf": 1, "length": -1, "then": 1, "toJSON": 1}'),
  ),
)

/** Returns an arbitrary of a schema's values; some are just outside its bounds. */
export function inputs(schema: $ZodType, words: Words, name = ''): Values {
  const known = words[name] ?? []
  const made = valuesOf(schema, words, name)
  if (known.length === 0) return made
  const sensible = fc.constantFrom(...known)
  return fc.oneof(sensible, sensible, sensible, sensible, made)
}

function valuesOf(schema: $ZodType, words: Words, name: string): Values {
  const { def } = (schema as $ZodTypes)._zod
  switch (def.type) {
    case 'object': {
      const members = Object.entries(def.shape)
      const required = members.filter(([, { _zod }]) => _zod.def.type !== 'optional')
      return fc.record(
        Object.fromEntries(members.map(([key, member]) => [key, inputs(member, words, key)])),
        { requiredKeys: required.map(([key]) => key), noNullPrototype: true },
      )
    }
    case 'string':
      return textOf(checksOf(schema))
    case 'number': {
      const { least = 0, most = Number.MAX_SAFE_INTEGER - 1 } = boundsOf(checksOf(schema))
      return fc.oneof(fc.integer({ min: least - 1, max: most + 1 }), fc.double())
    }
    case 'boolean':
      return fc.boolean()
    case 'literal':
      return fc.constantFrom(...def.values)
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries))
    case 'array': {
      const { least: minLength = 0, most = MANY } = boundsOf(checksOf(schema))
      const element = inputs(def.element, words, name)
      const maxLength = Math.max(minLength, Math.min(most, MAX_LIST))
      const beyond = Math.min(most, MANY) + 1
      return fc.oneof(
        { arbitrary: fc.array(element, { minLength, maxLength }), weight: 15 },
        { arbitrary: fc.array(element, { minLength: beyond, maxLength: beyond }), weight: 1 },
      )
    }
    case 'record':
      return fc.dictionary(fieldName, inputs(def.valueType, words), { maxKeys: MAX_LIST })
    case 'tuple':
      return fc.tuple(...def.items.map((item) => inputs(item, words, name)))
    case 'union':
      return fc.oneof(...def.options.map((option) => inputs(option, words, name)))
    case 'optional':
      return inputs(def.innerType, words, name)
    case 'nullable':
      return fc.option(inputs(def.innerType, words, name), { freq: 3 })
    case 'unknown':
      return odd
    default:
      throw new Error(`inputs.ts has no arbitrary for a schema of type ${def.type}: add one`)
  }
}

const fieldName = fc.oneof(
  fc.constantFrom('amount', 'to', 'currency', 'note', 'items', 'type', 'kty', 'kid', 'a'),
  fc.string(),
)

type CheckDef = $ZodChecks['_zod']['def']
const checksOf = (schema: $ZodType): CheckDef[] =>
  ((schema as $ZodTypes)._zod.def.checks ?? []).map((check) => check._zod.def as CheckDef)

function boundsOf(checks: readonly CheckDef[]): { least?: number; most?: number } {
  const bounds: { least?: number; most?: number } = {}
  for (const check of checks) {
    if (check.check === 'min_length') bounds.least = check.minimum
    if (check.check === 'max_length') bounds.most = check.maximum
    if (check.check === 'greater_than') bounds.least = Number(check.value)
    if (check.check === 'less_than') bounds.most = Number(check.value)
  }
  return bounds
}

/** Texts of a format or of any form; and of every length, shrunk to the shortest that fails. */
function textOf(checks: readonly CheckDef[]): fc.Arbitrary<string> {
  const { least = 0, most = MANY } = boundsOf(checks)
  const lengths = fc.integer({ min: Math.max(0, least - 1), max: most + 1 })
  const repeated = lengths.map((length) => 'x'.repeat(length))
  for (const check of checks) {
    if (check.check !== 'string_format' || !('pattern' in check) || !check.pattern) continue
    const { source, flags } = check.pattern
    const good = fc.stringMatching(new RegExp(source.replaceAll(/\\p\{\w+\}/g, ''), flags))
    const bent = good.chain((text) => fc.constantFrom(`${text}\n`, text.slice(1), text + text))
    return fc.oneof(good, good, good, bent, repeated)
  }
  const maxLength = Math.max(least, Math.min(most, 20))
  return fc.oneof(fc.string({ minLength: least, maxLength, unit: 'grapheme' }), repeated)
}
