// The Worker bundled as for deployment and served by `workerd serve`: one service with the objects and
// four front services before it, each an isolate with a port of its own. How the bundle is weakened
// stands in weakened.ts, the configuration in config.ts.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { nextFreePort } from '../ports.ts'
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

/** A service that runs. */
export interface Served {
  /** The addresses of the front services; the first is also the PUBLIC_URL of all of them. */
  fronts: string[]
  publicUrl: string
  operatorKey: string
  /** Ends workerd and removes all that it stored. */
  stop(): Promise<void>
}

/**
 * Builds the Worker and serves it on this machine.
 *
 * @param build as it is (`none`), or weakened
 * @throws Complaint where it does not bundle, cannot be weakened or does not answer
 * @example const { fronts, stop } = await serve('none', interruption())
 */
export async function serve(build: Build, signal: AbortSignal): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-prove-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const worker = readWorker()
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
    const stop = await startWorkerd(config, ports, publicUrl, signal)
    const fronts = ports.map((port) => `http://127.0.0.1:${port}`)
    return { fronts, publicUrl, operatorKey, stop: () => stop().finally(remove) }
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

/** Starts workerd, and waits for every front; returns how to end it. */
async function startWorkerd(
  config: string,
  ports: number[],
  publicUrl: string,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
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
  try {
    for (const port of ports) await untilReady(child, port, publicUrl, signal)
  } catch (error) {
    await endProcess(child)
    throw error instanceof Complaint && end
      ? new Complaint(`${error.message}\n\n${end}`, error.exitCode)
      : error
  }
  return () => endProcess(child)
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
