// The service on this machine: Countersign itself, and the record of where it runs. worker.ts
// starts and ends its processes; demo.ts and wallet.ts set up environments in it.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { devNull } from 'node:os'
import { join, resolve } from 'node:path'
import { readProcess } from './processes.ts'
import { DEFAULT_STATE, LOG, openState } from './state.ts'
import { Complaint } from './terminal.ts'
import type { Variables } from './variables.ts'
import { ask, type RunningWorker, startWorker } from './worker.ts'

/** In the state folder: where the service runs, as long as it does. */
const RECORD = 'countersign.json'

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
 * @throws Complaint where the state cannot be used, or another service runs on it
 * @example
 * const service = await startService({ port: 8787, state: DEFAULT_STATE, variables })
 * await service.ready
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const state = claimState(options.state)
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
  writeFileSync(record, `${JSON.stringify(ownRecord(url))}\n`)
  const stop = async () => {
    await worker.stop()
    rmSync(record, { force: true })
  }
  return { ...worker, publicUrl, stop }
}

const ownRecord = (url: string): ServiceRecord => ({
  url,
  pid: process.pid,
  started: readProcess(process.pid)?.started ?? '',
})

/** A service that runs on a state. */
export interface ServiceRecord {
  url: string
  /** The process of `npm start`. */
  pid: number
  /** When that process was started, which distinguishes it from a later one with the same id. */
  started: string
}

/**
 * Returns the service that runs on a state. A record that a killed process left behind counts for nothing, also
 * where another program has its process id by now.
 *
 * @example const running = findRecord(DEFAULT_STATE)
 */
export function findRecord(state: string): ServiceRecord | undefined {
  try {
    const record: ServiceRecord = JSON.parse(readFileSync(join(resolve(state), RECORD), 'utf8'))
    return isAlive(record) ? record : undefined
  } catch {
    return undefined
  }
}

/** Whether the process of a record runs. */
export function isAlive({ pid, started }: ServiceRecord): boolean {
  const found = readProcess(pid)
  return found !== undefined && found.started === started
}

/** Returns the address of the service that runs on a state, if one answers. */
export async function findService(state: string): Promise<string | undefined> {
  const { url } = findRecord(state) ?? {}
  return url && (await askHealth(url)) ? url : undefined
}

/**
 * Opens a state folder for a new service.
 *
 * @returns its absolute path
 * @throws Complaint where it cannot be used, or where a service runs on it
 */
export function claimState(state: string): string {
  const folder = openState(state)
  const running = findRecord(folder)
  if (!running) return folder
  const { url, pid } = running
  const stop = folder === resolve(DEFAULT_STATE) ? 'npm stop' : `npm stop -- --state ${state}`
  throw new Complaint(
    `A service runs on this state already, at ${url} (process ${pid}). Stop it with \`${stop}\`, or name another folder with --state.`,
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
