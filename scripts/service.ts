// The service on this machine: Countersign itself, and the record of where it runs. How its processes
// are started and ended stands in worker.ts; what is set up in it stands in demo.ts and wallet.ts.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { devNull } from 'node:os'
import { join, resolve } from 'node:path'
import { Complaint } from './terminal.ts'
import { ROOT, type Variables } from './variables.ts'
import { ask, type RunningWorker, startWorker } from './worker.ts'

export const DEFAULT_STATE = `${ROOT}.wrangler/state`
/** In the state folder: where the service runs, as long as it does. */
const RECORD = 'countersign.json'
const LOG = 'countersign.log'

export interface ServiceOptions {
  port: number
  /** The folder that keeps what the service stores. */
  state: string
  variables: Variables
  /** Whether to show what wrangler and the Worker say, beside writing it to the log. */
  verbose?: boolean
}

export interface Service extends RunningWorker {
  /** The address that tokens are issued under: `url`, unless PUBLIC_URL says another. */
  publicUrl: string
}

/**
 * Starts the service.
 *
 * @throws Complaint where another one runs on the same state
 * @example
 * const service = await startService({ port: 8787, state: DEFAULT_STATE, variables })
 * await service.ready
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const state = resolve(options.state)
  await refuseSecond(state)
  mkdirSync(state, { recursive: true })
  const { port, verbose = false } = options
  const url = `http://localhost:${port}`
  const publicUrl = process.env.PUBLIC_URL || url
  const worker = startWorker({
    title: 'The Worker',
    config: 'wrangler.toml',
    port,
    persistTo: state,
    // An empty file instead of .dev.vars, so that the child's environment is all that counts.
    envFile: devNull,
    variables: { ...process.env, ...options.variables, PUBLIC_URL: publicUrl },
    log: join(state, LOG),
    verbose,
    probe: (signal) => probe(url, publicUrl, signal),
  })
  const record = join(state, RECORD)
  writeFileSync(record, `${JSON.stringify({ url, pid: process.pid })}\n`)
  const stop = async () => {
    await worker.stop()
    rmSync(record, { force: true })
  }
  return { ...worker, publicUrl, stop }
}

/**
 * The address of the service that runs on a state, if one does.
 *
 * @example const url = await findService(DEFAULT_STATE)
 */
export async function findService(state: string): Promise<string | undefined> {
  const record = join(resolve(state), RECORD)
  if (!existsSync(record)) return undefined
  const { url }: { url: string } = JSON.parse(readFileSync(record, 'utf8'))
  // Whoever was killed without a chance to tidy up left the record behind.
  return (await askHealth(url)) ? url : undefined
}

async function refuseSecond(state: string): Promise<void> {
  const url = await findService(state)
  if (!url) return
  throw new Complaint(
    `A service runs on this state already, at ${url}: end that one, or name another folder with --state.`,
  )
}

export interface HealthBody {
  status?: string
  issuer?: string
  error?: { message: string }
}

/** What /health says, or undefined while nobody answers. */
export const askHealth = (url: string, signal?: AbortSignal): Promise<HealthBody | undefined> =>
  ask<HealthBody>(`${url}/health`, signal)

async function probe(url: string, publicUrl: string, signal: AbortSignal) {
  const body = await askHealth(url, signal)
  if (body?.error) return body.error.message
  if (body?.status !== 'ok') return 'starting'
  const expected = new URL(publicUrl).origin
  return body.issuer === expected ? undefined : `Somebody else answers at ${url}.`
}
