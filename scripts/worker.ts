// Runs a local Worker with wrangler, in its own process group, which is ended as a whole. service.ts and
// wallet.ts each start one.
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
 * Runs a command after it has read a line, and ends if the pipe closes before. The line is sent once the process is
 * guarded, so that it cannot outlive a kill of this process between its start and its guard.
 */
const WHEN_TOLD = 'read -r _ && exec "$@" </dev/null'
/** The signals that end the processes, and how long to wait after each. */
const END = [
  ['SIGTERM', 3_000],
  ['SIGKILL', 1_000],
] as const

/** Keeps wrangler from calling other servers and from storing requests. */
export const WRANGLER_SETTINGS = {
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  X_LOCAL_OBSERVABILITY: 'false',
  X_LOCAL_EXPLORER: 'false',
}

export interface WorkerOptions {
  /** The name in messages, for example `The Worker`. */
  title: string
  /** The path of its configuration, relative to the project's root. */
  config: string
  port: number
  /** The folder in which it stores its data. */
  persistTo: string
  /** The file of its variables. They are not on the command line, which every user can read. */
  envFile: string
  /** The environment of its processes. */
  variables: Record<string, string | undefined>
  /** The file of its output. */
  log: string
  /** True to print its output too. */
  verbose: boolean
  /** Returns `starting` while it does not answer, a message if it is faulty, or undefined once it is ready. */
  probe(signal: AbortSignal): Promise<string | 'starting' | undefined>
}

/** A started Worker. */
export interface RunningWorker {
  url: string
  log: string
  /** Resolves when it answers. Rejects with a Complaint if it does not. */
  ready: Promise<void>
  /** Rejects with a Complaint when it ends by itself. Never settles otherwise. */
  died: Promise<never>
  /** Ends all its processes. */
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
  // A broken pipe means that it has ended already.
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
    else
      void watch(port, over.signal).then((silent) => silent && die(`${title} no longer answers.`))
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
 * Returns the JSON body of a Worker's answer, or undefined if there is no answer.
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

/** Writes the output of a child to the log. Returns a function that returns the end of the output. */
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

/** Waits until a Worker is ready. Returns a message if it is faulty. */
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

/** Waits until no program listens on the port any more and returns true. Returns false if the signal aborts first. */
async function watch(port: number, signal: AbortSignal): Promise<boolean> {
  for (let missed = 0; missed < MISSED_BEFORE_SILENT; ) {
    await sleep(WATCH_MILLISECONDS, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return false
    missed = (await isTaken(port)) ? 0 : missed + 1
  }
  return true
}

/** Ends the child and its process group, first with SIGTERM, then with SIGKILL. */
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

/** Signals a process group; 0 only checks it. Returns false if no process of it is left. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal)
  } catch {
    return false
  }
}
