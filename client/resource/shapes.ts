// Checks the types of untrusted values by hand, because a schema library would be most of the guard's size.
import { ACRS, METHODS } from '../../contract/assurance.ts'
import { isRecord } from '../../contract/shared/wire.ts'

type Check = (value: unknown) => boolean
/** A check for every member of a type. The compiler reports a member without a check. */
export type Shape<T> = { [K in keyof Required<T>]: Check }

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
export const isFlag: Check = (value) => typeof value === 'boolean'
export const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

export const oneOf =
  (known: readonly unknown[]): Check =>
  (value) =>
    known.includes(value)
export const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
export const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)

export const isAcr = oneOf(ACRS)
export const isMethods = listOf(oneOf(METHODS))
export const isDetailsRule = oneOf(['none', 'optional', 'required'])

/**
 * Returns a function that checks whether a value has every member of a type. It ignores other members.
 *
 * @example const isPoint = fits<{ x: number }>({ x: isCount })
 */
export const fits = <T extends object>(shape: Shape<T>) => {
  const checks = Object.entries<Check>(shape)
  return (value: unknown): value is T =>
    isRecord(value) && checks.every((entry) => entry[1](value[entry[0]]))
}
