// Reads the Worker's variables and secrets. No other file reads them.
import { OPERATOR_KEY_PREFIX } from './domain/names.ts'
import { isLoopback } from './domain/settings/settings.ts'

export const ROOT_SECRET_MIN_CHARACTERS = 32
const OPERATOR_KEY_RANDOM_CHARACTERS = 32

/** The checked variables. */
export interface Variables {
  rootSecret: string
  /** The root secret before its last change. Needed until every environment is sealed with the new one. */
  previousRootSecret?: string
  /** Missing if it is malformed. Then every operator call is refused. */
  operatorKey?: string
  /** The origin of the service, without a trailing slash. */
  publicUrl: string
  /** True if only this machine can reach the service. */
  development: boolean
  epoch: number
}

/** A missing or malformed variable. Until it is set, the Worker refuses every request with this message. */
export class ConfigurationError extends Error {}

/**
 * Reads and checks the variables of the Worker.
 *
 * @throws ConfigurationError with a message that says what to set and how
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
    throw new ConfigurationError('RESTORE_EPOCH must be a whole number, 0 or greater.')
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
