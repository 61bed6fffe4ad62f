// How a procedure reaches an object. The platform's own stub types lose what is not plain enough for
// them (an event's data, a union of answers), so each stub is read as what it is: the object's verbs,
// answered later. And what is asked once more where an object was away for a moment: only what is as good
// done twice as once.
import { subjectObjectName } from '../domain/names.ts'
import type { Bindings } from '../env.ts'

export type { FirstKey } from '../state/directory/directory.ts'
export type { KnownOperator } from '../state/directory/operators.ts'
export type { Overview, Snapshot } from '../state/environment/environment.ts'
export type { FailedAttempt } from '../state/subject/attempts.ts'
export type { Presented } from '../state/subject/authorize.ts'
export type { StartCall } from '../state/subject/enrollment.ts'
export type { Who } from '../state/subject/ledger.ts'
export type { CallFacts } from '../state/subject/overview.ts'
export type { Gate } from '../state/subject/spending.ts'
export type { SteppedUp, StepUpCall } from '../state/subject/step-up.ts'

import type { Counts } from '../state/counts.ts'
import type { Directory } from '../state/directory/directory.ts'
import type { Environment } from '../state/environment/environment.ts'
import type { Subject } from '../state/subject/subject.ts'

/** The verbs of an object as a caller elsewhere sees them. */
export type Remote<T> = {
  [K in keyof T]: T[K] extends (...input: infer I) => infer O
    ? (...input: I) => Promise<Awaited<O>>
    : never
}

/** The verbs that may be repeated: always, or for some calls. */
type Repeatable<T> = {
  [K in keyof Remote<T>]?: true | ((...input: Parameters<Remote<T>[K]>) => boolean)
}

/** Reads, and what changes nothing when it is done again. A verb that is not named here is never repeated. */
const OF_SUBJECT: Repeatable<Subject> = {
  // A rule that only observes counts what it would have asked for.
  check: ({ action }) => action.rule.mode !== 'observe',
  facts: true,
  list: true,
  isEnrolled: true,
  passkeys: true,
  isActive: true,
  revoke: true,
  acknowledgeCodes: true,
  view: true,
  events: true,
  verifyEvents: true,
  // The same request, known by its idempotency key: the second gets the answer of a repetition.
  consume: ({ requestHash }) => requestHash !== null,
  authorize: ({ requestHash }) => requestHash !== null,
}
const OF_ENVIRONMENT: Repeatable<Environment> = {
  snapshot: true,
  overview: true,
  isRemoved: true,
  events: true,
  verifyEvents: true,
}
const OF_DIRECTORY: Repeatable<Directory> = {
  operatorByKey: true,
  operatorBySession: true,
  operators: true,
  guard: true,
  ping: true,
  list: true,
  events: true,
  verifyEvents: true,
}

/** How the platform reports an object that did not answer. */
interface Trouble {
  /** The object was away, and may be back. */
  retryable?: boolean
  /** The object is overloaded: another try would make that worse. */
  overloaded?: boolean
}

type Verb = (...input: unknown[]) => Promise<unknown>

/**
 * An object by a stub that is made for each call: one that threw is broken and stays so.
 *
 * @param repeatable what is asked once more where the platform says that this may help
 */
function remote<T extends object>(stub: () => unknown, repeatable: Repeatable<T>): Remote<T> {
  const call = async (verb: string, input: unknown[]): Promise<unknown> => {
    const ask = () => (stub() as Record<string, Verb>)[verb]?.(...input)
    try {
      return await ask()
    } catch (error) {
      const { retryable, overloaded } = error as Trouble
      const may = (repeatable as Record<string, true | ((...input: unknown[]) => boolean)>)[verb]
      if (!retryable || overloaded || !may || (may !== true && !may(...input))) throw error
      return await ask()
    }
  }
  return new Proxy({} as Remote<T>, {
    // A promise's `then` is no verb: without this, `await object` would call one.
    get: (_, verb) =>
      typeof verb === 'string' && verb !== 'then'
        ? (...input: unknown[]) => call(verb, input)
        : undefined,
  })
}

/** The name of the one Directory. */
const DIRECTORY_NAME = 'directory'

export type SubjectObject = Remote<Subject>
export type EnvironmentObject = Remote<Environment>
export type DirectoryObject = Remote<Directory>

/** The object of one user of one environment. */
export const subjectObject = (
  { subjects }: Bindings,
  environment: string,
  subject: string,
): SubjectObject => {
  const name = subjectObjectName(environment, subject)
  return remote<Subject>(() => subjects.getByName(name), OF_SUBJECT)
}

export const environmentObject = ({ environments }: Bindings, id: string): EnvironmentObject =>
  remote<Environment>(() => environments.getByName(id), OF_ENVIRONMENT)

export const directoryObject = ({ directories }: Bindings): DirectoryObject =>
  remote<Directory>(() => directories.getByName(DIRECTORY_NAME), OF_DIRECTORY)

/** How many objects count for one environment: a busy one is not to wait for a single writer. */
export const COUNTS_SHARDS = 4

export const countsObject = (
  { counts }: Bindings,
  environment: string,
  shard: number,
): Remote<Counts> => remote<Counts>(() => counts.getByName(`${environment}/${shard}`), {})

/** All objects that count for one environment. */
export const allCounts = (bindings: Bindings, environment: string): Remote<Counts>[] =>
  Array.from({ length: COUNTS_SHARDS }, (_, shard) => countsObject(bindings, environment, shard))
