// The Worker's variables and secrets: the texts that an operator sets. The only file that reads them.
import { OPERATOR_KEY_PREFIX } from './domain/names.ts'
import { isLoopback } from './domain/settings/settings.ts'

export const ROOT_SECRET_MIN_CHARACTERS = 32
const OPERATOR_KEY_RANDOM_CHARACTERS = 32

/** The variables, checked. */
export interface Variables {
  rootSecret: string
  /** The root secret before its last change, until every environment is sealed with the new one. */
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
 * Reads and checks the variables of the Worker.
 *
 * @throws ConfigurationError with a sentence on what to set and how
 */
export function readVariables(env: Env): Variables {
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
