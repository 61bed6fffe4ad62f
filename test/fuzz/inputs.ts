// Inputs made from the contract's own schemas (zod/mini, walked by their definitions): valid ones with the
// words of a scene in them, ones at their bounds, and ones that are nearly valid.
import fc from 'fast-check'
import type { $ZodChecks, $ZodType, $ZodTypes } from 'zod/v4/core'
import type { Random } from './random.ts'

/** By the name of a field: what may stand there in this scene. */
export type Words = Readonly<Record<string, readonly unknown[]>>

const MISSES_BOUNDS = 0.08
const KNOWN_WORD = 0.8
const MAX_LIST = 4
const MANY = 300

/** Values that are of no type in particular, and that code trips over. */
export const ODD: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, 5e-324],
  ...['', ' ', '0', 'null', 'true', '\u0000', '\n', '\r\nx: y', '\u202e', '\ufeff', '\ud800'],
  ...[
    'ä',
    'e\u0301',
    '👩‍👩‍👧',
    '🧨'.repeat(64),
    'a'.repeat(255),
    'a'.repeat(256),
    'a'.repeat(9000),
  ],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', '../..', '%00', "' OR 1=1 --"],
  ...['{{7*7}}', '#{7*7}', '<script>', '\\', '"', 'a.b.c', '..', 'eyJhbGciOiJub25lIn0.e30.'],
  ...[[], {}, [[]], [null], [{}], { a: { b: { c: {} } } }, Array(MANY).fill(0)],
  JSON.parse('{"__proto__": {"admin": true}}'),
  JSON.parse('{"constructor": {"prototype": {"admin": true}}}'),
  JSON.parse('{"toString": 1, "valueOf": 1, "length": -1, "then": 1, "toJSON": 1}'),
]

/** A value of a schema, sometimes just outside its bounds; `words` has what stands in fields by name. */
export function generate(schema: $ZodType, random: Random, words: Words, name = ''): unknown {
  const known = words[name]
  if (known && known.length > 0 && random.chance(KNOWN_WORD)) return random.pick(known)
  const { def } = (schema as $ZodTypes)._zod
  switch (def.type) {
    case 'object':
      return generateObject(def.shape, random, words)
    case 'string':
      return textOf(checksOf(schema), random)
    case 'number':
      return numberOf(checksOf(schema), random)
    case 'boolean':
      return random.chance(0.5)
    case 'literal':
      return random.pick(def.values)
    case 'enum':
      return random.pick(Object.values(def.entries))
    case 'array': {
      const length = lengthOf(checksOf(schema), random, MAX_LIST)
      return Array.from({ length }, () => generate(def.element, random, words, name))
    }
    case 'record': {
      const length = random.below(MAX_LIST)
      const members = Array.from({ length }, (): [string, unknown] => [
        random.chance(0.2) ? random.pick(ODD_NAMES) : random.pick(FIELD_NAMES),
        generate(def.valueType, random, words),
      ])
      return Object.fromEntries(members)
    }
    case 'tuple':
      return def.items.map((item) => generate(item, random, words, name))
    case 'union':
      return generate(random.pick(def.options), random, words, name)
    case 'optional':
      return random.chance(0.5) ? undefined : generate(def.innerType, random, words, name)
    case 'nullable':
      return random.chance(0.3) ? null : generate(def.innerType, random, words, name)
    case 'unknown':
      return random.chance(0.5) ? random.pick(PLAIN) : random.pick(ODD)
    default:
      throw new Error(`the fuzzing cannot make a ${def.type} yet: teach it in inputs.ts`)
  }
}

const ODD_NAMES = ODD.filter((value) => typeof value === 'string')
const FIELD_NAMES = ['amount', 'to', 'currency', 'note', 'items', 'type', 'kty', 'kid', 'a']
const PLAIN: readonly unknown[] = [1, 10, 1500, 'alice', 'EUR', true, ['a', 'b'], { price: 3 }]

function generateObject(
  shape: Readonly<Record<string, $ZodType>>,
  random: Random,
  words: Words,
): Record<string, unknown> {
  const made: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(shape)) {
    const value = generate(member, random, words, key)
    if (value !== undefined) made[key] = value
  }
  return made
}

type CheckDef = $ZodChecks['_zod']['def']

const checksOf = (schema: $ZodType): CheckDef[] =>
  ((schema as $ZodTypes)._zod.def.checks ?? []).map((check) => check._zod.def as CheckDef)

function textOf(checks: readonly CheckDef[], random: Random): string {
  for (const check of checks) {
    if (check.check === 'string_format' && 'pattern' in check && check.pattern)
      return random.pick(matching(check.pattern))
  }
  const length = lengthOf(checks, random, 20)
  const letter = random.weighted([
    [6, 'x'],
    [1, '0'],
    [1, 'é'],
    [1, '👩'],
    [1, '\u0001'],
  ])
  return letter.repeat(length)
}

const samples = new Map<string, readonly string[]>()

/** Some texts that a pattern takes, and some that it should not: longer, shorter, with a tail. */
function matching(pattern: RegExp): readonly string[] {
  const key = String(pattern)
  const known = samples.get(key)
  if (known) return known
  const plain = new RegExp(pattern.source.replaceAll(/\\p\{\w+\}/g, ''), pattern.flags)
  const good = fc.sample(fc.stringMatching(plain), { numRuns: 24, seed: 1 })
  const bent = good.slice(0, 2).flatMap((text) => [`${text}\n`, text.slice(1), text + text])
  const made = [...good, ...bent]
  samples.set(key, made)
  return made
}

/** A length within its bounds: often the least or the greatest, at times one beyond. */
function lengthOf(checks: readonly CheckDef[], random: Random, usual: number): number {
  let least = 0
  let most = Number.POSITIVE_INFINITY
  for (const check of checks) {
    if (check.check === 'min_length') least = check.minimum
    if (check.check === 'max_length') most = check.maximum
  }
  const greatest = Math.min(most, MANY * 40)
  if (random.chance(MISSES_BOUNDS)) return random.pick([Math.max(0, least - 1), greatest + 1])
  if (random.chance(0.1)) return random.pick([least, greatest])
  return least + random.below(Math.max(1, Math.min(usual, greatest - least + 1)))
}

function numberOf(checks: readonly CheckDef[], random: Random): number {
  let least = 0
  let most = 2 ** 53 - 1
  for (const check of checks) {
    if (check.check === 'greater_than') least = Number(check.value)
    if (check.check === 'less_than') most = Number(check.value)
  }
  if (random.chance(MISSES_BOUNDS)) return random.pick([least - 1, most + 1, least + 0.5, 1e308])
  return random.weighted([
    [1, () => least],
    [1, () => most],
    [3, () => least + random.below(Math.min(most - least + 1, 1000))],
  ])()
}

/** A JSON value with one or two of its parts changed, dropped, added or made odd. */
export function bend(value: unknown, random: Random): unknown {
  const bent = bendOnce(value, random)
  return random.chance(0.3) ? bendOnce(bent, random) : bent
}

function bendOnce(value: unknown, random: Random): unknown {
  const members = isParent(value) ? Object.keys(value) : []
  const deeper = members.filter((key) => isParent(memberOf(value, key)))
  if (deeper.length > 0 && random.chance(0.6)) {
    const key = random.pick(deeper)
    return withMember(value, key, bendOnce(memberOf(value, key), random))
  }
  if (!isParent(value)) return bendScalar(value, random)
  return random.weighted<() => unknown>([
    [1, () => random.pick(ODD)],
    [2, () => withMember(value, random.pick(EXTRA), random.pick(ODD))],
    [members.length && 3, () => without(value, random.pick(members))],
    [members.length && 3, () => withMember(value, random.pick(members), random.pick(ODD))],
    [
      members.length && 5,
      () => {
        const key = random.pick(members)
        return withMember(value, key, bendScalar(memberOf(value, key), random))
      },
    ],
  ])()
}

const EXTRA = ['extra', '__proto__', 'constructor', 'type', 'acr', '0', '', 'subject', 'toString']

function bendScalar(value: unknown, random: Random): unknown {
  if (typeof value === 'string') {
    const at = random.below(value.length + 1)
    return random.weighted<() => unknown>([
      [3, () => value.slice(0, at) + random.pick(FRAGMENTS) + value.slice(at)],
      [2, () => value.slice(0, at) + value.slice(at + 1)],
      [1, () => value.slice(0, at)],
      [1, () => value.repeat(2)],
      [1, () => value.toUpperCase()],
      [1, () => `${value}=`],
      [1, () => [value]],
    ])()
  }
  if (typeof value === 'number')
    return random.pick([value + 1, value - 1, -value, value + 0.5, value * 2 ** 40, String(value)])
  return random.pick(ODD)
}

const FRAGMENTS = ['a', '0', '.', '-', '_', ' ', '\u0000', '\u202e', 'é', '\ud83d', '/', ':', '🧨']

type Parent = Record<string, unknown> | unknown[]

const isParent = (value: unknown): value is Parent => typeof value === 'object' && value !== null
const memberOf = (value: unknown, key: string): unknown =>
  isParent(value) ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined

/** A copy with a member set, also one that is named `__proto__`. */
export function withMember(value: unknown, key: string, member: unknown): unknown {
  if (Array.isArray(value) && /^\d+$/.test(key)) return value.toSpliced(Number(key), 1, member)
  return Object.fromEntries([
    ...Object.entries(isParent(value) ? value : {}).filter(([name]) => name !== key),
    [key, member],
  ])
}

/** A copy without a member. */
export function without(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value.toSpliced(Number(key), 1)
  return Object.fromEntries(
    Object.entries(isParent(value) ? value : {}).filter(([name]) => name !== key),
  )
}
