// The Worker's bindings and variables, read once a request. The only file that knows their names.
import type { Custodian, Delegate, Vault } from './state/keepers.ts'
import type { Secrets } from './state/secrets.ts'
import type { Wallet } from './state/wallet.ts'

const SECRET_MIN_CHARACTERS = 32
const RESOURCE_KEY_PREFIX = 'csk_res_'
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/** What wrangler binds. */
export interface WalletEnv extends Secrets {
  WALLET: DurableObjectNamespace<Wallet>
  VAULT: DurableObjectNamespace<Vault>
  CUSTODIAN: DurableObjectNamespace<Custodian>
  DELEGATE: DurableObjectNamespace<Delegate>
  ASSETS?: Fetcher
  /** The address of this application; also the issuer of its sessions and its audience. */
  PUBLIC_URL: string
  COUNTERSIGN_URL: string
  COUNTERSIGN_ENVIRONMENT: string
  RESOURCE_KEY: string
  /** A private ES256 key as a JWK: it signs sessions. */
  ISSUER_KEY: string
}

/** What the application runs with, checked. */
export interface Settings {
  publicUrl: string
  countersign: { url: string; environment: string }
  resourceKey: string
  issuerKey: IssuerJwk
}

/** A private key on P-256 (RFC 7518, section 6.2). */
export interface IssuerJwk {
  kty: 'EC'
  crv: 'P-256'
  x: string
  y: string
  d: string
  kid: string
}

/** Says what is missing; the Worker answers every request with it until it is set. */
export class ConfigurationError extends Error {}

/**
 * Reads and checks the environment of the Worker.
 *
 * @throws ConfigurationError with a sentence on what to set; never with a value
 */
export function readSettings(env: WalletEnv): Settings {
  readSecrets(env)
  const environment = env.COUNTERSIGN_ENVIRONMENT ?? ''
  if (!/^[a-z][a-z0-9-]{1,31}$/.test(environment))
    fail('COUNTERSIGN_ENVIRONMENT', 'the id of an environment of Countersign, like `wallet`')
  const resourceKey = env.RESOURCE_KEY ?? ''
  if (!resourceKey.startsWith(RESOURCE_KEY_PREFIX))
    fail('RESOURCE_KEY', `a key of that environment, beginning with ${RESOURCE_KEY_PREFIX}`)
  return {
    publicUrl: readOrigin('PUBLIC_URL', env.PUBLIC_URL),
    countersign: { url: readOrigin('COUNTERSIGN_URL', env.COUNTERSIGN_URL), environment },
    resourceKey,
    issuerKey: readIssuerKey(env.ISSUER_KEY),
  }
}

/** Each keeper of shares has a secret of its own: with one for all, one leak would open them all. */
function readSecrets(env: WalletEnv): void {
  const names = ['VAULT_SECRET', 'CUSTODIAN_SECRET', 'DELEGATE_SECRET'] as const
  for (const name of names) {
    if ((env[name] ?? '').length < SECRET_MIN_CHARACTERS)
      fail(name, `a random text of at least ${SECRET_MIN_CHARACTERS} characters`)
  }
  if (new Set(names.map((name) => env[name])).size < names.length)
    throw new ConfigurationError(`${names.join(', ')} must differ from one another.`)
}

function readOrigin(name: string, text = ''): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const bare = url && url.pathname === '/' && !url.search && !url.hash && !url.username
  const safe = url && (url.protocol === 'https:' || LOOPBACK.includes(url.hostname))
  if (!bare || !safe)
    return fail(name, 'an https origin (locally: http://localhost and a port), without a path')
  return url.origin
}

function readIssuerKey(text = ''): IssuerJwk {
  try {
    const { kty, crv, x, y, d, kid } = JSON.parse(text)
    const whole = [x, y, d, kid].every((part) => typeof part === 'string' && part !== '')
    if (kty === 'EC' && crv === 'P-256' && whole) return { kty, crv, x, y, d, kid }
  } catch {
    // What is no JSON is no key either.
  }
  return fail('ISSUER_KEY', 'a private ES256 key with a `kid`, in one line of JSON (JWK)')
}

function fail(name: string, what: string): never {
  throw new ConfigurationError(`${name} is missing or is not what it must be: ${what}.`)
}
