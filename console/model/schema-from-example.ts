// A JSON Schema made from one example of an action's details, as a start for the operator.
import { isRecord } from 'countersign/contract'

type Schema = Record<string, unknown>

/**
 * Returns a schema that the example satisfies: every member is required, and no other is accepted.
 *
 * @example schemaFromExample({ amount: 5 })
 * // { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'], additionalProperties: false }
 */
export function schemaFromExample(value: unknown): Schema {
  if (Array.isArray(value)) {
    const [first] = value
    return { type: 'array', ...(first !== undefined && { items: schemaFromExample(first) }) }
  }
  if (isRecord(value)) {
    const members = Object.entries(value)
    return {
      type: 'object',
      properties: Object.fromEntries(members.map(([name, one]) => [name, schemaFromExample(one)])),
      required: members.map(([name]) => name),
      additionalProperties: false,
    }
  }
  if (typeof value === 'number') return { type: 'number' }
  if (typeof value === 'boolean') return { type: 'boolean' }
  // A null says nothing of the values that are not null.
  return value === null ? {} : { type: 'string' }
}

/** A name that no schema of the service may have. */
const RESERVED = '__proto__'

/**
 * Reads an example as an operator pastes it.
 *
 * @returns the schema, or what is wrong with the text
 */
export function readExample(text: string): { schema: Schema } | { problem: string } {
  try {
    let hasReserved = false
    const value: unknown = JSON.parse(text, (name, member) => {
      hasReserved ||= name === RESERVED
      return member
    })
    if (hasReserved) return { problem: `The service takes no member named ${RESERVED}.` }
    if (isRecord(value)) return { schema: schemaFromExample(value) }
    return { problem: 'Paste one JSON object, such as { "amount": 25, "payee": "bob" }.' }
  } catch {
    return { problem: 'This is not JSON. Paste one object, such as { "amount": 25 }.' }
  }
}
