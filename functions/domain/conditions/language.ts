// The part of CEL that conditions may use, and the names that a condition reads. It is an allow-list: a feature
// that the library adds later stays unavailable until it is listed here. condition.ts checks types.
import type { ASTNode } from '@marcbachmann/cel-js'

/** The variables that a condition may read. */
export const VARIABLES = ['details', 'subject', 'session', 'request'] as const
export type VariableName = (typeof VARIABLES)[number]

/** Limits the length of a condition. */
export const CONDITION_MAX_BYTES = 1024
/** The limits of the parser. They keep a condition small enough to evaluate for every call. */
export const CONDITION_LIMITS = {
  maxAstNodes: 256,
  maxDepth: 24,
  maxListElements: 64,
  maxMapEntries: 16,
  maxCallArguments: 4,
}

const FUNCTIONS = ['has', 'size', 'int', 'double', 'string', 'bool', 'timestamp', 'duration']
const TIME_METHODS = [
  'getDate',
  'getDayOfMonth',
  'getDayOfWeek',
  'getDayOfYear',
  'getFullYear',
  'getHours',
  'getMilliseconds',
  'getMinutes',
  'getMonth',
  'getSeconds',
]
const METHODS = [
  ...['size', 'contains', 'startsWith', 'endsWith', 'indexOf', 'lastIndexOf', 'substring'],
  ...['lowerAscii', 'upperAscii', 'trim'],
  ...TIME_METHODS,
]
const COMPREHENSIONS = ['all', 'exists', 'exists_one', 'filter', 'map']

/** A mistake in a condition, and its position. The first character has position 1. */
export interface Mistake {
  at: number
  what: string
}

/** The error for a condition that uses an unsupported feature. */
export class ConditionMistake extends Error {
  readonly mistake: Mistake
  constructor(start: number, what: string) {
    super(what)
    this.mistake = { at: start + 1, what }
  }
}

/** A part of a condition that reads a value by its name, such as `details.amount`. */
export interface Read {
  path: [VariableName, ...string[]]
  start: number
  end: number
}

/** The reads in a condition. */
export interface Findings {
  reads: Read[]
  /** The arguments of `has(…)`, whose names the type check does not check. */
  asked: { start: number; end: number }[]
}

/**
 * Checks that a parsed condition uses only supported features, and returns the values that it reads.
 *
 * A regular expression, a `duration` or a time zone can take seconds with a hostile text, and nested
 * comprehensions multiply their cost. So conditions cannot use them with a user's input.
 *
 * @throws ConditionMistake for an unsupported feature
 * @example inspect(environment.parse('details.amount > 1000').ast).reads[0].path // ['details', 'amount']
 */
export function inspect(ast: ASTNode): Findings {
  const findings: Findings = { reads: [], asked: [] }
  walk(ast, [], findings)
  return findings
}

function walk(node: ASTNode, bound: readonly string[], findings: Findings): void {
  const path = pathOf(node, bound)
  if (path) {
    findings.reads.push({ path, start: node.start, end: node.end })
    return
  }
  if (node.op === 'id') checkName(node.args, node.start, bound)
  if (node.op === 'call') checkCall(node.args[0], node.args[1], node, findings)
  if (node.op === 'rcall') {
    const [name, receiver, given] = node.args
    if (COMPREHENSIONS.includes(name)) {
      walkComprehension(name, receiver, given, node, bound, findings)
      return
    }
    checkMethod(name, given, node, bound)
  }
  for (const child of childrenOf(node)) walk(child, bound, findings)
}

/** Returns the path that a node reads below a variable, if all its names are written out. */
function pathOf(node: ASTNode, bound: readonly string[]): Read['path'] | undefined {
  if (node.op === 'id') {
    const name = VARIABLES.find((known) => known === node.args)
    return name && !bound.includes(name) ? [name] : undefined
  }
  if (node.op === '.') {
    const above = pathOf(node.args[0], bound)
    return above && [...above, node.args[1]]
  }
  if (node.op !== '[]') return undefined
  const [of, key] = node.args
  const above = pathOf(of, bound)
  return above && key.op === 'value' && typeof key.args === 'string'
    ? [...above, key.args]
    : undefined
}

function checkName(name: string, start: number, bound: readonly string[]): void {
  if (bound.includes(name)) return
  throw new ConditionMistake(
    start,
    `\`${name}\` is not known: a condition reads ${VARIABLES.join(', ')}`,
  )
}

function checkCall(name: string, given: ASTNode[], node: ASTNode, findings: Findings): void {
  if (!FUNCTIONS.includes(name)) notOffered(name, node)
  const [first] = given
  if (name === 'has' && first) findings.asked.push({ start: first.start, end: first.end })
  if (name === 'duration' && first?.op !== 'value') {
    throw new ConditionMistake(node.start, '`duration` takes a written text, like "24h"')
  }
}

function checkMethod(
  name: string,
  given: ASTNode[],
  node: ASTNode,
  bound: readonly string[],
): void {
  if (!METHODS.includes(name)) notOffered(name, node)
  if (!TIME_METHODS.includes(name) || given.length === 0) return
  if (bound.length > 0 || given[0]?.op !== 'value') {
    throw new ConditionMistake(
      node.start,
      `\`${name}\` takes a written time zone, like "Europe/Amsterdam", and takes no time zone inside ${COMPREHENSIONS.join(', ')}`,
    )
  }
}

function notOffered(name: string, node: ASTNode): never {
  const why = name === 'matches' ? ': a pattern can take seconds' : ''
  throw new ConditionMistake(node.start, `\`${name}\` is not supported in conditions${why}`)
}

function walkComprehension(
  name: string,
  receiver: ASTNode,
  given: ASTNode[],
  node: ASTNode,
  bound: readonly string[],
  findings: Findings,
): void {
  const [variable, ...steps] = given
  if (variable?.op !== 'id' || VARIABLES.some((known) => known === variable.args)) {
    throw new ConditionMistake(node.start, `\`${name}\` needs a new name for each element`)
  }
  if (bound.length > 0 || holdsComprehension(receiver)) {
    throw new ConditionMistake(
      node.start,
      `\`${name}\` cannot be combined with another of ${COMPREHENSIONS.join(', ')}`,
    )
  }
  walk(receiver, bound, findings)
  for (const step of steps) walk(step, [...bound, variable.args], findings)
}

const holdsComprehension = (node: ASTNode): boolean =>
  (node.op === 'rcall' && COMPREHENSIONS.includes(node.args[0])) ||
  childrenOf(node).some(holdsComprehension)

function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return []
    case '.':
    case '.?':
      return [node.args[0]]
    case '!_':
    case '-_':
      return [node.args]
    case 'call':
      return node.args[1]
    case 'rcall':
      return [node.args[1], ...node.args[2]]
    case 'map':
      return node.args.flat()
    default:
      return node.args
  }
}
