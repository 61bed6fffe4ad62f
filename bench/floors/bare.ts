// A bare Worker: how fast the runtime starts, and what 1,000 objects with given tables and rows take of memory.
import { DurableObject } from 'cloudflare:workers'
import type { Content } from './content.ts'

interface Env {
  BARE: DurableObjectNamespace<Bare>
  PUBLIC_URL: string
}

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
    return Response.json({ status: 'ok', issuer })
  },
}
