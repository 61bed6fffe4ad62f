// The part of CEL that conditions may use, and what a condition reads. It is an allow-list: a feature that the
// library gains later is not available until it is named here. condition.ts checks types.
import type { ASTNode } from '@marcbachmann/cel-js'

/** What a condition may read. */
export const VARIABLES = ['details', 'subject', 'session', 'request'] as const
export type VariableName = (typeof VARIABLES)[number]

/** Bytes of one condition. */
export const CONDITION_MAX_BYTES = 1024
/** Bounds of the parser: they keep a condition small enough to be run on every call. */
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

/** What is wrong with a condition, and where: the first character is 1. */
export interface Mistake {
  at: number
  what: string
}

/** Ends the reading of a condition with a mistake. */
export class ConditionMistake extends Error {
  readonly mistake: Mistake
  constructor(start: number, what: string) {
    super(what)
    this.mistake = { at: start + 1, what }
  }
}

/** A place in a condition where something known by name is read, like `details.amount`. */
export interface Read {
  path: [VariableName, ...string[]]
  start: number
  end: number
}

/** What was found in a condition. */
export interface Findings {
  reads: Read[]
  /** What `has(…)` is asked of: places whose names the type checker passes over. */
  asked: { start: number; end: number }[]
}

/**
 * Looks through a parsed condition.
 *
 * A regular expression can take seconds on a bad pattern, `duration` and a time zone on a bad text, and
 * a comprehension inside another one multiplies: none of these is taken from what a user sends.
 *
 * @throws ConditionMistake for what is not offered
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

/** The names of a place under one of the variables, where they are all written out. */
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
      `\`${name}\` takes a written time zone, like "Europe/Amsterdam", and none inside ${COMPREHENSIONS.join(', ')}`,
    )
  }
}

function notOffered(name: string, node: ASTNode): never {
  const why = name === 'matches' ? ': a pattern can take seconds' : ''
  throw new ConditionMistake(node.start, `\`${name}\` is not offered in conditions${why}`)
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
    throw new ConditionMistake(node.start, `\`${name}\` needs a name of its own for each element`)
  }
  if (bound.length > 0 || holdsComprehension(receiver)) {
    throw new ConditionMistake(
      node.start,
      `\`${name}\` stands with another of ${COMPREHENSIONS.join(', ')}: only one level of these is offered`,
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
