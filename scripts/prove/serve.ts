// Bundles the Worker as for deployment and serves it with `workerd serve`: one service with the objects, and
// several front services, each an isolate with its own port. ../weakened.ts weakens the source, config.ts creates
// the configuration, and workerd.ts runs the process.
import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, parse } from 'node:path'
import { promisify } from 'node:util'
import { nextFreePort } from '../ports.ts'
import { MEMORY_TYPE, scratchFor } from '../scratch.ts'
import { Complaint } from '../terminal.ts'
import { FILE_MODE, ROOT, randomText } from '../variables.ts'
import { startWatchdog } from '../watchdog.ts'
import { type Weakened, weaken } from '../weakened.ts'
import { WRANGLER, WRANGLER_SETTINGS } from '../worker.ts'
import { readWorker, type WorkerFacts, workerdConfig, wranglerConfig } from './config.ts'
import { startWorkerd, type Workerd, type WorkerdCommand } from './workerd.ts'

const USUAL_FRONTS = 4
/** The first port to try. It depends on the process id, so that two processes do not try the same ports. */
const FIRST_PORT = 19_300 + (process.pid % 64) * 8
/** What the Worker is bundled from. */
const SOURCE = ['functions', 'contract', 'tsconfig.base.json']
/** Measured: 110 kB after 100 presentations, in a run of a thousand. */
const BYTES_OF_A_SUBJECT = 150_000
/** The size of the bundle and of the journals of live objects. */
const BYTES_OF_THE_REST = 200_000_000

const PREFIX = 'countersign-prove-'
/** The bundled scripts of this process by Worker and build, because a benchmark serves the same one many times. */
const scripts = new Map<string, string>()

/** A running service. */
export interface Served {
  /** The addresses of the front services. The first port is also that of their PUBLIC_URL. */
  fronts: string[]
  publicUrl: string
  operatorKey: string
  /** The folder in which the objects store their data. */
  objects: string
  /** Returns the id of the process. */
  pid(): number
  /** Returns the error if workerd has ended by itself. */
  fault(): Complaint | undefined
  /** Kills workerd (SIGKILL). Its data stays. */
  kill(): Promise<void>
  /** Starts workerd again with its data. */
  restart(): Promise<void>
  /** Ends workerd and deletes its data. */
  stop(): Promise<void>
}

/** What is served: a Worker, and what it is bundled from. */
export interface Bundled {
  worker: WorkerFacts
  /** The files and folders of the project that it is bundled from. */
  source: string[]
  /** The folder of its packages. Default: those of the project. */
  packages?: string
  /** Variables besides those of every service. */
  variables?: Record<string, string>
}

/** The options of a service. */
export interface ServeOptions {
  /** Another Worker. Default: Countersign. */
  bundled?: Bundled | undefined
  /** A changed build. Default: the unchanged Worker. */
  build?: Pick<Weakened, 'name' | 'replacements'> | undefined
  /** The number of users whose data it will store, or `disk` if the data must be on disk. */
  room: number | 'disk'
  /** The number of front services. Default: 4. With 0, the service of the objects answers in the same isolate. */
  fronts?: number
  signal: AbortSignal
}

/**
 * Builds the Worker and serves it on this machine.
 *
 * @throws Complaint if the Worker cannot be bundled or weakened, or does not answer
 * @example const { fronts, stop } = await serve({ room: 100, signal: interruption() })
 */
export async function serve({
  bundled,
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
    const { worker, ...from } = bundled ?? { worker: await readWorker(), source: SOURCE }
    const name = `${worker.main} ${build?.name ?? ''}`
    const code = scripts.get(name) ?? (await bundle(folder, from, build, worker, signal))
    scripts.set(name, code)
    const script = 'worker.js'
    writeFileSync(join(folder, script), code)
    const ports = await freePorts(Math.max(1, fronts))
    const publicUrl = `http://localhost:${ports[0]}`
    const operatorKey = `csk_op_${randomText()}`
    const variables = {
      ROOT_SECRET: randomText(),
      OPERATOR_KEY: operatorKey,
      PUBLIC_URL: publicUrl,
      RESTORE_EPOCH: '0',
      ...from.variables,
    }
    const objects = join(folder, 'objects')
    mkdirSync(objects)
    const config = join(folder, 'config.capnp')
    const text = workerdConfig({ worker, script, objects, ports, fronts, variables })
    writeFileSync(config, text, { mode: FILE_MODE })
    const command: WorkerdCommand = { config, ports, publicUrl, signal, guard: watchdog.guard }
    let workerd: Workerd = await startWorkerd(command)
    return {
      fronts: ports.map((port) => `http://127.0.0.1:${port}`),
      publicUrl,
      operatorKey,
      objects,
      pid: () => workerd.pid,
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

/** Returns a folder on disk: the system's temporary folder, or else one in the project. */
export function diskFolder(): string {
  if (statfsSync(tmpdir()).type !== MEMORY_TYPE) return tmpdir()
  const own = `${ROOT}.wrangler`
  mkdirSync(own, { recursive: true })
  return own
}

/** Bundles a copy of the source, without the pages, which the proofs do not need. Returns the script. */
async function bundle(
  folder: string,
  { source, packages = 'node_modules' }: Omit<Bundled, 'worker'>,
  build: ServeOptions['build'],
  worker: WorkerFacts,
  signal: AbortSignal,
): Promise<string> {
  for (const name of source) cpSync(`${ROOT}${name}`, join(folder, name), { recursive: true })
  symlinkSync(`${ROOT}${packages}`, join(folder, 'node_modules'), 'junction')
  if (build) weaken(folder, build)
  writeFileSync(join(folder, 'wrangler.json'), JSON.stringify(wranglerConfig(worker)))
  const args = ['deploy', '--dry-run', '--config', 'wrangler.json', '--outdir', 'bundle']
  const env = { ...process.env, ...WRANGLER_SETTINGS }
  await promisify(execFile)(process.execPath, [WRANGLER, ...args], {
    cwd: folder,
    env,
    signal,
  }).catch((error: Error & { stdout?: string; stderr?: string }) => {
    signal.throwIfAborted()
    throw new Complaint(
      `The Worker could not be bundled.\n${error.stdout ?? ''}${error.stderr ?? ''}`,
    )
  })
  return readFileSync(join(folder, `bundle/${parse(worker.main).name}.js`), 'utf8')
}

async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) ports.push(await nextFreePort((ports.at(-1) ?? FIRST_PORT - 1) + 1))
  return ports
}
