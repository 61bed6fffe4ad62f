// The Worker's bindings and variables, read once a request. The only file that knows their names.

import { OPERATOR_KEY_PREFIX } from './domain/names.ts'
import { isLoopback } from './domain/settings/settings.ts'
import type { Counts } from './state/counts.ts'
import type { Directory } from './state/directory/directory.ts'
import type { Environment } from './state/environment/environment.ts'
import type { Subject } from './state/subject/subject.ts'

export const ROOT_SECRET_MIN_CHARACTERS = 32
const OPERATOR_KEY_RANDOM_CHARACTERS = 32

/** What the service runs with. */
export interface Bindings {
  subjects: DurableObjectNamespace<Subject>
  environments: DurableObjectNamespace<Environment>
  directories: DurableObjectNamespace<Directory>
  counts: DurableObjectNamespace<Counts>
  published: KVNamespace
  /** The files of the operators' page, where it was built. */
  assets?: Fetcher
  rootSecret: string
  /** The root secret before the last change of it, as long as some environment is still sealed by it. */
  previousRootSecret?: string
  /** Absent while it is too short. Then every operator call is refused. */
  operatorKey?: string
  /** Without a slash at its end. */
  publicUrl: string
  /** Whether the service is reached on this machine alone. */
  development: boolean
  epoch: number
}

/** Says what is missing. The Worker answers every request with it until it is set. */
export class ConfigurationError extends Error {}

/**
 * Reads and checks the environment of the Worker.
 *
 * @throws ConfigurationError with a sentence on what to set and how
 */
export function readBindings(env: Env): Bindings {
  const { ROOT_SECRET = '', OPERATOR_KEY = '', PUBLIC_URL = '', RESTORE_EPOCH = '0' } = env
  const previous: unknown = Reflect.get(env, 'ROOT_SECRET_PREVIOUS')
  if (ROOT_SECRET.length < ROOT_SECRET_MIN_CHARACTERS) {
    throw new ConfigurationError(
      `ROOT_SECRET is missing or shorter than ${ROOT_SECRET_MIN_CHARACTERS} characters: set a random one with \`wrangler secret put ROOT_SECRET\` (locally: in .dev.vars).`,
    )
  }
  const epoch = Number(RESTORE_EPOCH)
  if (!Number.isSafeInteger(epoch) || epoch < 0) {
    throw new ConfigurationError('RESTORE_EPOCH is not a whole number from 0 up.')
  }
  const url = readPublicUrl(PUBLIC_URL)
  const longEnough =
    OPERATOR_KEY.length >= OPERATOR_KEY_PREFIX.length + OPERATOR_KEY_RANDOM_CHARACTERS
  return {
    subjects: env.SUBJECT,
    environments: env.ENVIRONMENT,
    directories: env.DIRECTORY,
    counts: env.COUNTS,
    published: env.PUBLISHED,
    assets: env.ASSETS,
    rootSecret: ROOT_SECRET,
    ...(typeof previous === 'string' && previous !== '' && { previousRootSecret: previous }),
    ...(OPERATOR_KEY.startsWith(OPERATOR_KEY_PREFIX) &&
      longEnough && { operatorKey: OPERATOR_KEY }),
    publicUrl: url.origin,
    development: isLoopback(url),
    epoch,
  }
}

function readPublicUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (
    url?.pathname !== '/' ||
    url.search ||
    url.hash ||
    url.username ||
    !(url.protocol === 'https:' || isLoopback(url))
  ) {
    throw new ConfigurationError(
      'PUBLIC_URL is missing or is not an https origin: set it to the address at which callers reach the Worker (locally: http://localhost and a port).',
    )
  }
  return url
}
