// Calls Durable Objects. The platform's stub types lose some types, such as an event's data or a union of
// answers, so `Remote` describes a stub instead: the methods of the object, each returning a promise. Methods
// that can safely run twice are repeated once if the object was unavailable for a moment.
import { epochSeconds } from '../clock.ts'
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
import { ShortCache } from './short-cache.ts'

/** The methods of an object as a remote caller sees them. */
export type Remote<T> = {
  [K in keyof T]: T[K] extends (...input: infer I) => infer O
    ? (...input: I) => Promise<Awaited<O>>
    : never
}

/** The methods that may be repeated: always, or for some calls. */
type Repeatable<T> = {
  [K in keyof Remote<T>]?: true | ((...input: Parameters<Remote<T>[K]>) => boolean)
}

/** Methods that read, or that change nothing when they run again. Any other method is never repeated. */
const OF_SUBJECT: Repeatable<Subject> = {
  storedFacts: true,
  list: true,
  isEnrolled: true,
  passkeys: true,
  isActive: true,
  revoke: true,
  acknowledgeCodes: true,
  view: true,
  receipt: true,
  events: true,
  verifyEvents: true,
  chainEnd: true,
  // With an idempotency key, the object recognizes the repeated request.
  consume: ({ requestHash }) => requestHash !== null,
  authorize: ({ requestHash }) => requestHash !== null,
}
const OF_ENVIRONMENT: Repeatable<Environment> = {
  snapshot: true,
  overview: true,
  isRemoved: true,
  events: true,
  verifyEvents: true,
  chainEnd: true,
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
  chainEnd: true,
}

/** The error of the platform for an object that did not answer. */
interface Trouble {
  /** The object was unavailable, and another try may succeed. */
  retryable?: boolean
  /** The object is overloaded, and another try would make it worse. */
  overloaded?: boolean
}

type Verb = (...input: unknown[]) => Promise<unknown>

/**
 * Returns the methods of an object. Creates a stub for each call, because a stub that threw stays broken.
 *
 * @param repeatable the methods that are called once more if the platform reports a retryable error
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
    // Without this, `await object` would call a method named `then`.
    get: (_, verb) =>
      typeof verb === 'string' && verb !== 'then'
        ? (...input: unknown[]) => call(verb, input)
        : undefined,
  })
}

/** The name of the Directory, of which there is only one. */
const DIRECTORY_NAME = 'directory'

export type SubjectObject = Remote<Subject>
export type EnvironmentObject = Remote<Environment>
export type DirectoryObject = Remote<Directory>

/** Returns the object of one user of one environment. */
export const subjectObject = (
  { subjects }: Bindings,
  environment: string,
  subject: string,
): SubjectObject => {
  const name = objectNameOf(environment, subject)
  return remote<Subject>(() => subjects.getByName(name), OF_SUBJECT)
}

const KEPT_NAMES = 5000
const KEPT_NAMES_SECONDS = 3600
const names = new ShortCache<string>(KEPT_NAMES, KEPT_NAMES_SECONDS)

/** Returns the name of a user's object. The names of recent users are kept, because each one is a hash. */
function objectNameOf(environment: string, subject: string): string {
  // The id of an environment contains no colon.
  const key = `${environment}:${subject}`
  const now = epochSeconds()
  const known = names.get(key, now)
  if (known) return known
  const name = subjectObjectName(environment, subject)
  names.set(key, name, now)
  return name
}

export const environmentObject = ({ environments }: Bindings, id: string): EnvironmentObject =>
  remote<Environment>(() => environments.getByName(id), OF_ENVIRONMENT)

export const directoryObject = ({ directories }: Bindings): DirectoryObject =>
  remote<Directory>(() => directories.getByName(DIRECTORY_NAME), OF_DIRECTORY)

/** The number of objects that count for one environment, so that a busy one does not wait for one writer. */
export const COUNTS_SHARDS = 4

export const countsObject = (
  { counts }: Bindings,
  environment: string,
  shard: number,
): Remote<Counts> => remote<Counts>(() => counts.getByName(`${environment}/${shard}`), {})

/** Returns all objects that count for one environment. */
export const allCounts = (bindings: Bindings, environment: string): Remote<Counts>[] =>
  Array.from({ length: COUNTS_SHARDS }, (_, shard) => countsObject(bindings, environment, shard))
