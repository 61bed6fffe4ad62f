// One Worker on this machine: workerd under the project's own wrangler, in a process group that is ended
// as a whole, watched as long as it runs. service.ts and wallet.ts each start one.
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isTaken } from './ports.ts'
import { Complaint } from './terminal.ts'
import { ROOT } from './variables.ts'
import { guardProcess } from './watchdog.ts'

export const WRANGLER = `${ROOT}node_modules/wrangler/bin/wrangler.js`

const READY_WITHIN_MILLISECONDS = 60_000
const ANSWER_WITHIN_MILLISECONDS = 10_000
const POLL_MILLISECONDS = 100
const WATCH_MILLISECONDS = 2_000
const MISSED_BEFORE_SILENT = 3
const LOG_END_CHARACTERS = 3_000
/**
 * Runs a command once a line was read, and ends where the pipe closes without one. A process that runs only after
 * it is guarded cannot outlive a kill of this one between its start and its guard.
 */
const WHEN_TOLD = 'read -r _ && exec "$@" </dev/null'
/** How the processes are ended, and how long each way is given. */
const END = [
  ['SIGTERM', 3_000],
  ['SIGKILL', 1_000],
] as const

/** What keeps wrangler from looking outside, and from keeping anything of a request. */
export const WRANGLER_SETTINGS = {
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  X_LOCAL_OBSERVABILITY: 'false',
  X_LOCAL_EXPLORER: 'false',
}

export interface WorkerOptions {
  /** What it is called where something is said of it, e.g. `The Worker`. */
  title: string
  /** Its configuration: a path from the project's root. */
  config: string
  port: number
  /** The folder that keeps what it stores. */
  persistTo: string
  /** The file of its variables. A command line can be read by every user, so none stands there. */
  envFile: string
  /** The environment of its processes. */
  variables: Record<string, string | undefined>
  /** The file that keeps what it says. */
  log: string
  /** Whether to show what it says, beside writing it to the log. */
  verbose: boolean
  /** What is wrong with it, as a sentence; `starting` while it does not answer, undefined once all is well. */
  probe(signal: AbortSignal): Promise<string | 'starting' | undefined>
}

/** A Worker that was started. */
export interface RunningWorker {
  url: string
  log: string
  /** Settles when it answers; rejects with a complaint where it does not. */
  ready: Promise<void>
  /** Rejects with a complaint when it ends by itself; never settles otherwise. */
  died: Promise<never>
  /** Ends every process of it. */
  stop(): Promise<void>
}

/**
 * Starts a Worker.
 *
 * @example
 * const worker = startWorker({ title: 'The Worker', config: 'wrangler.toml', port: 8787, … })
 * await worker.ready
 */
export function startWorker(options: WorkerOptions): RunningWorker {
  const { title, port, log } = options
  const child = spawnWrangler(options)
  const release = guardProcess(child.pid && -child.pid)
  // It has ended already where the pipe is broken.
  child.stdin.on('error', () => undefined).end('\n')
  const tail = keepOutput(child, log, options.verbose)
  const over = new AbortController()
  const { promise: died, reject } = Promise.withResolvers<never>()
  const die = (what: string) => {
    over.abort()
    reject(new Complaint(`${what} The end of its log (${log}):\n\n${tail()}`))
  }
  child.once('error', ({ message }) => die(`${title} could not be started (${message}).`))
  child.once('exit', (code, name) => die(`${title} ended by itself (${name ?? `code ${code}`}).`))
  const ready = untilReady(options, over.signal).then((fault) => {
    if (fault) die(fault)
    else void watch(port, over.signal).then((silent) => silent && die(`${title} fell silent.`))
  })
  const stop = async () => {
    over.abort()
    await endGroup(child)
    await release()
  }
  // A caller may wait for neither promise, so a rejection must not go unhandled.
  died.catch(() => undefined)
  const url = `http://localhost:${port}`
  return { url, log, ready: Promise.race([ready, died]), died, stop }
}

/**
 * What a Worker answers with JSON, or undefined while nobody does.
 *
 * @example const body = await ask<HealthBody>('http://localhost:8787/health')
 */
export async function ask<Body>(url: string, signal?: AbortSignal): Promise<Body | undefined> {
  const timeout = AbortSignal.timeout(ANSWER_WITHIN_MILLISECONDS)
  const signals = signal ? [signal, timeout] : [timeout]
  try {
    const answer = await fetch(url, { signal: AbortSignal.any(signals) })
    return (await answer.json()) as Body
  } catch {
    return undefined
  }
}

function spawnWrangler({ config, port, persistTo, envFile, variables }: WorkerOptions) {
  const args = [
    ...['dev', '--config', `${ROOT}${config}`],
    ...['--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0'],
    ...['--persist-to', persistTo, '--show-interactive-dev-session=false'],
    ...['--env-file', envFile],
  ]
  const command = [process.execPath, WRANGLER, ...args]
  const [program = '', ...rest] =
    process.platform === 'win32' ? command : ['/bin/sh', '-c', WHEN_TOLD, 'sh', ...command]
  return spawn(program, rest, {
    cwd: ROOT,
    env: { ...variables, ...WRANGLER_SETTINGS },
    stdio: ['pipe', 'pipe', 'pipe'],
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

/** Waits for a Worker; returns what is wrong with it, if anything is. */
async function untilReady(
  { title, probe }: WorkerOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const deadline = Date.now() + READY_WITHIN_MILLISECONDS
  while (Date.now() < deadline && !signal.aborted) {
    const fault = await probe(signal)
    if (fault !== 'starting') return fault
    await sleep(POLL_MILLISECONDS)
  }
  return `${title} did not answer within ${READY_WITHIN_MILLISECONDS / 1000} seconds.`
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
