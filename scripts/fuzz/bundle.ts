// The fuzzing and the Worker in one bundle, and the configuration by which `workerd test` runs it: one
// isolate, objects on a disk that is thrown away, no socket and no network.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { KV_SCRIPT, listed, text, type WorkerFacts } from '../prove/config.ts'
import { ROOT } from '../variables.ts'

const BUNDLE = 'fuzz.js'
const CONFIG = 'config.capnp'

/** Bundles test/fuzz/entry.ts into a folder. */
export async function bundle(folder: string): Promise<void> {
  await build({
    entryPoints: [`${ROOT}test/fuzz/entry.ts`],
    outfile: join(folder, BUNDLE),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['workerd', 'worker'],
    external: ['cloudflare:*', 'node:*'],
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  })
}

/** Writes a configuration with the plan as a variable, and returns its path. */
export function configure(folder: string, worker: WorkerFacts, plan: object, name: string): string {
  const objects = join(folder, name)
  mkdirSync(objects)
  const variables = {
    ROOT_SECRET: 'a root secret for the fuzzing alone',
    OPERATOR_KEY: 'csk_op_for-the-fuzzing-alone-0123456789abcdef',
    PUBLIC_URL: 'http://localhost:8787',
    RESTORE_EPOCH: '0',
    FUZZ: JSON.stringify(plan),
  }
  const bindings = [
    ...Object.entries(variables).map(
      ([key, value]) => `name = ${text(key)}, text = ${text(value)}`,
    ),
    ...worker.objects.map(
      ({ name: binding, className }) =>
        `name = ${text(binding)}, durableObjectNamespace = ${text(className)}`,
    ),
    ...worker.kv.map((binding) => `name = ${text(binding)}, kvNamespace = "kv"`),
  ]
  const namespaces = worker.objects.map(
    ({ className }) =>
      `className = ${text(className)}, uniqueKey = ${text(className)}, enableSql = true`,
  )
  const compatibility = `compatibilityDate = ${text(worker.date)}, compatibilityFlags = [${worker.flags.map(text).join(', ')}]`
  const services = [
    'name = "internet", network = (allow = [])',
    `name = "disk", disk = (path = ${text(objects)}, writable = true)`,
    `name = "kv", worker = (${compatibility}, modules = [(name = "kv.js", esModule = ${text(KV_SCRIPT)})])`,
    `name = "fuzz", worker = (${compatibility},
      modules = [(name = ${text(BUNDLE)}, esModule = embed ${text(BUNDLE)})],
      bindings = [${listed(bindings)}],
      durableObjectNamespaces = [${listed(namespaces)}],
      durableObjectStorage = (localDisk = "disk"))`,
  ]
  const path = join(folder, `${name}-${CONFIG}`)
  writeFileSync(
    path,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [${listed(services)}]);
`,
  )
  return path
}
