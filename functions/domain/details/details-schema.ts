// The JSON Schema of an action's details: checks a schema when settings are saved, and checks the details of a
// call against it. It is a small part of JSON Schema 2020-12, without references and patterns, so that checking
// details is fast for any input.
import { type Schema, Validator } from '@cfworker/json-schema'
import { type Details, isRecord } from '../../../contract/index.ts'
import { refuse } from '../refusal.ts'
import { type BoundDetails, bindDetails } from './details.ts'
import { displayFault, type Siblings } from './display-fault.ts'

export const DETAILS_SCHEMA_MAX_BYTES = 8192
export const DETAILS_SCHEMA_MAX_DEPTH = 8
const DRAFT = '2020-12'

/** The schema of an action's details. */
export type DetailsSchema = Record<string, unknown>

type Kind =
  | 'schema'
  | 'schemas'
  | 'item'
  | 'properties'
  | 'text'
  | 'names'
  | 'list'
  | 'number'
  | 'flag'
  | 'any'

/** Maps every supported keyword to the kind of its value. */
const KEYWORDS: Record<string, Kind> = {
  type: 'any',
  properties: 'properties',
  required: 'names',
  additionalProperties: 'schema',
  minProperties: 'number',
  maxProperties: 'number',
  items: 'item',
  minItems: 'number',
  maxItems: 'number',
  uniqueItems: 'flag',
  enum: 'list',
  const: 'any',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  multipleOf: 'number',
  minLength: 'number',
  maxLength: 'number',
  anyOf: 'schemas',
  oneOf: 'schemas',
  allOf: 'schemas',
  not: 'schema',
  title: 'text',
  description: 'text',
  $comment: 'text',
  $schema: 'text',
  default: 'any',
  examples: 'list',
}
const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']
const WHY_NOT: Record<string, string> = {
  $ref: 'write the schema in its place',
  pattern: 'a pattern can take seconds',
  patternProperties: 'a pattern can take seconds',
  format: 'it is not checked',
}

/**
 * Returns the first fault of a details schema with its position, or undefined for a valid one.
 *
 * @example schemaFault({ type: 'object', properties: { to: { pattern: 'a+' } } }) // '/properties/to: `pattern` is …'
 */
export function schemaFault(schema: DetailsSchema): string | undefined {
  if (new TextEncoder().encode(JSON.stringify(schema)).length > DETAILS_SCHEMA_MAX_BYTES)
    return `it is longer than ${DETAILS_SCHEMA_MAX_BYTES} bytes`
  if (schema.type !== 'object') return 'it must describe an object: set `type` to object'
  if (isRecord(schema.properties) && Object.hasOwn(schema.properties, 'type'))
    return '/properties/type: `type` is set by Countersign, so no caller can send it'
  return faultAt(schema, '', 1)
}

/** @param siblings the properties beside this one; missing where `display` has no effect */
function faultAt(
  schema: unknown,
  place: string,
  depth: number,
  siblings?: Siblings,
): string | undefined {
  const at = place || '/'
  if (typeof schema === 'boolean') return undefined
  if (!isRecord(schema)) return `${at}: a schema must be an object, true or false`
  if (depth > DETAILS_SCHEMA_MAX_DEPTH) return `${at}: it is nested too deep`
  const { display: _, ...keywords } = schema
  for (const [keyword, value] of Object.entries(keywords)) {
    const kind = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined
    if (!kind) {
      const why = Object.hasOwn(WHY_NOT, keyword) ? `: ${WHY_NOT[keyword]}` : ''
      return `${at}: \`${keyword}\` is not supported${why}`
    }
    const fault = FORMS[kind](value, `${place}/${keyword}`, depth)
    if (fault) return fault
  }
  return typeFault(schema.type, at) ?? displayFaultAt(schema, place, siblings)
}

function displayFaultAt(
  { type, display }: DetailsSchema,
  place: string,
  siblings: Siblings | undefined,
): string | undefined {
  if (display === undefined) return undefined
  const fault = siblings
    ? displayFault(display, type, siblings)
    : 'it is only for a property or the items of a list'
  return fault && `${place}/display: ${fault}`
}

const isText = (value: unknown): boolean => typeof value === 'string'
const form = (holds: (value: unknown) => boolean, what: string) => (value: unknown, at: string) =>
  holds(value) ? undefined : `${at}: it must be ${what}`

const FORMS: Record<Kind, (value: unknown, at: string, depth: number) => string | undefined> = {
  schema: (value, at, depth) => faultAt(value, at, depth + 1),
  schemas: (value, at, depth) =>
    Array.isArray(value) && value.length > 0
      ? firstFault(value.map((one, index) => faultAt(one, `${at}/${index}`, depth + 1)))
      : `${at}: it must be a list of schemas`,
  item: (value, at, depth) => faultAt(value, at, depth + 1, { name: '', properties: {} }),
  properties: (value, at, depth) =>
    isRecord(value)
      ? firstFault(
          Object.entries(value).map(([name, one]) =>
            name === '__proto__'
              ? `${at}: no property may be named __proto__`
              : faultAt(one, `${at}/${name}`, depth + 1, { name, properties: value }),
          ),
        )
      : `${at}: it must be an object`,
  text: form(isText, 'a text'),
  names: form((value) => Array.isArray(value) && value.every(isText), 'a list of names'),
  list: form((value) => Array.isArray(value) && value.length > 0, 'a list'),
  number: form((value) => typeof value === 'number', 'a number'),
  flag: form((value) => typeof value === 'boolean', 'true or false'),
  any: () => undefined,
}

const firstFault = (faults: (string | undefined)[]): string | undefined =>
  faults.find((fault) => fault !== undefined)

function typeFault(type: unknown, at: string): string | undefined {
  const named = Array.isArray(type) ? type : type === undefined ? [] : [type]
  const known = named.every((name) => typeof name === 'string' && TYPES.includes(name))
  return known ? undefined : `${at}: \`type\` must be one of ${TYPES.join(', ')}`
}

/** The validators of the schemas in use. The library changes the schema that it gets, so it gets a copy. */
const validators = new WeakMap<DetailsSchema, Validator>()

function validatorOf(schema: DetailsSchema): Validator {
  const known = validators.get(schema)
  if (known) return known
  const made = new Validator(structuredClone(schema) as Schema, DRAFT)
  validators.set(schema, made)
  return made
}

/** Returns where details violate a schema, as a JSON pointer and a keyword; undefined if they satisfy it. */
function violation(schema: DetailsSchema, details: Details): string | undefined {
  const { valid, errors } = validatorOf(schema).validate(details)
  if (valid) return undefined
  // The last error is the innermost one. The others only report that a member below them is wrong.
  const { instanceLocation = '#', keyword = 'type' } = errors.at(-1) ?? {}
  const place = instanceLocation.replace(/^#/, '') || '/'
  return keyword === 'required' ? `${place}: a required member is missing` : `${place}: ${keyword}`
}

/** The members of an action that describe its details. */
export interface TakesDetails {
  action: string
  detailsSchema?: DetailsSchema | undefined
}

/**
 * Checks details against the schema of their action, if it has one, and binds them to the action.
 *
 * @throws Refused `input_invalid` with the position as a JSON pointer, never with a value; and the refusals of
 *   `bindDetails`
 * @example checkDetails({ amount: 10 }, action).hash
 */
export function checkDetails(
  details: Details,
  { action, detailsSchema }: TakesDetails,
): BoundDetails {
  const bound = bindDetails(details, action)
  const fault = detailsSchema && violation(detailsSchema, details)
  if (fault !== undefined) {
    refuse('input_invalid', {
      message: `\`details\` do not satisfy the schema of ${action}, at ${fault}.`,
    })
  }
  return bound
}
