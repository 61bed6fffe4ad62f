// The Worker bundled as for deployment and served by `workerd serve`: one service with the objects and
// four front services before it, each an isolate with a port of its own. How the bundle is weakened
// stands in weakened.ts, the configuration in config.ts.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { nextFreePort } from '../ports.ts'
import { scratchFor } from '../scratch.ts'
import { askHealth } from '../service.ts'
import { Complaint } from '../terminal.ts'
import { FILE_MODE, ROOT, randomText } from '../variables.ts'
import { WRANGLER, WRANGLER_SETTINGS } from '../worker.ts'
import { readWorker, workerdConfig, wranglerConfig } from './config.ts'
import { type Build, weaken } from './weakened.ts'

const FRONTS = 4
const FIRST_PORT = 18_700
const SOURCE = ['functions', 'contract', 'tsconfig.base.json']
const READY_WITHIN_MILLISECONDS = 30_000
const POLL_MILLISECONDS = 50
const END_WITHIN_MILLISECONDS = 5_000
const LOG_END_CHARACTERS = 3_000
/** Measured: 110 kB after 100 presentations, in a run of a thousand. */
const BYTES_OF_A_SUBJECT = 150_000
/** The bundle, and the journals of the objects that are awake. */
const BYTES_OF_THE_REST = 200_000_000

/** A service that runs. */
export interface Served {
  /** The addresses of the front services; the first is also the PUBLIC_URL of all of them. */
  fronts: string[]
  publicUrl: string
  operatorKey: string
  /** What to say where workerd has ended by itself. */
  fault(): Complaint | undefined
  /** Ends workerd and removes all that it stored. */
  stop(): Promise<void>
}

/**
 * Builds the Worker and serves it on this machine.
 *
 * @param build as it is (`none`), or weakened
 * @param subjects of how many users it will have to keep something
 * @throws Complaint where it does not bundle, cannot be weakened or does not answer
 * @example const { fronts, stop } = await serve('none', 100, interruption())
 */
export async function serve(build: Build, subjects: number, signal: AbortSignal): Promise<Served> {
  const bytes = BYTES_OF_THE_REST + 2 * subjects * BYTES_OF_A_SUBJECT
  const folder = mkdtempSync(join(scratchFor(bytes), 'countersign-prove-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const worker = await readWorker()
    await bundle(folder, build, wranglerConfig(worker), signal)
    const ports = await freePorts()
    const publicUrl = `http://localhost:${ports[0]}`
    const operatorKey = `csk_op_${randomText()}`
    const variables = {
      ROOT_SECRET: randomText(),
      OPERATOR_KEY: operatorKey,
      PUBLIC_URL: publicUrl,
      RESTORE_EPOCH: '0',
    }
    const objects = join(folder, 'objects')
    mkdirSync(objects)
    const config = join(folder, 'config.capnp')
    const text = workerdConfig({ worker, script: 'bundle/worker.js', objects, ports, variables })
    writeFileSync(config, text, { mode: FILE_MODE })
    const { stop, fault } = await startWorkerd(config, ports, publicUrl, signal)
    const fronts = ports.map((port) => `http://127.0.0.1:${port}`)
    return { fronts, publicUrl, operatorKey, fault, stop: () => stop().finally(remove) }
  } catch (error) {
    remove()
    throw error
  }
}

/** Bundles a copy of the source: without the pages, which take no part in what is proved. */
async function bundle(folder: string, build: Build, config: object, signal: AbortSignal) {
  for (const name of SOURCE) cpSync(`${ROOT}${name}`, join(folder, name), { recursive: true })
  symlinkSync(`${ROOT}node_modules`, join(folder, 'node_modules'), 'junction')
  if (build !== 'none') weaken(folder, build)
  writeFileSync(join(folder, 'wrangler.json'), JSON.stringify(config))
  const args = ['deploy', '--dry-run', '--config', 'wrangler.json', '--outdir', 'bundle']
  const env = { ...process.env, ...WRANGLER_SETTINGS }
  await promisify(execFile)(process.execPath, [WRANGLER, ...args], {
    cwd: folder,
    env,
    signal,
  }).catch((error: Error & { stdout?: string; stderr?: string }) => {
    signal.throwIfAborted()
    throw new Complaint(`The Worker did not bundle.\n${error.stdout ?? ''}${error.stderr ?? ''}`)
  })
}

async function freePorts(): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < FRONTS) ports.push(await nextFreePort((ports.at(-1) ?? FIRST_PORT - 1) + 1))
  return ports
}

/** Starts workerd, and waits for every front. */
async function startWorkerd(
  config: string,
  ports: number[],
  publicUrl: string,
  signal: AbortSignal,
): Promise<Pick<Served, 'fault' | 'stop'>> {
  const { default: program }: { default: string } = createRequire(import.meta.url)('workerd')
  // What the Worker logs is a line a request: nobody reads it here.
  const child = spawn(program, ['serve', '--experimental', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let end = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    end = (end + text).slice(-LOG_END_CHARACTERS)
  })
  child.once('error', ({ message }) => {
    end += message
  })
  // However this process ends, workerd does not outlive it.
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const stop = () => endProcess(child).finally(() => process.off('exit', kill))
  const fault = () =>
    isRunning(child) ? undefined : new Complaint(`workerd ended by itself.\n\n${end}`)
  try {
    for (const port of ports) await untilReady(child, port, publicUrl, signal)
    return { stop, fault }
  } catch (error) {
    const ended = fault()
    await stop()
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

async function endProcess(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const late = sleep(END_WITHIN_MILLISECONDS, undefined, { ref: false })
  await Promise.race([ended, late.then(() => child.kill('SIGKILL'))])
  await ended
}
