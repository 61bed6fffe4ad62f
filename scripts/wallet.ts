// Starts the local example wallet: an application with its own environment in the service, a resource key and a page.
// worker.ts starts and ends its processes.
import { chmodSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { CountersignClient } from '../client/index.ts'
import type { EnvironmentSettings } from '../contract/index.ts'
import { ACTIONS } from '../examples/wallet/shared/actions.ts'
import {
  environmentWithout,
  FILE_MODE,
  makeIssuerKey,
  randomText,
  readEnvFile,
  SERVICE_VARIABLES,
} from './variables.ts'
import { ask, type RunningWorker, startWorker } from './worker.ts'

export const WALLET = { environment: 'wallet', audience: 'wallet' } as const

const FOLDER = 'examples/wallet'
const LOG = 'wallet.log'
const FILE = 'wallet.env'
const HEAD = `# Written by \`npm start\`. See examples/wallet/worker/env.ts for a description of each variable. Keep this file secret.\n`
/** The label of the resource key that \`npm start\` creates. Keys with other labels stay unchanged. */
const KEY_LABEL = 'npm start'

/** The addresses that the wallet needs. */
export interface WalletAddresses {
  /** The address of the wallet. */
  url: string
  /** The public address of the service. */
  countersignUrl: string
}

/** Returns the settings of the wallet's environment. The wallet is its login, its page and its resource. */
export const walletSettings = (url: string): EnvironmentSettings => ({
  name: 'Countersign wallet',
  session: {
    issuer: url,
    keys: { jwksUri: `${url}/.well-known/jwks.json` },
    audiences: [WALLET.audience],
    nameClaim: 'name',
  },
  rpId: new URL(url).hostname,
  origins: [url],
  audiences: [url],
  mfaTokens: 'single',
  actions: ACTIONS,
})

/**
 * Completes the file of the wallet's variables in the state folder. Only the owner can read it. Replaces a
 * resource key that the service does not know or that is for another address.
 *
 * @returns the file
 */
export async function completeWallet(
  operator: CountersignClient,
  state: string,
  { url, countersignUrl }: WalletAddresses,
): Promise<string> {
  const file = join(resolve(state), FILE)
  const known = readEnvFile(file)
  const key = await resourceKeyFor(operator, url, {
    id: known.RESOURCE_KEY_ID,
    key: known.RESOURCE_KEY,
  })
  const variables = {
    PUBLIC_URL: url,
    COUNTERSIGN_URL: countersignUrl,
    COUNTERSIGN_ENVIRONMENT: WALLET.environment,
    RESOURCE_KEY: key.key,
    RESOURCE_KEY_ID: key.id,
    ISSUER_KEY: known.ISSUER_KEY || (await makeIssuerKey()),
    VAULT_SECRET: known.VAULT_SECRET || randomText(),
    CUSTODIAN_SECRET: known.CUSTODIAN_SECRET || randomText(),
    DELEGATE_SECRET: known.DELEGATE_SECRET || randomText(),
  }
  const lines = Object.entries(variables).map(([name, value]) => `${name}='${value}'\n`)
  // Replaced in one step, because the wallet cannot decrypt its shares if the secrets are lost.
  writeFileSync(`${file}.new`, HEAD + lines.join(''), { mode: FILE_MODE })
  chmodSync(`${file}.new`, FILE_MODE)
  renameSync(`${file}.new`, file)
  return file
}

interface KnownKey {
  id: string | undefined
  key: string | undefined
}

/** Returns the known key if the service still accepts it. Otherwise revokes the old keys and creates a new one. */
async function resourceKeyFor(
  { environment: environments }: CountersignClient,
  audience: string,
  { id, key }: KnownKey,
): Promise<{ id: string; key: string }> {
  const { environment } = WALLET
  const { resourceKeys } = await environments.get.query({ environment })
  const live = resourceKeys.some((one) => one.id === id && one.audience === audience)
  if (live && id && key) return { id, key }
  for (const old of resourceKeys.filter(({ label }) => label === KEY_LABEL))
    await environments.revokeResourceKey.mutate({ environment, id: old.id })
  return environments.createResourceKey.mutate({ environment, audience, label: KEY_LABEL })
}

export interface WalletOptions extends WalletAddresses {
  port: number
  state: string
  /** The file that `completeWallet` wrote. */
  envFile: string
  verbose?: boolean
}

/**
 * Starts the wallet.
 *
 * @example const wallet = startWallet({ url, countersignUrl, port: 8790, state, envFile })
 */
export function startWallet(options: WalletOptions): RunningWorker {
  const { url, countersignUrl, port, envFile, verbose = false } = options
  const state = resolve(options.state)
  return startWorker({
    title: 'The wallet',
    config: `${FOLDER}/wrangler.toml`,
    port,
    persistTo: join(state, 'wallet'),
    envFile,
    variables: environmentWithout([...Object.keys(readEnvFile(envFile)), ...SERVICE_VARIABLES]),
    log: join(state, LOG),
    verbose,
    probe: (signal) => probe(url, countersignUrl, signal),
  })
}

interface ConfigBody {
  countersign?: { url: string }
  /** The message of a refusal. */
  detail?: string
}

async function probe(url: string, countersignUrl: string, signal: AbortSignal) {
  const body = await ask<ConfigBody>(`${url}/config.json`, signal)
  if (body?.detail) return `The wallet cannot run: ${body.detail}`
  if (!body?.countersign) return 'starting'
  return body.countersign.url === countersignUrl ? undefined : `Another program answers at ${url}.`
}
