// Conditions: the `when` of a `stricter` entry, in CEL. They are checked when settings are saved, and evaluated
// with the facts of one call. strengthen.ts applies a match. The library is loaded on first use and does not use
// eval.
import type { Environment, ParseResult } from '@marcbachmann/cel-js'
import type { Details, SubjectFacts } from '../../../contract/index.ts'
import { utf8 } from '../bytes.ts'
import type { DetailsSchema } from '../details/details-schema.ts'
import { celValue, checkingTypes, runningTypes, type Value } from './condition-values.ts'
import {
  CONDITION_MAX_BYTES,
  ConditionMistake,
  type Findings,
  inspect,
  type Mistake,
} from './language.ts'

/** The facts about a call. A fact that is left out is unknown, and a condition that reads it fails. */
export interface Facts {
  details?: Details | undefined
  subject: SubjectFacts
  session?: { claims?: Record<string, unknown>; ageSeconds?: number } | undefined
  /** `time` is in epoch seconds. */
  request: { country?: string; time: number }
}

/** The variables of a condition, as CEL sees them. */
export type Variables = ReadonlyMap<string, Value>

/** The result of a condition, or the reason why it could not be evaluated. */
export type Outcome = { outcome: 'matched' | 'unmatched' } | { outcome: 'failed'; why: string }

/** The result of a condition with the values that it read, for an explanation. */
export interface Explained {
  result: Outcome
  /** The values that the condition read, each once. */
  values: { path: string; value: Value }[]
  /** The text of the condition with these values in place of their names. */
  filled: string
}

/** The functions on conditions, after the library was loaded. */
export interface Conditions {
  /** Returns the first mistake of a condition. Checks its names and types against the details schema, if any. */
  check(when: string, schema?: DetailsSchema): Mistake | undefined
  evaluate(when: string, variables: Variables): Outcome
  explain(when: string, variables: Variables): Explained
}

type Library = typeof import('./cel.ts')
const KEPT_CONDITIONS = 500

let loaded: Conditions | undefined

/**
 * Loads the library. Call it only if an action has conditions, because loading takes time.
 *
 * @example const conditions = action.conditional ? await loadConditions() : undefined
 */
export async function loadConditions(): Promise<Conditions> {
  loaded ??= makeConditions(await import('./cel.ts'))
  return loaded
}

/**
 * Returns the variables of a condition. A whole number is an `int` if the schema says integer. Every other
 * number is a `double`, as CEL reads JSON.
 */
export function variablesOf(facts: Facts, schema?: DetailsSchema): Variables {
  const { details, subject, session, request } = facts
  const { enrolled, newestFactorAgeSeconds, lastStepUpAgeSeconds } = subject
  const kinds = (['totp', 'passkey', 'recovery'] as const).filter((kind) => subject[kind])
  return known({
    details: details && celValue(details, schema),
    subject: known({
      enrolled,
      kinds,
      newestFactorAgeSeconds: whole(newestFactorAgeSeconds),
      lastStepUpAgeSeconds: whole(lastStepUpAgeSeconds),
    }),
    session:
      session &&
      known({
        claims: session.claims && celValue(session.claims),
        ageSeconds: whole(session.ageSeconds),
      }),
    request: known({ country: request.country, time: new Date(request.time * 1000) }),
  })
}

const whole = (seconds: number | undefined): bigint | undefined =>
  seconds === undefined ? undefined : BigInt(Math.floor(seconds))

const known = (members: Record<string, Value | undefined>): Map<string, Value> =>
  new Map(
    Object.entries(members).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  )

interface Compiled extends Findings {
  run: ParseResult
}

function makeConditions(library: Library): Conditions {
  const untyped = runningTypes(library)
  const compiled = new Map<string, Compiled | Mistake>()

  /** Compiles a condition, or returns it from the cache. */
  const compile = (when: string): Compiled | Mistake => {
    const before = compiled.get(when)
    if (before) return before
    const made = read(library, untyped, when)
    const [oldest] = compiled.keys()
    if (compiled.size >= KEPT_CONDITIONS && oldest !== undefined) compiled.delete(oldest)
    compiled.set(when, made)
    return made
  }

  const evaluate = (when: string, variables: Variables): Outcome => {
    const condition = compile(when)
    if ('what' in condition) return { outcome: 'failed', why: condition.what }
    try {
      const value: unknown = condition.run(variables)
      if (typeof value !== 'boolean')
        return { outcome: 'failed', why: 'it is neither true nor false' }
      return { outcome: value ? 'matched' : 'unmatched' }
    } catch (error) {
      return { outcome: 'failed', why: mistakeOf(library, error, when).what }
    }
  }

  return {
    check: (when, schema) => {
      const condition = compile(when)
      if ('what' in condition) return condition
      const { valid, error } = condition.run.check()
      return valid ? checkTypes(library, when, schema) : mistakeOf(library, error, when)
    },
    evaluate,
    explain: (when, variables) => {
      const condition = compile(when)
      const found = 'what' in condition ? { reads: [], asked: [] } : condition
      return { result: evaluate(when, variables), ...fill(when, found, variables) }
    },
  }
}

function read(library: Library, environment: Environment, when: string): Compiled | Mistake {
  const { length } = utf8(when)
  if (length > CONDITION_MAX_BYTES)
    return { at: 1, what: `it is ${length} bytes long: the limit is ${CONDITION_MAX_BYTES}` }
  try {
    const run = environment.parse(when)
    return { run, ...inspect(run.ast) }
  } catch (error) {
    return mistakeOf(library, error, when)
  }
}

/** Checks the names and types in a condition. Checks those of the details against their schema, if any. */
function checkTypes(
  library: Library,
  when: string,
  schema: DetailsSchema | undefined,
): Mistake | undefined {
  const typed = checkingTypes(library, schema)
  const { valid, type, error } = typed.check(when)
  if (!valid) return mistakeOf(library, error, when)
  if (type !== 'bool' && type !== 'dyn')
    return { at: 1, what: `it returns ${type}, not true or false` }
  // The type check accepts any name in `has(details.amout)`, so the name is checked separately.
  for (const { start, end } of inspect(typed.parse(when).ast).asked) {
    const asked = typed.check(when.slice(start, end))
    if (!asked.valid && isMissingKey(library, asked.error)) {
      const { at, what } = mistakeOf(library, asked.error, when.slice(start, end))
      return { at: at + start, what }
    }
  }
  return undefined
}

const isMissingKey = ({ TypeError: CelTypeError }: Library, error: unknown): boolean =>
  error instanceof CelTypeError && error.code === 'no_such_key'

/** Returns the first sentence of an error of the library, without its source excerpt. */
function mistakeOf(library: Library, error: unknown, when: string): Mistake {
  if (error instanceof ConditionMistake) return error.mistake
  const { ParseError, TypeError: CelTypeError, EvaluationError } = library
  if (
    !(
      error instanceof ParseError ||
      error instanceof CelTypeError ||
      error instanceof EvaluationError
    )
  )
    return { at: 1, what: 'it cannot be evaluated' }
  const { code, node, range, summary } = error
  const start = range?.start ?? 0
  const place = node ? when.slice(node.start, node.end) : ''
  if (code === 'no_such_key' && place) return { at: start + 1, what: `${place} is not known` }
  if (code === 'unknown_variable' && place) return { at: start + 1, what: `${place} is not known` }
  return { at: start + 1, what: summary.replace(/dyn<(\w+)>/g, '$1').slice(0, 200) }
}

/** Returns the values that a condition read, and its text with simple values in place of their names. */
function fill(when: string, { reads, asked }: Findings, variables: Variables) {
  const values = new Map<string, Value>()
  let filled = when
  for (const { path, start, end } of reads.toSorted((a, b) => b.start - a.start)) {
    const value = path.reduce<Value | undefined>(
      (above, name) => (above instanceof Map ? above.get(name) : undefined),
      variables,
    )
    if (value === undefined) continue
    values.set(when.slice(start, end), value)
    // Inside `has(…)` the name stays: `has(1500)` would explain nothing.
    const isAsked = asked.some((place) => place.start === start)
    if (!isAsked && typeof value !== 'object' && typeof value !== 'symbol')
      filled = filled.slice(0, start) + formatValue(value) + filled.slice(end)
  }
  return {
    values: [...values].reverse().map(([path, value]) => ({ path, value })),
    filled,
  }
}

const FORMATTED_MAX_CHARACTERS = 60

/** Formats a value for a sentence. */
export function formatValue(value: Value): string {
  if (typeof value === 'symbol') return 'too large to read'
  if (value instanceof Date) return value.toISOString()
  const text = JSON.stringify(value, (_key, one) =>
    typeof one === 'bigint'
      ? Number(one)
      : one instanceof Map
        ? Object.fromEntries(one)
        : typeof one === 'symbol'
          ? '…'
          : one,
  )
  return text.length > FORMATTED_MAX_CHARACTERS
    ? `${text.slice(0, FORMATTED_MAX_CHARACTERS)}…`
    : text
}
