// Counts what a call costs inside workerd: calls of objects, SQL statements with the rows that they read and
// write, transactions, alarms, calls of KV, and fetches. The Worker, its objects and the tests share an isolate, so
// it is enough to replace the runtime's methods there.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { directory } from '../fuzz/objects.ts'

/** What one call costs. */
export interface Costs {
  /** Calls of objects in their order, and then those of KV and of addresses outside. */
  calls: string[]
  statements: number
  /** Statements that change rows or tables. */
  writing: number
  transactions: number
  rowsRead: number
  /** An alarm that is set is billed as one row, and is counted as one. */
  rowsWritten: number
}

type Method = (this: unknown, ...input: unknown[]) => unknown
type Methods = Record<string, Method>
interface Cursor {
  rowsRead: number
  rowsWritten: number
}

const WRITING = /^\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER)\b/i
const CLASSES = ['Subject', 'Environment', 'Directory', 'Counts'] as const

class Seen {
  readonly objects: string[] = []
  readonly outside: string[] = []
  readonly statements: { query: string; cursor: Cursor }[] = []
  transactions = 0
  alarms = 0

  costs(): Costs {
    const sum = (key: keyof Cursor) => this.statements.reduce((n, { cursor }) => n + cursor[key], 0)
    return {
      calls: [...this.objects, ...this.outside],
      statements: this.statements.length,
      writing: this.statements.filter(({ query }) => WRITING.test(query)).length,
      transactions: this.transactions,
      rowsRead: sum('rowsRead'),
      rowsWritten: sum('rowsWritten') + this.alarms,
    }
  }
}
/** What was seen of the run that is counted. */
let seen: Seen | undefined

/**
 * Prepares this isolate. Call it once in a file.
 *
 * @param fetched what every address outside answers
 */
export async function prepareToCount(fetched: () => object): Promise<void> {
  await runInDurableObject(directory(), (_object, { storage }) => {
    replace(storage.sql, 'exec', (exec, [query, ...values]) => {
      const cursor = exec(query, ...values) as Cursor
      seen?.statements.push({ query: String(query), cursor })
      return cursor
    })
    replace(storage, 'transactionSync', (run, input) => {
      if (seen) seen.transactions += 1
      return run(...input)
    })
    replace(storage, 'setAlarm', (set, input) => {
      if (seen) seen.alarms += 1
      return set(...input)
    })
  })
  replace(env.SUBJECT, 'getByName', (get, [name], namespace) =>
    // At other times `cloudflare:test` takes stubs, which must be the runtime's own.
    seen ? watched(get(name), classOf(namespace)) : get(name),
  )
  for (const method of ['get', 'put', 'delete'])
    replace(env.PUBLISHED, method, (run, input) => {
      seen?.outside.push(`KV.${method}`)
      return run(...input)
    })
  vi.stubGlobal('fetch', async () => {
    seen?.outside.push('fetch')
    return Response.json(fetched())
  })
}

/** Returns what a run costs. */
export async function costsOf(run: () => Promise<unknown>): Promise<Costs> {
  const mine = new Seen()
  seen = mine
  try {
    await run()
    return mine.costs()
  } finally {
    seen = undefined
  }
}

/** Replaces a method of the class of one of the runtime's objects. */
function replace(
  one: object,
  method: string,
  by: (original: Method, input: unknown[], self: unknown) => unknown,
): void {
  const methods: Methods = Object.getPrototypeOf(one)
  const original = methods[method]
  if (!original) throw new Error(`the runtime has no method ${method}: correct the name`)
  methods[method] = function (...input) {
    return by((...passed) => Reflect.apply(original, this, passed), input, this)
  }
}

/** The class of the objects of a namespace. Objects have namespaces of their own, and call Environments alone. */
function classOf(namespace: unknown): string {
  const namespaces: unknown[] = [env.SUBJECT, env.ENVIRONMENT, env.DIRECTORY, env.COUNTS]
  return CLASSES[namespaces.indexOf(namespace)] ?? 'Environment'
}

const watched = (stub: unknown, name: string): unknown =>
  new Proxy(stub as Methods, {
    get(target, verb) {
      const method = Reflect.get(target, verb, target)
      if (typeof method !== 'function') return method
      return (...input: unknown[]) => {
        seen?.objects.push(`${name}.${String(verb)}`)
        // A method of a stub has no `apply`: that would be a method of the object.
        return Reflect.apply(method, target, input)
      }
    },
  })
