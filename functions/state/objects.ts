// How a procedure reaches an object. The platform's own stub types lose what is not plain enough for
// them (an event's data, a union of answers), so each stub is read as what it is: the object's verbs,
// answered later.
import { subjectObjectName } from '../domain/names.ts'
import type { Bindings } from '../env.ts'
import type { Counts } from './counts.ts'
import type { Directory } from './directory.ts'
import type { Environment } from './environment.ts'
import type { Subject } from './subject.ts'

/** The verbs of an object as a caller elsewhere sees them. */
export type Remote<T> = {
  [K in keyof T]: T[K] extends (...input: infer I) => infer O
    ? (...input: I) => Promise<Awaited<O>>
    : never
}

const remote = <T>(stub: unknown): Remote<T> => stub as Remote<T>

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
): SubjectObject => remote(subjects.getByName(subjectObjectName(environment, subject)))

export const environmentObject = ({ environments }: Bindings, id: string): EnvironmentObject =>
  remote(environments.getByName(id))

export const directoryObject = ({ directories }: Bindings): DirectoryObject =>
  remote(directories.getByName(DIRECTORY_NAME))

/** How many objects count for one environment: a busy one is not to wait for a single writer. */
export const COUNTS_SHARDS = 4

export const countsObject = (
  { counts }: Bindings,
  environment: string,
  shard: number,
): Remote<Counts> => remote(counts.getByName(`${environment}/${shard}`))

/** All objects that count for one environment. */
export const allCounts = (bindings: Bindings, environment: string): Remote<Counts>[] =>
  Array.from({ length: COUNTS_SHARDS }, (_, shard) => countsObject(bindings, environment, shard))
