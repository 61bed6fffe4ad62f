// An example of the details of an action, made from its schema, for lines that are pasted and then edited.

type Schema = Record<string, unknown>

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined

/**
 * Makes an example that a details schema accepts. What a schema forbids by `not`, and combinations
 * that exclude each other, are ignored.
 *
 * @param name of the member that the schema describes: an example of a text
 * @example sampleOf({ type: 'object', properties: { amount: { minimum: 5, type: 'number' } } })
 */
export function sampleOf(schema: unknown, name = 'value'): unknown {
  if (!isSchema(schema)) return name
  const written = [schema.const, schema.default, listOf(schema.examples)[0], listOf(schema.enum)[0]]
  const given = written.find((value) => value !== undefined)
  if (given !== undefined) return given
  const [type] = [schema.type].flat()
  const choice = listOf(schema.anyOf)[0] ?? listOf(schema.oneOf)[0]
  const parts = [choice, ...listOf(schema.allOf)].filter(isSchema)
  if (typeof type !== 'string' && !schema.properties && parts[0]) return sampleOf(parts[0], name)
  const make = MAKERS[typeof type === 'string' ? type : schema.properties ? 'object' : 'string']
  const own = make?.(schema, name)
  const more = parts.map((part) => sampleOf({ type, ...part }, name))
  return isSchema(own) ? Object.assign({}, own, ...more) : (more[0] ?? own)
}

const numeric = (schema: Schema): number => {
  const above = numberOf(schema.exclusiveMinimum)
  const below = numberOf(schema.exclusiveMaximum)
  const least = numberOf(schema.minimum) ?? (above === undefined ? undefined : above + 1)
  const most = numberOf(schema.maximum) ?? (below === undefined ? undefined : below - 1)
  const step = numberOf(schema.multipleOf) ?? 1
  return least === undefined
    ? Math.floor(Math.min(step, most ?? step) / step) * step
    : Math.ceil(least / step) * step
}

const MAKERS: Record<string, (schema: Schema, name: string) => unknown> = {
  object: ({ properties, required }) => {
    const known = isSchema(properties) ? properties : {}
    const names = [...Object.keys(known), ...listOf(required).map(String)]
    return Object.fromEntries(names.map((member) => [member, sampleOf(known[member], member)]))
  },
  array: ({ items, minItems }, name) =>
    Array.from({ length: Math.max(1, numberOf(minItems) ?? 1) }, () => sampleOf(items, name)),
  string: ({ minLength, maxLength }, name) =>
    name.padEnd(numberOf(minLength) ?? 0, '-').slice(0, numberOf(maxLength)),
  number: numeric,
  integer: numeric,
  boolean: () => true,
  null: () => null,
}
