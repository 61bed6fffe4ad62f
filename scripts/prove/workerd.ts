// Starts and ends the process of `workerd serve`. serve.ts writes its configuration.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { askHealth } from '../service.ts'
import { Complaint } from '../terminal.ts'
import type { Watchdog } from '../watchdog.ts'

const READY_WITHIN_MILLISECONDS = 30_000
const POLL_MILLISECONDS = 5
const END_WITHIN_MILLISECONDS = 5_000
const LOG_END_CHARACTERS = 3_000

/** The options of the process. */
export interface WorkerdCommand {
  config: string
  /** The ports of its front services. It is ready when all of them answer. */
  ports: number[]
  publicUrl: string
  signal: AbortSignal
  /** Guards the process until it has ended. */
  guard: Watchdog['guard']
}

/** A running process. */
export interface Workerd {
  pid: number
  /** Returns the error if it has ended by itself. */
  fault(): Complaint | undefined
  /** Ends the process with a signal. */
  end(by: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/**
 * Starts workerd, and waits until every front service answers.
 *
 * @throws Complaint if it ends or does not answer
 */
export async function startWorkerd({
  config,
  ports,
  publicUrl,
  signal,
  guard,
}: WorkerdCommand): Promise<Workerd> {
  const { default: program }: { default: string } = createRequire(import.meta.url)('workerd')
  // The Worker logs one line for each request, which nobody reads here.
  const child = spawn(program, ['serve', '--experimental', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  child.once('exit', guard(child.pid))
  let last = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    last = (last + text).slice(-LOG_END_CHARACTERS)
  })
  child.once('error', ({ message }) => {
    last += message
  })
  const end = (by: 'SIGTERM' | 'SIGKILL') => endProcess(child, by)
  const fault = () =>
    isRunning(child) ? undefined : new Complaint(`workerd ended by itself.\n\n${last}`)
  try {
    await Promise.all(ports.map((port) => untilReady(child, port, publicUrl, signal)))
    return { pid: child.pid ?? 0, end, fault }
  } catch (error) {
    const ended = fault()
    await end('SIGTERM')
    signal.throwIfAborted()
    throw ended ?? error
  }
}

async function untilReady(
  child: ChildProcess,
  port: number,
  publicUrl: string,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MILLISECONDS
  while (Date.now() < deadline && isRunning(child)) {
    signal.throwIfAborted()
    const health = await askHealth(`http://127.0.0.1:${port}`, signal)
    if (health?.status === 'ok' && health.issuer === publicUrl) return
    await sleep(POLL_MILLISECONDS)
  }
  throw new Complaint(`workerd did not answer on port ${port}.`)
}

const isRunning = ({ pid, exitCode, signalCode }: ChildProcess): boolean =>
  pid !== undefined && exitCode === null && signalCode === null

async function endProcess(child: ChildProcess, by: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (!isRunning(child)) return
  const ended = once(child, 'exit')
  child.kill(by)
  const late = sleep(END_WITHIN_MILLISECONDS, undefined, { ref: false })
  await Promise.race([ended, late.then(() => child.kill('SIGKILL'))])
  await ended
}
