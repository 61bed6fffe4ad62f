// A bare Worker: how fast the runtime starts, and what 1,000 objects with given tables, rows and statements take of
// memory.
import { DurableObject } from 'cloudflare:workers'
import type { Content } from './content.ts'

interface Env {
  BARE: DurableObjectNamespace<Bare>
  PUBLIC_URL: string
}

class RolledBack extends Error {}

const AN_HOUR_MILLISECONDS = 3_600_000

export class Bare extends DurableObject {
  readonly #sql = this.ctx.storage.sql

  fill({ tables, rows }: Content): void {
    this.ctx.storage.transactionSync(() => {
      for (const table of tables) this.#sql.exec(table)
      for (const [table, values] of rows)
        this.#sql.exec(`INSERT INTO ${table} VALUES (${values.map(() => '?').join()})`, ...values)
    })
    void this.ctx.storage.setAlarm(Date.now() + AN_HOUR_MILLISECONDS)
  }

  /** Runs statements with 0 as every value, and rolls back what each wrote. */
  run({ statements }: Content): void {
    for (const statement of statements) {
      const values = [...statement.matchAll(/\?/g)].map(() => 0)
      try {
        this.ctx.storage.transactionSync(() => {
          this.#sql.exec(statement, ...values).toArray()
          throw new RolledBack()
        })
      } catch (error) {
        if (!(error instanceof RolledBack)) throw error
      }
    }
  }

  /** Reads something, so that the object and its database are live. */
  read(): number {
    return this.#sql.exec('SELECT name FROM sqlite_master').toArray().length
  }

  override alarm(): void {
    this.#sql.exec('SELECT 1')
  }
}

export default {
  async fetch(request: Request, { BARE, PUBLIC_URL: issuer }: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    const object = BARE.getByName(searchParams.get('name') ?? '')
    if (pathname === '/fill') await object.fill(await request.json())
    if (pathname === '/read') await object.read()
    if (pathname === '/run') await object.run(await request.json())
    return Response.json({ status: 'ok', issuer })
  },
}
