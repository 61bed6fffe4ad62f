// The Worker bundled as for deployment and served by `workerd serve`: one service with the objects and
// some front services before it, each an isolate with a port of its own. How the bundle is weakened
// is in ../weakened.ts, the configuration in config.ts, the process itself in workerd.ts.
import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { nextFreePort } from '../ports.ts'
import { MEMORY_TYPE, scratchFor } from '../scratch.ts'
import { Complaint } from '../terminal.ts'
import { FILE_MODE, ROOT, randomText } from '../variables.ts'
import { startWatchdog } from '../watchdog.ts'
import { type Weakened, weaken } from '../weakened.ts'
import { WRANGLER, WRANGLER_SETTINGS } from '../worker.ts'
import { readWorker, workerdConfig, wranglerConfig } from './config.ts'
import { startWorkerd, type Workerd, type WorkerdCommand } from './workerd.ts'

const USUAL_FRONTS = 4
/** Where to look for free ports: elsewhere in each process, so that two that start at once do not meet. */
const FIRST_PORT = 19_300 + (process.pid % 64) * 8
const SOURCE = ['functions', 'contract', 'tsconfig.base.json']
/** Measured: 110 kB after 100 presentations, in a run of a thousand. */
const BYTES_OF_A_SUBJECT = 150_000
/** The bundle, and the journals of the objects that are awake. */
const BYTES_OF_THE_REST = 200_000_000

const PREFIX = 'countersign-prove-'

/** A service that runs. */
export interface Served {
  /** The addresses of the front services; the first is also the PUBLIC_URL of all of them. */
  fronts: string[]
  publicUrl: string
  operatorKey: string
  /** What to say where workerd has ended by itself. */
  fault(): Complaint | undefined
  /** Ends workerd in the middle of whatever it does (SIGKILL); what it stored stays. */
  kill(): Promise<void>
  /** Starts it again, on what it stored. */
  restart(): Promise<void>
  /** Ends workerd and removes all that it stored. */
  stop(): Promise<void>
}

/** What is served, and where it stores. */
export interface ServeOptions {
  /** A build that is weakened; without one the Worker as it is. */
  build?: Weakened | undefined
  /** Of how many users it will have to keep something, or `disk` where it may not be memory. */
  room: number | 'disk'
  /** How many front services (4). */
  fronts?: number
  signal: AbortSignal
}

/**
 * Builds the Worker and serves it on this machine.
 *
 * @throws Complaint where it does not bundle, cannot be weakened or does not answer
 * @example const { fronts, stop } = await serve({ room: 100, signal: interruption() })
 */
export async function serve({
  build,
  room,
  fronts = USUAL_FRONTS,
  signal,
}: ServeOptions): Promise<Served> {
  const folder = mkdtempSync(
    join(room === 'disk' ? diskFolder() : scratchFor(bytesFor(room)), PREFIX),
  )
  const watchdog = startWatchdog(folder)
  const remove = () => {
    rmSync(folder, { recursive: true, force: true })
    return watchdog.dismiss()
  }
  try {
    const worker = await readWorker()
    await bundle(folder, build, wranglerConfig(worker), signal)
    const ports = await freePorts(fronts)
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
    const command: WorkerdCommand = { config, ports, publicUrl, signal, guard: watchdog.guard }
    let workerd: Workerd = await startWorkerd(command)
    return {
      fronts: ports.map((port) => `http://127.0.0.1:${port}`),
      publicUrl,
      operatorKey,
      fault: () => workerd.fault(),
      kill: () => workerd.end('SIGKILL'),
      restart: async () => {
        workerd = await startWorkerd(command)
      },
      stop: () => workerd.end('SIGTERM').finally(remove),
    }
  } catch (error) {
    await remove()
    throw error
  }
}

const bytesFor = (subjects: number): number => BYTES_OF_THE_REST + 2 * subjects * BYTES_OF_A_SUBJECT

/** A folder that is no file system in memory: the usual one for what is thrown away, or the project's own. */
function diskFolder(): string {
  if (statfsSync(tmpdir()).type !== MEMORY_TYPE) return tmpdir()
  const own = `${ROOT}.wrangler`
  mkdirSync(own, { recursive: true })
  return own
}

/** Bundles a copy of the source: without the pages, which take no part in what is proved. */
async function bundle(
  folder: string,
  build: Weakened | undefined,
  config: object,
  signal: AbortSignal,
) {
  for (const name of SOURCE) cpSync(`${ROOT}${name}`, join(folder, name), { recursive: true })
  symlinkSync(`${ROOT}node_modules`, join(folder, 'node_modules'), 'junction')
  if (build) weaken(folder, build)
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

async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) ports.push(await nextFreePort((ports.at(-1) ?? FIRST_PORT - 1) + 1))
  return ports
}
