// The OpenAPI document: it is valid, has every procedure, and what it says agrees with its own schemas.
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import * as contract from '../../contract/index.ts'
import { appRouter } from '../../functions/router.ts'
import { FIELDS, meaningOf } from '../../reference/fields.ts'
import { describeApi, endpoints, operationId } from '../../reference/openapi.ts'
import { namedSchemas, type Schema } from '../../reference/schemas.ts'
import { faultsOf } from '../support/schemas.ts'

const ENDPOINTS = endpoints()
const { components, paths } = describeApi('0.0.0')
const named = ENDPOINTS.map((endpoint) => ({ ...endpoint, name: endpoint.path }))

/** Every field of a named schema, as `Schema.field`. */
function fieldsOf(name: string, value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  const { properties = {} } = value as Schema
  return [
    ...Object.keys(properties).map((field) => `${name}.${field}`),
    ...Object.values(value).flatMap((member) => fieldsOf(name, member)),
  ]
}
const fields = Object.entries(namedSchemas()).flatMap(([name, schema]) => fieldsOf(name, schema))

describe('the OpenAPI document', () => {
  it('is valid by the schema of OpenAPI 3.1', async () => {
    const validator = new Validator()
    expect(await validator.validate(JSON.parse(JSON.stringify(describeApi('0.0.0'))))).toEqual({
      valid: true,
    })
    expect(validator.version).toBe('3.1')
  })

  it('has every procedure of the router, first the one that an API calls before it acts', () => {
    const documented = new Set(ENDPOINTS.map(({ noun, verb }) => `${noun}.${verb}`))
    expect([...documented].toSorted()).toEqual(Object.keys(appRouter._def.procedures).toSorted())
    expect(Object.keys(paths)[0]).toBe('/{environment}/v1/action/authorize')
  })

  it('names each operation once', () => {
    expect(new Set(ENDPOINTS.map(operationId)).size).toBe(ENDPOINTS.length)
  })

  it('refers only to what it has', () => {
    const references = [...JSON.stringify({ components, paths }).matchAll(/"#\/([^"]+)"/g)]
    const missing = references
      .map(([, path = '']) => path)
      .filter((path) => {
        const steps = path.split('/').slice(1)
        return !steps.reduce<unknown>((at, step) => Object(at)[step], components)
      })
    expect(references.length).toBeGreaterThan(100)
    expect(missing).toEqual([])
  })

  it('says what every field means, and of no field that is gone', () => {
    const mute = fields.filter((field) => {
      const [schema = '', name = ''] = field.split('.')
      return !meaningOf(schema, name)
    })
    expect(fields.length).toBeGreaterThan(300)
    expect(mute).toEqual([])
    const known = new Set(fields.flatMap((field) => [field, field.split('.')[1]]))
    expect(Object.keys(FIELDS).filter((key) => !known.has(key))).toEqual([])
  })

  it.each([
    ['Label', contract.Label, 'x'.repeat(64), 'x'.repeat(65)],
    ['Sentence', contract.Sentence, '☃'.repeat(120), '☃'.repeat(121)],
    ['SubjectId', contract.SubjectId, 'alice', 'ali\nce'],
  ] as const)('limits %s as the contract does', (name, schema, good, bad) => {
    expect([good, bad].map((value) => schema.safeParse(value).success)).toEqual([true, false])
    expect([good, bad].map((value) => faultsOf(name, value).length === 0)).toEqual([true, false])
  })

  it('names every reason of the contract where it can be the answer', () => {
    /** The refusal of another method. */
    const elsewhere = ['method_unsupported']
    const named = new Set<string>(ENDPOINTS.flatMap(({ refusals }) => refusals))
    expect(Object.keys(contract.REASONS).filter((reason) => !named.has(reason))).toEqual(elsewhere)
  })
})

describe('an operation', () => {
  it.each(named)('shows a call that matches its schema: $name', ({ input, example }) => {
    expect(faultsOf(input, example)).toEqual([])
    expect(faultsOf(input, { ...Object(example), unknown: 1 })).not.toEqual([])
  })

  it.each(named)('shows an answer that matches its schema: $name', ({ output, answer }) => {
    expect(faultsOf(output, answer)).toEqual([])
    expect(faultsOf(output, { ...Object(answer), unknown: 1 })).not.toEqual([])
  })

  it.each(named)('has words that end as sentences do: $name', ({ summary, description }) => {
    expect(summary).toMatch(/^[A-Z][^.]+$/)
    expect(description).toMatch(/^[A-Z][\s\S]+\.$/)
  })
})
