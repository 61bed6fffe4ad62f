// Starts the local service, and stores where it runs. worker.ts starts and ends its processes. demo.ts and wallet.ts
// have the settings of its environments.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { devNull } from 'node:os'
import { join, resolve } from 'node:path'
import { readProcess } from './processes.ts'
import { DEFAULT_STATE, LOG, openState } from './state.ts'
import { Complaint } from './terminal.ts'
import type { Variables } from './variables.ts'
import { ask, type RunningWorker, startWorker } from './worker.ts'

/** The file in the state folder that stores where the service runs. It is deleted when the service ends. */
const RECORD = 'countersign.json'

export interface ServiceOptions {
  port: number
  /** The folder in which the service stores its data. */
  state: string
  variables: Variables
  /** True to print the output of wrangler and the Worker, and not only write it to the log. */
  verbose?: boolean
}

export interface Service extends RunningWorker {
  /** The address in issued tokens: `url`, unless PUBLIC_URL is set. */
  publicUrl: string
}

/**
 * Starts the service.
 *
 * @throws Complaint if the state folder cannot be used, or if another service uses it
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
    // An empty file instead of .dev.vars, so that only the child's environment counts.
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

/** The record of a service that uses a state folder. */
export interface ServiceRecord {
  url: string
  /** The process of `npm start`. */
  pid: number
  /** The start time of that process, which distinguishes it from a later one with the same id. */
  started: string
}

/**
 * Returns the service that uses a state folder. Ignores the record of a killed process, even if another program
 * has its process id now.
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

/** Returns whether the process of a record still runs. */
export function isAlive({ pid, started }: ServiceRecord): boolean {
  const found = readProcess(pid)
  return found !== undefined && found.started === started
}

/** Returns the address of the service that uses a state folder, if it answers. */
export async function findService(state: string): Promise<string | undefined> {
  const { url } = findRecord(state) ?? {}
  return url && (await askHealth(url)) ? url : undefined
}

/**
 * Opens a state folder for a new service.
 *
 * @returns its absolute path
 * @throws Complaint if the folder cannot be used, or if a service uses it
 */
export function claimState(state: string): string {
  const folder = openState(state)
  const running = findRecord(folder)
  if (!running) return folder
  const { url, pid } = running
  const stop = folder === resolve(DEFAULT_STATE) ? 'npm stop' : `npm stop -- --state ${state}`
  throw new Complaint(
    `A service uses this state folder already, at ${url} (process ${pid}): stop it with \`${stop}\`, or name another folder with --state.`,
  )
}

export interface HealthBody {
  status?: string
  issuer?: string
  error?: { message: string }
}

/** Returns the body of /health, or undefined if there is no answer. */
export const askHealth = (url: string, signal?: AbortSignal): Promise<HealthBody | undefined> =>
  ask<HealthBody>(`${url}/health`, signal)

async function probe(url: string, publicUrl: string, signal: AbortSignal) {
  const body = await askHealth(url, signal)
  if (body?.error) return body.error.message
  if (body?.status !== 'ok') return 'starting'
  const expected = new URL(publicUrl).origin
  return body.issuer === expected ? undefined : `Another program answers at ${url}.`
}
