// The service on this machine: the Worker in workerd, under the project's own wrangler, in a process
// group that is ended as a whole. What is set up in it stands in demo.ts.
import { type ChildProcess, spawn } from 'node:child_process'
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { devNull } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isTaken } from './ports.ts'
import { Complaint } from './terminal.ts'
import { ROOT, type Variables } from './variables.ts'

const WRANGLER = `${ROOT}node_modules/wrangler/bin/wrangler.js`
export const DEFAULT_STATE = `${ROOT}.wrangler/state`
/** In the state folder: where the service runs, as long as it does. */
const RECORD = 'countersign.json'
const LOG = 'countersign.log'

const READY_WITHIN_MILLISECONDS = 60_000
const ANSWER_WITHIN_MILLISECONDS = 10_000
const POLL_MILLISECONDS = 100
const WATCH_MILLISECONDS = 2_000
const MISSED_BEFORE_SILENT = 3
const LOG_END_CHARACTERS = 3_000
/** How the processes are ended, and how long each way is given. */
const END = [
  ['SIGTERM', 5_000],
  ['SIGKILL', 1_000],
] as const

/** What keeps wrangler from looking outside, and from keeping anything of a request. */
const WRANGLER_SETTINGS = {
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  X_LOCAL_OBSERVABILITY: 'false',
  X_LOCAL_EXPLORER: 'false',
}

export interface ServiceOptions {
  port: number
  /** The folder that keeps what the service stores. */
  state: string
  variables: Variables
  /** Whether to show what wrangler and the Worker say, beside writing it to the log. */
  verbose?: boolean
}

export interface Service {
  /** The address on this machine. */
  url: string
  /** The address that tokens are issued under: `url`, unless PUBLIC_URL says another. */
  publicUrl: string
  log: string
  /** Settles when the service answers; rejects with a complaint where it does not. */
  ready: Promise<void>
  /** Rejects with a complaint when the service ends by itself; never settles otherwise. */
  died: Promise<never>
  /** Ends every process of the service. */
  stop(): Promise<void>
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
  const { port } = options
  const url = `http://localhost:${port}`
  const publicUrl = process.env.PUBLIC_URL || url
  const worker = spawnWorker(port, state, { ...options.variables, PUBLIC_URL: publicUrl })
  const log = join(state, LOG)
  const tail = keepOutput(worker, log, options.verbose ?? false)
  const record = join(state, RECORD)
  writeFileSync(record, `${JSON.stringify({ url, pid: process.pid })}\n`)

  const over = new AbortController()
  const { promise: died, reject } = Promise.withResolvers<never>()
  const die = (what: string) => {
    over.abort()
    reject(new Complaint(`${what} The end of its log (${log}):\n\n${tail()}`))
  }
  worker.once('error', ({ message }) => die(`The Worker could not be started (${message}).`))
  worker.once('exit', (code, name) =>
    die(`The Worker ended by itself (${name ?? `code ${code}`}).`),
  )
  const ready = untilHealthy(url, publicUrl, over.signal).then((fault) => {
    if (fault) die(fault)
    else void watch(port, over.signal).then((silent) => silent && die('The Worker fell silent.'))
  })
  const stop = async () => {
    over.abort()
    await endGroup(worker)
    rmSync(record, { force: true })
  }
  // Whoever waits for neither is not to be surprised by a rejection.
  died.catch(() => undefined)
  return { url, publicUrl, log, ready: Promise.race([ready, died]), died, stop }
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

/** The values travel in the environment of the child: every user can read a command line. */
function spawnWorker(port: number, state: string, variables: Variables): ChildProcess {
  const args = [
    ...['dev', '--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0'],
    ...['--persist-to', state, '--show-interactive-dev-session=false'],
    // An empty file instead of .dev.vars, so that the child's environment is all that counts.
    ...['--env-file', devNull],
  ]
  return spawn(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...variables, ...WRANGLER_SETTINGS },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
}

/** Writes what the child says to the log; returns how to read the end of it. */
function keepOutput(worker: ChildProcess, log: string, verbose: boolean): () => string {
  const file = createWriteStream(log, { mode: 0o600 })
  let end = ''
  for (const stream of [worker.stdout, worker.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      file.write(text)
      if (verbose) process.stdout.write(text)
      end = (end + text).slice(-LOG_END_CHARACTERS)
    })
  }
  return () => end.trimEnd()
}

/** What /health says, or undefined while nobody answers. */
export async function askHealth(
  url: string,
  signal?: AbortSignal,
): Promise<HealthBody | undefined> {
  const timeout = AbortSignal.timeout(ANSWER_WITHIN_MILLISECONDS)
  const signals = signal ? [signal, timeout] : [timeout]
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.any(signals) })
    return (await answer.json()) as HealthBody
  } catch {
    return undefined
  }
}

export interface HealthBody {
  status?: string
  issuer?: string
  error?: { message: string }
}

/** Waits for the service; returns what is wrong with it, if anything is. */
async function untilHealthy(
  url: string,
  publicUrl: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const deadline = Date.now() + READY_WITHIN_MILLISECONDS
  while (Date.now() < deadline && !signal.aborted) {
    const body = await askHealth(url, signal)
    if (body?.error) return body.error.message
    if (body?.status === 'ok') {
      const expected = new URL(publicUrl).origin
      return body.issuer === expected ? undefined : `Somebody else answers at ${url}.`
    }
    await sleep(POLL_MILLISECONDS)
  }
  return `The Worker did not answer within ${READY_WITHIN_MILLISECONDS / 1000} seconds.`
}

/** Looks whether the port is still served; true once it is not, false when nobody wants to know. */
async function watch(port: number, signal: AbortSignal): Promise<boolean> {
  for (let missed = 0; missed < MISSED_BEFORE_SILENT; ) {
    await sleep(WATCH_MILLISECONDS, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return false
    missed = (await isTaken(port)) ? 0 : missed + 1
  }
  return true
}

/** Ends the child and all that it started: politely, then by force. */
async function endGroup({ pid }: ChildProcess): Promise<void> {
  if (pid === undefined) return
  for (const [signal, milliseconds] of END) {
    const deadline = Date.now() + milliseconds
    for (let there = signalGroup(pid, signal); there; there = signalGroup(pid, 0)) {
      if (Date.now() > deadline) break
      await sleep(POLL_MILLISECONDS)
    }
  }
}

/** Signals a process group (0 only asks); false where nothing of it is left. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal)
  } catch {
    return false
  }
}
