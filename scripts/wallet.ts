// The example wallet on this machine: an application beside the service, with an environment of its
// own in it, a resource key, and a page. worker.ts starts and ends its processes.
import { chmodSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { CountersignClient } from '../client/index.ts'
import type { EnvironmentSettings } from '../contract/index.ts'
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
const HEAD = `# Written by \`npm start\`; examples/wallet/worker/env.ts says what each of these is. Keep it to yourself.\n`
/** The label of the resource key that \`npm start\` makes. Others in the environment are left alone. */
const KEY_LABEL = 'npm start'

/** What the wallet must be told, beside its secrets. */
export interface WalletAddresses {
  /** The wallet's own. */
  url: string
  /** The service's, under which it issues tokens. */
  countersignUrl: string
}

/** The actions whose token must say exactly what is done. */
const BOUND = ['wallet.waas.sign', 'wallet.waas.refresh', 'wallet.waas.reshare']

/** The settings of the wallet's environment: the wallet is its login, its page and its resource. */
export const walletSettings = (url: string): EnvironmentSettings => ({
  name: 'Countersign wallet',
  session: {
    issuer: url,
    keys: { jwksUri: `${url}/.well-known/jwks.json` },
    audiences: [WALLET.audience],
  },
  rpId: new URL(url).hostname,
  origins: [url],
  audiences: [url],
  mfaTokens: 'single',
  actions: BOUND.map((action) => ({ action, base: { details: 'required' } })),
})

/**
 * Completes the file of the wallet's variables, in the state folder and for its owner alone. A resource
 * key that the service no longer knows, or that is for another address, is replaced.
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
  // Whole or not at all: without its secrets the wallet's shares cannot be opened.
  writeFileSync(`${file}.new`, HEAD + lines.join(''), { mode: FILE_MODE })
  chmodSync(`${file}.new`, FILE_MODE)
  renameSync(`${file}.new`, file)
  return file
}

interface KnownKey {
  id: string | undefined
  key: string | undefined
}

/** The key that is known, where the service still takes it; else a new one, and the old ones end. */
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
  /** What `completeWallet` wrote. */
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
  /** Of a refusal. */
  detail?: string
}

async function probe(url: string, countersignUrl: string, signal: AbortSignal) {
  const body = await ask<ConfigBody>(`${url}/config.json`, signal)
  if (body?.detail) return `The wallet cannot run: ${body.detail}`
  if (!body?.countersign) return 'starting'
  return body.countersign.url === countersignUrl ? undefined : `Somebody else answers at ${url}.`
}
