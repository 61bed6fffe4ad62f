// The Workers runtime as far as the service uses it, on Node: so that tests made for workerd can run where
// Stryker mutates. It replaces `cloudflare:workers` there, and nowhere else. It does not show
// what workerd itself does (alarms, eviction, limits, what really passes between two objects).
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

/** `exports.default` of the Worker under test. */
export const exports = {
  default: {
    async fetch(request: Request): Promise<Response> {
      const { default: worker } = await import('../../functions/worker.ts')
      const work: Promise<unknown>[] = []
      const context = {
        waitUntil: (one: Promise<unknown>) => work.push(one),
        passThroughOnException: () => {},
        props: {},
      }
      const response = await worker.fetch(request, await environment(), context as never)
      await Promise.allSettled(work)
      return response
    },
  },
}

let made: Env | undefined
/** The bindings, once a first request was made. */
export const env = new Proxy({}, { get: (_target, name) => made && Reflect.get(made, name) })

async function environment(): Promise<Env> {
  const { Counts, Directory, Environment, Subject } = await import('../../functions/worker.ts')
  made ??= {
    ROOT_SECRET: 'a root secret for tests alone, 32 and more',
    OPERATOR_KEY,
    PUBLIC_URL,
    RESTORE_EPOCH: '0',
    PUBLISHED: keyValueStore(),
    SUBJECT: namespaceOf(Subject),
    ENVIRONMENT: namespaceOf(Environment),
    DIRECTORY: namespaceOf(Directory),
    COUNTS: namespaceOf(Counts),
  } as unknown as Env
  return made
}

/** A namespace: one object for each name, reached by calls that copy what they carry. */
function namespaceOf(make: new (ctx: never, env: never) => object) {
  const objects = new Map<string, object>()
  return {
    getByName(name: string) {
      const object = objects.get(name) ?? new make(contextOf(name) as never, made as never)
      objects.set(name, object)
      return new Proxy(object, {
        get: (_target, verb) =>
          verb === 'then'
            ? undefined
            : async (...input: unknown[]) => {
                const run: unknown = Reflect.get(object, verb)
                if (typeof run !== 'function') throw new TypeError(`no verb ${String(verb)}`)
                return structuredClone(await run.apply(object, structuredClone(input)))
              },
      })
    },
  }
}

function contextOf(name: string) {
  const database = new DatabaseSync(':memory:')
  let alarm: number | null = null
  return {
    id: { name, toString: () => name },
    waitUntil: () => {},
    storage: {
      sql: { exec: (query: string, ...values: unknown[]) => cursorOf(database, query, values) },
      transactionSync: <T>(run: () => T): T => transaction(database, run),
      getAlarm: async () => alarm,
      setAlarm: async (at: number) => {
        alarm = at
      },
      deleteAll: async () => {
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
    get: async (key: string) => JSON.parse(values.get(key) ?? 'null'),
    put: async (key: string, value: string) => {
      values.set(key, value)
    },
    delete: async (key: string) => {
      values.delete(key)
    },
  }
}
