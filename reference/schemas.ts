// The JSON Schemas of the contract, by their names, with what each field means.
import * as z from 'zod/mini'
import * as contract from '../contract/index.ts'
import { meaningOf } from './fields.ts'

/** The members of a JSON Schema (2020-12) that the contract's schemas use. */
export interface Schema {
  $ref?: string
  $id?: string
  $schema?: string
  type?: string | string[]
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  propertyNames?: Schema
  items?: boolean | Schema
  prefixItems?: Schema[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  enum?: unknown[]
  const?: unknown
  pattern?: string
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  minimum?: number
  maximum?: number
}

const { PolicyDecision, REASONS } = contract
const reasons = Object.keys(REASONS) as contract.Reason[]

const Requirement: z.ZodMiniType<contract.Requirement> = z.pick(PolicyDecision, {
  ...{ action: true, scope: true, methods: true },
  ...{ acr: true, freshnessSeconds: true, details: true },
})

const SettingsPlace = z.strictObject({
  action: z.string(),
  entry: z.optional(z.int().check(z.nonnegative())),
  at: z.optional(z.int().check(z.gte(1))),
})

/** The body of every refusal (RFC 9457). */
export const Problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  reason: z.enum(reasons),
  retryAfterSeconds: z.optional(z.int().check(z.nonnegative())),
  attemptsLeft: z.optional(z.int().check(z.nonnegative())),
  requirement: z.optional(Requirement),
  place: z.optional(SettingsPlace),
  wwwAuthenticate: z.optional(z.string()),
  dpopNonce: z.optional(z.string()),
})

const NAMED = { ...contract, Problem, Requirement, SettingsPlace }

const names = new Map<unknown, string>(Object.entries(NAMED).map(([name, value]) => [value, name]))

/**
 * Returns the name of a schema that the contract exports.
 *
 * @throws Error for any other schema
 */
export function schemaName(schema: unknown): string {
  const name = names.get(schema)
  if (name === undefined) throw new Error('The contract exports no such schema.')
  return name
}

const PREFIX = '#/components/schemas/'
export const refTo = (name: string): Schema => ({ $ref: `${PREFIX}${name}` })

/** Returns the name that a reference names. */
export const nameIn = ({ $ref = '' }: Schema): string => $ref.slice(PREFIX.length)

const isSchema = (value: unknown): value is z.core.$ZodType =>
  typeof value === 'object' && value !== null && '_zod' in value

/** Limits that the contract checks with a function, which has no form in JSON Schema. */
const LIMITS: Readonly<Record<string, Schema>> = {
  Label: { maxLength: contract.LABEL_MAX_CHARACTERS },
  Sentence: { maxLength: contract.SENTENCE_MAX_CHARACTERS },
  SubjectId: { pattern: '^\\P{Cc}+$' },
}

/** Returns every named schema, in the order of the names. */
export function namedSchemas(): Record<string, Schema> {
  const registry = z.registry<{ id: string }>()
  for (const [id, value] of Object.entries(NAMED)) if (isSchema(value)) registry.add(value, { id })
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `${PREFIX}${id}` })
  return Object.fromEntries(
    Object.entries(schemas as Record<string, Schema>)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { $id, $schema, ...schema }]) => [
        name,
        { ...explained(schema, name), ...LIMITS[name] },
      ]),
  )
}

/** Adds the meaning of each field, and removes what says nothing. */
function explained<T>(value: T, name: string): T {
  if (Array.isArray(value)) return value.map((one) => explained(one, name)) as T
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'propertyNames')
      .map(([key, member]) => [key, explained(member, name)]),
  )
  if (copy.maximum === Number.MAX_SAFE_INTEGER) delete copy.maximum
  if (copy.minimum === Number.MIN_SAFE_INTEGER) delete copy.minimum
  for (const [field, schema] of Object.entries<Schema>(copy.properties ?? {})) {
    const description = meaningOf(name, field)
    if (description) schema.description = description
  }
  return copy as T
}
