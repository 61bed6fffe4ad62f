// Validates values against the schemas of the OpenAPI document.
import { Validator } from '@cfworker/json-schema'
import { namedSchemas, refTo } from '../../reference/schemas.ts'

const components = { schemas: namedSchemas() }

/**
 * Returns what is wrong with a value of a named schema.
 *
 * @example faultsOf('PolicyDecision', {}) // ['#: Instance does not have required property "decision".', …]
 */
export const faultsOf = (name: string, value: unknown): string[] =>
  new Validator({ ...refTo(name), components } as object, '2020-12')
    .validate(value)
    .errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`)
