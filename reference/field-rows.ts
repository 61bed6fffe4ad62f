// The fields of a schema as rows of a table: name, type, limits and meaning.
import { nameIn, type Schema } from './schemas.ts'

export interface Row {
  /** Its name. A member of a nested object has the names before it, such as `recovery.total`. */
  field: string
  required: boolean
  type: string
  /** A named type that the page shows at another place. */
  link?: string
  limits: string
  meaning: string
}

/** One form of a schema, such as the one with `method: totp`. A schema with only one has no `form`. */
export interface Form {
  form?: string
  rows: Row[]
}

type Schemas = Readonly<Record<string, Schema>>

/** Formats whose pattern says nothing to people. */
const UNREADABLE = /\\p|\\P/

/**
 * Returns the forms of a named schema with their fields.
 *
 * @example fieldRows(namedSchemas(), 'TokenReference') // [{ rows: [{ field: 'token', … }] }]
 */
export function fieldRows(schemas: Schemas, name: string): Form[] {
  const schema = schemas[name] ?? {}
  const forms = schema.oneOf ?? schema.anyOf
  if (!forms) return [{ rows: rowsOf(schemas, schema) }]
  return forms.map((one) => ({ form: formOf(one, forms), rows: rowsOf(schemas, one) }))
}

/** Names a form by its fixed value, or else by the first field that not all forms have. */
function formOf({ properties = {} }: Schema, forms: readonly Schema[]): string {
  const [fixed] = Object.entries(properties).filter(([, { const: value }]) => value !== undefined)
  if (fixed) return `\`${fixed[0]}: ${fixed[1].const}\``
  const fields = Object.keys(properties)
  const own = fields.find((field) => forms.some((form) => !form.properties?.[field])) ?? fields[0]
  return `with \`${own}\``
}

function rowsOf(schemas: Schemas, { properties = {}, required = [] }: Schema, within = ''): Row[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const field = within + name
    const { description: meaning = '' } = schema
    const row = { field, required: required.includes(name), meaning, ...typeOf(schemas, schema) }
    const nested = objectIn(schema)
    return nested ? [row, ...rowsOf(schemas, nested.schema, `${field}${nested.mark}.`)] : [row]
  })
}

/** Returns the object that a schema describes in place, and how its members are written. */
function objectIn(schema: Schema): { schema: Schema; mark: string } | undefined {
  if (schema.properties) return { schema, mark: '' }
  const { items } = schema
  if (typeof items === 'object' && items.properties) return { schema: items, mark: '[]' }
  const nullable = schema.anyOf?.find(({ properties }) => properties)
  return nullable && schema.anyOf?.some(({ type }) => type === 'null')
    ? { schema: nullable, mark: '' }
    : undefined
}

type TypeOf = Pick<Row, 'type' | 'link' | 'limits'>

function typeOf(schemas: Schemas, schema: Schema): TypeOf {
  if (schema.$ref !== undefined) return typeOfName(schemas, nameIn(schema))
  const options = schema.anyOf ?? schema.oneOf
  if (options) return typeOfOptions(schemas, options)
  if (schema.type === 'array') return typeOfArray(schemas, schema)
  return { type: wordOf(schema), limits: limitsOf(schema) }
}

const isStructured = ({ properties, anyOf, oneOf }: Schema): boolean =>
  properties !== undefined || anyOf !== undefined || oneOf !== undefined

function typeOfName(schemas: Schemas, name: string): TypeOf {
  const schema = schemas[name] ?? {}
  if (isStructured(schema)) return { type: '', link: name, limits: '' }
  const found = typeOf(schemas, schema)
  return name === 'EpochSeconds' ? { type: 'integer', limits: 'epoch seconds' } : found
}

function typeOfOptions(schemas: Schemas, options: readonly Schema[]): TypeOf {
  const types = options.map((one) => typeOf(schemas, one))
  const [first] = types
  const link = types.find((one) => one.link)?.link
  const rest = types.filter((one) => one.link === undefined).map(({ type }) => type)
  return {
    type: [...new Set(rest)].join(' or ') + (link && rest.length > 0 ? ' or' : ''),
    ...(link && { link }),
    limits: first?.limits ?? '',
  }
}

function typeOfArray(schemas: Schemas, schema: Schema): TypeOf {
  const item = typeof schema.items === 'object' ? schema.items : schema.prefixItems?.[0]
  const { type, link, limits } = typeOf(schemas, item ?? {})
  const size = between(schema.minItems, schema.maxItems, 'items')
  return {
    type: `array of ${type}`.trimEnd(),
    ...(link && { link }),
    limits: [size, limits].filter(Boolean).join(', each '),
  }
}

function wordOf({ type, const: value, enum: values }: Schema): string {
  if (value !== undefined) return JSON.stringify(value)
  if (values) return values.map((one) => `"${one}"`).join(' or ')
  return type ? [type].flat().join(' or ') : 'anything'
}

function limitsOf(schema: Schema): string {
  const { pattern } = schema
  return [
    between(schema.minLength, schema.maxLength, 'characters'),
    between(schema.minimum, schema.maximum, ''),
    pattern && !UNREADABLE.test(pattern) ? `\`${pattern}\`` : '',
  ]
    .filter(Boolean)
    .join(', ')
}

/** Writes a range. */
function between(least: number | undefined, most: number | undefined, unit: string): string {
  const number = (value: number) => value.toLocaleString('en')
  if (least !== undefined && most !== undefined)
    return `${least === most ? '' : `${number(least)} to `}${number(most)} ${unit}`.trimEnd()
  if (most !== undefined) return `at most ${number(most)} ${unit}`.trimEnd()
  return least === undefined ? '' : `at least ${number(least)} ${unit}`.trimEnd()
}
