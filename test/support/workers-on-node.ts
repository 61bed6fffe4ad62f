// Replaces `cloudflare:workers` and `cloudflare:test` on Node, so that tests for workerd run where Stryker
// mutates. It does not simulate workerd's limits, its input and output gates, or the serialization between
// objects.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { OPERATOR_KEY, PUBLIC_URL } from './service.ts'

/** The base of the object classes. */
export class DurableObject {
  protected readonly ctx: unknown
  protected readonly env: unknown
  constructor(ctx: unknown, env: unknown) {
    this.ctx = ctx
    this.env = env
  }
}

/** Work that outlives its request: nothing ends it here. */
export const waitUntil = (_work: Promise<unknown>): void => {}

/** Returns what a request runs with. Nothing waits for the work that it leaves behind. */
export const createExecutionContext = () => contextFor([])

const contextFor = (work: Promise<unknown>[]) => ({
  waitUntil: (one: Promise<unknown>) => work.push(one),
  passThroughOnException: () => {},
  props: {},
})

/** `exports.default` of the Worker under test. */
export const exports = {
  default: {
    async fetch(request: Request): Promise<Response> {
      const { default: worker } = await import('../../functions/worker.ts')
      const work: Promise<unknown>[] = []
      const response = await worker.fetch(request, env as unknown as Env, contextFor(work) as never)
      await Promise.allSettled(work)
      return response
    },
  },
}

type ClassName = 'Counts' | 'Directory' | 'Environment' | 'Subject'
type Instance = object & { alarm?: () => Promise<void> }
type Context = ReturnType<typeof contextOf>
/** An object: what it stores, and the instance that is in memory, if there is one. */
interface Held {
  className: ClassName
  context: Context
  instance: Instance | undefined
}

/** The bindings. */
export const env = {
  ROOT_SECRET: 'a root secret for tests alone, 32 and more',
  // service.ts imports this module, too, and may be evaluated after it.
  get OPERATOR_KEY() {
    return OPERATOR_KEY
  },
  get PUBLIC_URL() {
    return PUBLIC_URL
  },
  RESTORE_EPOCH: '0',
  PUBLISHED: keyValueStore(),
  SUBJECT: namespaceOf('Subject'),
  ENVIRONMENT: namespaceOf('Environment'),
  DIRECTORY: namespaceOf('Directory'),
  COUNTS: namespaceOf('Counts'),
}

const stubs = new WeakMap<object, Held>()

/** Creates a namespace: one object for each name, reached by calls that copy what they carry. */
function namespaceOf(className: ClassName) {
  const objects = new Map<string, Held>()
  return {
    idFromName: idOf,
    getByName(name: string) {
      const held = objects.get(name) ?? { className, context: contextOf(name), instance: undefined }
      objects.set(name, held)
      const stub = new Proxy(
        {},
        {
          get: (_target, verb) =>
            verb === 'then' ? undefined : (...input: unknown[]) => call(held, verb, input),
        },
      )
      stubs.set(stub, held)
      return stub
    },
  }
}

async function instanceOf(held: Held): Promise<Instance> {
  const classes = await import('../../functions/worker.ts')
  const make = classes[held.className] as unknown as new (ctx: Context, env: object) => Instance
  held.instance ??= new make(held.context, { ...env })
  return held.instance
}

async function call(held: Held, verb: string | symbol, input: unknown[]): Promise<unknown> {
  const instance = await instanceOf(held)
  const run: unknown = Reflect.get(instance, verb)
  if (typeof run !== 'function') throw new TypeError(`no verb ${String(verb)}`)
  return structuredClone(await run.apply(instance, structuredClone(input)))
}

function heldBy(stub: object): Held {
  const held = stubs.get(stub)
  if (!held) throw new TypeError('not a stub of an object')
  return held
}

/** Runs code with an object's instance and what it stores, as `cloudflare:test` does. */
export async function runInDurableObject<T>(
  stub: object,
  run: (instance: Instance, context: Context & { abort(reason: string): never }) => T,
): Promise<Awaited<T>> {
  const held = heldBy(stub)
  const abort = (reason: string): never => {
    held.instance = undefined
    throw new Error(reason)
  }
  return await run(await instanceOf(held), { ...held.context, abort })
}

/** Runs an object's alarm now, if one is set; says whether it was. */
export async function runDurableObjectAlarm(stub: object): Promise<boolean> {
  const held = heldBy(stub)
  const { storage } = held.context
  if ((await storage.getAlarm()) === null) return false
  await storage.deleteAlarm()
  await (await instanceOf(held)).alarm?.()
  return true
}

/** Ends an object's instance; what it stored stays. */
export async function evictDurableObject(stub: object): Promise<void> {
  heldBy(stub).instance = undefined
}

function idOf(name: string) {
  return { name, toString: () => name }
}

function contextOf(name: string) {
  let database = new DatabaseSync(':memory:')
  let alarm: number | null = null
  return {
    id: idOf(name),
    waitUntil: () => {},
    storage: {
      sql: { exec: (query: string, ...values: unknown[]) => cursorOf(database, query, values) },
      transactionSync: <T>(run: () => T): T => transaction(database, run),
      getAlarm: async () => alarm,
      setAlarm: async (at: number) => {
        alarm = at
      },
      deleteAlarm: async () => {
        alarm = null
      },
      deleteAll: async () => {
        database = new DatabaseSync(':memory:')
        alarm = null
      },
    },
  }
}

let depth = 0

function transaction<T>(database: DatabaseSync, run: () => T): T {
  const point = `point_${depth++}`
  database.exec(`SAVEPOINT ${point}`)
  try {
    const value = run()
    database.exec(`RELEASE ${point}`)
    return value
  } catch (error) {
    database.exec(`ROLLBACK TO ${point}; RELEASE ${point}`)
    throw error
  } finally {
    depth -= 1
  }
}

function cursorOf(database: DatabaseSync, query: string, values: unknown[]) {
  const rows = run(database, query, values)
  return {
    toArray: () => rows,
    one() {
      if (rows.length !== 1) throw new Error(`${rows.length} rows instead of one`)
      return rows[0]
    },
    [Symbol.iterator]: () => rows.values(),
  }
}

function run(database: DatabaseSync, query: string, values: unknown[]) {
  // A schema is several statements, of which `prepare` would see the first alone.
  if (/;\s*\S/.test(query)) {
    database.exec(query)
    return []
  }
  const bound = values.map((value) =>
    value instanceof ArrayBuffer ? new Uint8Array(value) : value,
  )
  const rows = database.prepare(query).all(...(bound as SQLInputValue[]))
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([column, value]) => [
        column,
        value instanceof Uint8Array ? Uint8Array.from(value).buffer : value,
      ]),
    ),
  )
}

function keyValueStore() {
  const values = new Map<string, string>()
  return {
    get: async (key: string, type?: 'json') => {
      const value = values.get(key) ?? null
      return type === 'json' && value !== null ? JSON.parse(value) : value
    },
    put: async (key: string, value: string) => {
      values.set(key, value)
    },
    delete: async (key: string) => {
      values.delete(key)
    },
  }
}
