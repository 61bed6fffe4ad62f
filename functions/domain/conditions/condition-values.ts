// The values and types of conditions: converts JSON to CEL values, and a details schema to CEL types.
import type { Environment } from '@marcbachmann/cel-js'
import { isRecord } from '../../../contract/index.ts'
import { VALUE_MAX_DEPTH } from '../depth.ts'
import type { DetailsSchema } from '../details/details-schema.ts'
import { CONDITION_LIMITS, VARIABLES } from './language.ts'

/** A value in a condition. A symbol replaces a value that is too large to read. */
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

/** Limits the elements of a list, or the members of an object, that a condition can read. */
export const COLLECTION_MAX_ELEMENTS = 256
/** Limits the texts that a condition can read, so that its cost does not grow with a user's input. */
export const TEXT_MAX_CHARACTERS = 1024
/** Replaces a value that is too large. Reading it fails. A missing value would look as if it did not exist. */
const TOO_LARGE = Symbol('too long or too deep')

/**
 * Converts a JSON value to a value of a condition. Objects become maps, so that no key, such as `constructor` or
 * `__proto__`, has a meaning in JavaScript.
 *
 * @param schema says which numbers are integers; all others become doubles
 * @param depth how deeply the value is nested
 * @example celValue({ amount: 1500 }, { type: 'object', properties: { amount: { type: 'integer' } } })
 */
export function celValue(value: unknown, schema?: unknown, depth = 1): Value {
  const keywords: Record<string, unknown> = isRecord(schema) ? schema : {}
  if (typeof value === 'number')
    return keywords.type === 'integer' && Number.isInteger(value) ? BigInt(value) : value
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') return value.length > TEXT_MAX_CHARACTERS ? TOO_LARGE : value
  if (typeof value !== 'object' || value === null) return null
  if (depth > VALUE_MAX_DEPTH) return TOO_LARGE
  if (Array.isArray(value)) {
    return value.length > COLLECTION_MAX_ELEMENTS
      ? TOO_LARGE
      : value.map((one) => celValue(one, keywords.items, depth + 1))
  }
  const members = Object.entries(value)
  if (members.length > COLLECTION_MAX_ELEMENTS) return TOO_LARGE
  const { properties } = keywords
  return new Map(
    members.map(([name, one]) => [
      name,
      celValue(
        one,
        isRecord(properties) && Object.hasOwn(properties, name)
          ? properties[name]
          : keywords.additionalProperties,
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

type Library = typeof import('./cel.ts')

const ANYTHING = 'map<string, dyn>'

/** Creates the CEL environment in which conditions are evaluated. Types are checked as values are read. */
export function runningTypes({ Environment }: Library): Environment {
  const environment = comparing(new Environment({ limits: CONDITION_LIMITS }))
  for (const name of VARIABLES) environment.registerVariable(name, ANYTHING)
  return environment
}

/**
 * Creates the CEL environment in which conditions are checked, with every known name and type.
 *
 * @param schema the schema of the details; without a schema, they are a map of any values
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

/** Allows a comparison of a double with an integer, because JSON does not distinguish 1000 from 1000.0. */
const comparing = (environment: Environment): Environment =>
  environment.registerOperator('double == int', (a: number, b: bigint) => a === Number(b))

/** Returns whether an object may have names beyond its `properties`. */
const isOpen = ({ additionalProperties, anyOf, oneOf, allOf }: DetailsSchema): boolean =>
  isRecord(additionalProperties) || [anyOf, oneOf, allOf].some((more) => more !== undefined)

/** Returns the CEL type of a schema. It is `dyn`, which is not checked, if the schema allows several types. */
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
