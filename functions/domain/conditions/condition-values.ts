// Values and types of conditions: how JSON becomes what CEL computes with, and what a schema of details
// says of their types.
import type { Environment } from '@marcbachmann/cel-js'
import { isRecord } from '../../../contract/index.ts'
import { VALUE_MAX_DEPTH } from '../depth.ts'
import type { DetailsSchema } from '../details/details-schema.ts'
import { CONDITION_LIMITS, VARIABLES } from './language.ts'

/** What a condition computes with. A symbol is a value that no condition may look into. */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | symbol
  | Date
  | readonly Value[]
  | ReadonlyMap<string, Value>

/** Elements of a list, or members of an object, that a condition goes through. */
export const COLLECTION_MAX_ELEMENTS = 256
/** Characters of a text that a condition reads, so that its cost does not grow with a user's input. */
export const TEXT_MAX_CHARACTERS = 1024
/** Replaces a larger value. Reading it fails; if it were left out, it would look as if it did not exist. */
const TOO_LARGE = Symbol('too long or too deep')

/**
 * A value of JSON as a condition sees it. Objects become maps, so that no key of theirs (`constructor`,
 * `__proto__`) is ever taken for something of the language.
 *
 * @param schema says where a number is an integer; all others are doubles
 * @param depth how deeply the value is nested
 * @example celValue({ amount: 1500 }, { type: 'object', properties: { amount: { type: 'integer' } } })
 */
export function celValue(value: unknown, schema?: unknown, depth = 1): Value {
  const said: Record<string, unknown> = isRecord(schema) ? schema : {}
  if (typeof value === 'number')
    return said.type === 'integer' && Number.isInteger(value) ? BigInt(value) : value
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') return value.length > TEXT_MAX_CHARACTERS ? TOO_LARGE : value
  if (typeof value !== 'object' || value === null) return null
  if (depth > VALUE_MAX_DEPTH) return TOO_LARGE
  if (Array.isArray(value)) {
    return value.length > COLLECTION_MAX_ELEMENTS
      ? TOO_LARGE
      : value.map((one) => celValue(one, said.items, depth + 1))
  }
  const members = Object.entries(value)
  if (members.length > COLLECTION_MAX_ELEMENTS) return TOO_LARGE
  const { properties } = said
  return new Map(
    members.map(([name, one]) => [
      name,
      celValue(
        one,
        isRecord(properties) && Object.hasOwn(properties, name)
          ? properties[name]
          : said.additionalProperties,
        depth + 1,
      ),
    ]),
  )
}

const PLAIN: Record<string, string> = {
  string: 'string',
  integer: 'int',
  number: 'double',
  boolean: 'bool',
}
const SUBJECT = {
  enrolled: 'bool',
  kinds: 'list<string>',
  newestFactorAgeSeconds: 'int',
  lastStepUpAgeSeconds: 'int',
}
const SESSION = { claims: 'map<string, dyn>', ageSeconds: 'int' }
const REQUEST = { country: 'string', time: 'google.protobuf.Timestamp' }

type Library = typeof import('@marcbachmann/cel-js')

const ANYTHING = 'map<string, dyn>'

/** The environment in which conditions run: what each variable holds is found out as it is read. */
export function runningTypes({ Environment }: Library): Environment {
  const environment = comparing(new Environment({ limits: CONDITION_LIMITS }))
  for (const name of VARIABLES) environment.registerVariable(name, ANYTHING)
  return environment
}

/**
 * An environment of the library in which every name and type is known that can be: for checking alone.
 *
 * @param schema of the details; without one they are a map of anything
 */
export function checkingTypes({ Environment }: Library, schema?: DetailsSchema): Environment {
  const environment = comparing(new Environment({ limits: CONDITION_LIMITS }))
    .registerType('Subject', { fields: SUBJECT })
    .registerType('Session', { fields: SESSION })
    .registerType('Request', { fields: REQUEST })
    .registerVariable('subject', 'Subject')
    .registerVariable('session', 'Session')
    .registerVariable('request', 'Request')
  const details = schema ? typeOf(schema, 'Details', environment) : ANYTHING
  return environment.registerVariable('details', details)
}

/** JSON does not tell 1000 from 1000.0, so that comparing them is no mistake. */
const comparing = (environment: Environment): Environment =>
  environment.registerOperator('double == int', (a: number, b: bigint) => a === Number(b))

/** Returns whether an object may have names beyond its `properties`. */
const isOpen = ({ additionalProperties, anyOf, oneOf, allOf }: DetailsSchema): boolean =>
  isRecord(additionalProperties) || [anyOf, oneOf, allOf].some((more) => more !== undefined)

/** The type of a schema; one that leaves it open is `dyn`, of which nothing is checked. */
function typeOf(schema: unknown, name: string, environment: Environment): string {
  if (!isRecord(schema)) return 'dyn'
  const { type, properties, items } = schema
  if (type === 'array') return `list<${typeOf(items, `${name}_item`, environment)}>`
  if (type !== 'object') return PLAIN[String(type)] ?? 'dyn'
  if (!isRecord(properties) || isOpen(schema)) return ANYTHING
  const fields = Object.entries(properties).map(([key, one], index) => [
    key,
    typeOf(one, `${name}_${index}`, environment),
  ])
  environment.registerType(name, { fields: Object.fromEntries(fields) })
  return name
}
