// Conditions: the `when` of a stricter entry, in CEL. Checked when settings are saved, evaluated with
// the facts of one call. See strengthen.ts for what a match changes. The library is loaded on first use
// and does not use eval.
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

/** What is known when an action is decided. What is left out is unknown, and reading it fails. */
export interface Facts {
  details?: Details | undefined
  subject: SubjectFacts
  session?: { claims?: Record<string, unknown>; ageSeconds?: number } | undefined
  /** `time` in epoch seconds. */
  request: { country?: string; time: number }
}

/** The variables of a condition, as CEL sees them. */
export type Variables = ReadonlyMap<string, Value>

/** Whether a condition matches, or why it could not be evaluated. */
export type Outcome = { outcome: 'matched' | 'unmatched' } | { outcome: 'failed'; why: string }

/** A condition with what it read: for an explanation. */
export interface Explained {
  result: Outcome
  /** What it read, each once. */
  values: { path: string; value: Value }[]
  /** The condition with the values that it read filled in. */
  filled: string
}

/** The library, loaded. */
export interface Conditions {
  /** What is wrong with a condition, against the schema of the details where there is one. */
  check(when: string, schema?: DetailsSchema): Mistake | undefined
  evaluate(when: string, variables: Variables): Outcome
  explain(when: string, variables: Variables): Explained
}

type Library = typeof import('@marcbachmann/cel-js')
const KEPT_CONDITIONS = 500

let loaded: Conditions | undefined

/**
 * Loads what conditions need. Call it only where there are conditions: nothing else pays for it.
 *
 * @example const conditions = action.conditional ? await loadConditions() : undefined
 */
export async function loadConditions(): Promise<Conditions> {
  loaded ??= makeConditions(await import('@marcbachmann/cel-js'))
  return loaded
}

/**
 * The variables of a condition. Whole numbers are `int` where the schema says integer, and all other
 * numbers of JSON are `double`, as CEL has it for JSON.
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

  /** Compiled once for all that is evaluated; bounded, the oldest goes. */
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
    return { at: 1, what: `it is ${length} bytes long, of at most ${CONDITION_MAX_BYTES}` }
  try {
    const run = environment.parse(when)
    return { run, ...inspect(run.ast) }
  } catch (error) {
    return mistakeOf(library, error, when)
  }
}

/** Checks names and types: those of the details against their schema, where there is one. */
function checkTypes(
  library: Library,
  when: string,
  schema: DetailsSchema | undefined,
): Mistake | undefined {
  const typed = checkingTypes(library, schema)
  const { valid, type, error } = typed.check(when)
  if (!valid) return mistakeOf(library, error, when)
  if (type !== 'bool' && type !== 'dyn')
    return { at: 1, what: `it gives ${type}, not true or false` }
  // `has(details.amout)` is well typed whatever the name; what it asks of is looked at by itself.
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

/** The values that were read, and the condition with those of them in it that are short. */
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
    // `has(1500)` would say nothing.
    const isAsked = asked.some((place) => place.start === start)
    if (!isAsked && typeof value !== 'object' && typeof value !== 'symbol')
      filled = filled.slice(0, start) + formatValue(value) + filled.slice(end)
  }
  return {
    values: [...values].reverse().map(([path, value]) => ({ path, value })),
    filled,
  }
}

const TOLD_CHARACTERS = 60

/** Formats a value for a sentence. */
export function formatValue(value: Value): string {
  if (typeof value === 'symbol') return 'too long to be looked into'
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
  return text.length > TOLD_CHARACTERS ? `${text.slice(0, TOLD_CHARACTERS)}…` : text
}
