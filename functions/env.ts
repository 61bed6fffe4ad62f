// The Worker's bindings.
import type { Counts } from './state/counts.ts'
import type { Directory } from './state/directory/directory.ts'
import type { Environment } from './state/environment/environment.ts'
import type { Subject } from './state/subject/subject.ts'
import { readVariables, type Variables } from './variables.ts'

/** The variables, objects and stores that the service uses. */
export interface Bindings extends Variables {
  subjects: DurableObjectNamespace<Subject>
  environments: DurableObjectNamespace<Environment>
  directories: DurableObjectNamespace<Directory>
  counts: DurableObjectNamespace<Counts>
  published: KVNamespace
  /** The files of the dashboard, if it was built. */
  assets?: Fetcher
}

const read = new WeakMap<Env, Bindings>()

/**
 * Reads and checks the environment of the Worker, once in each isolate.
 *
 * @throws ConfigurationError with a message that says what to set and how
 */
export function readBindings(env: Env): Bindings {
  const known = read.get(env)
  if (known) return known
  const bindings = {
    ...readVariables(env),
    subjects: env.SUBJECT,
    environments: env.ENVIRONMENT,
    directories: env.DIRECTORY,
    counts: env.COUNTS,
    published: env.PUBLISHED,
    assets: env.ASSETS,
  }
  read.set(env, bindings)
  return bindings
}
