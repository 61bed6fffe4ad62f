// Creates the configurations of the Worker for the proofs, from the project's wrangler.toml: one for wrangler, which
// bundles the Worker, and one for workerd, which serves it with several front services.
import { ROOT } from '../variables.ts'

/** The part of wrangler.toml that says how the Worker runs. */
export interface WorkerFacts {
  /** The file of the Worker, relative to the project's root. */
  main: string
  date: string
  flags: string[]
  /** The binding and the class of each namespace of objects. */
  objects: { name: string; className: string }[]
  /** The bindings of KV namespaces. */
  kv: string[]
  /** How it is bundled. */
  bundling: Bundling
}

/** How wrangler bundles the Worker. */
type Bundling = Pick<WranglerToml, 'minify' | 'keep_names' | 'alias'>

/** The members that are read here. wrangler's own types do not resolve here. */
interface WranglerToml {
  compatibility_date?: string | undefined
  compatibility_flags: string[]
  durable_objects: { bindings: { name: string; class_name: string }[] }
  kv_namespaces: { binding: string }[]
  minify?: boolean | undefined
  keep_names?: boolean | undefined
  alias?: Record<string, string> | undefined
}

/** Reads the project's wrangler.toml. */
export async function readWorker(): Promise<WorkerFacts> {
  // Imported on demand, because it takes seconds to load.
  const { unstable_readConfig } = await import('wrangler')
  const config: WranglerToml = unstable_readConfig({ config: `${ROOT}wrangler.toml` })
  return {
    main: 'functions/worker.ts',
    date: config.compatibility_date ?? '',
    flags: config.compatibility_flags,
    objects: config.durable_objects.bindings.map(({ name, class_name }) => ({
      name,
      className: class_name,
    })),
    kv: config.kv_namespaces.map(({ binding }) => binding),
    bundling: { minify: config.minify, keep_names: config.keep_names, alias: config.alias },
  }
}

/** Returns the configuration for bundling a copy of the source, without the pages. */
export const wranglerConfig = ({
  main,
  date,
  flags,
  objects,
  kv,
  bundling,
}: WorkerFacts): object => ({
  name: 'countersign',
  main,
  ...bundling,
  compatibility_date: date,
  compatibility_flags: flags,
  durable_objects: {
    bindings: objects.map(({ name, className }) => ({ name, class_name: className })),
  },
  migrations: [{ tag: 'v1', new_sqlite_classes: objects.map(({ className }) => className) }],
  kv_namespaces: kv.map((binding) => ({ binding })),
})

/**
 * The Worker behind workerd's KV binding. It stores values in memory by path. It is never stale, so claims in KV are
 * safer here than in production.
 */
export const KV_SCRIPT = `
const values = new Map()
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url)
    if (request.method === 'PUT') values.set(pathname, await request.text())
    if (request.method === 'DELETE') values.delete(pathname)
    if (request.method !== 'GET') return new Response(null, { status: 204 })
    const value = values.get(pathname)
    return new Response(value ?? 'Not Found', { status: value === undefined ? 404 : 200 })
  },
}`

export interface WorkerdOptions {
  worker: WorkerFacts
  /** The path of the bundle, relative to the configuration. */
  script: string
  /** The folder in which the objects store their data. */
  objects: string
  /** One port for each front service, or without them one for the service of the objects. */
  ports: number[]
  /** The number of front services. */
  fronts: number
  variables: Record<string, string>
}

/** Returns the configuration of workerd in the text form of Cap'n Proto. */
export function workerdConfig({
  worker,
  script,
  objects,
  ports,
  fronts,
  variables,
}: WorkerdOptions) {
  const nameOf = (port: number) => (fronts === 0 ? 'objects' : `front-${port}`)
  const bindings = [
    ...Object.entries(variables).map(
      ([name, value]) => `name = ${text(name)}, text = ${text(value)}`,
    ),
    ...worker.objects.map(
      ({ name, className }) =>
        `name = ${text(name)}, durableObjectNamespace = (className = ${text(className)}, serviceName = "objects")`,
    ),
    ...worker.kv.map((name) => `name = ${text(name)}, kvNamespace = "kv"`),
  ]
  const compatibility = `compatibilityDate = ${text(worker.date)}, compatibilityFlags = [${worker.flags.map(text).join(', ')}]`
  const common = `${compatibility},
      modules = [(name = "worker.js", esModule = embed ${text(script)})],
      bindings = [${listed(bindings)}]`
  const namespaces = worker.objects.map(
    ({ className }) =>
      `className = ${text(className)}, uniqueKey = ${text(className)}, enableSql = true`,
  )
  const services = [
    `name = "internet", network = (allow = ["local"])`,
    `name = "disk", disk = (path = ${text(objects)}, writable = true)`,
    `name = "kv", worker = (${compatibility}, modules = [(name = "kv.js", esModule = ${text(KV_SCRIPT)})])`,
    `name = "objects", worker = (${common},
      durableObjectNamespaces = [${listed(namespaces)}],
      durableObjectStorage = (localDisk = "disk"))`,
    ...ports.slice(0, fronts).map((port) => `name = "${nameOf(port)}", worker = (${common})`),
  ]
  const sockets = ports.map(
    (port) =>
      `name = "${nameOf(port)}", address = "127.0.0.1:${port}", http = (), service = "${nameOf(port)}"`,
  )
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${listed(services)}],
  sockets = [${listed(sockets)}],
);
`
}

export const text = (value: string): string => JSON.stringify(value)
export const listed = (entries: string[]): string =>
  entries.map((entry) => `\n    (${entry})`).join(',')
