// The Directory object: the one list of environments. Cold paths only; no user's call comes here.
import { DurableObject } from 'cloudflare:workers'
import type { AuditEvent, AuditVerifyResult, EnvironmentListResult } from '../../contract/index.ts'
import { epochSeconds } from '../clock.ts'
import { type Answer, answering, refuse } from '../domain/refusal.ts'
import { History } from './history.ts'

export const ENVIRONMENT_LIMIT = 1000
const KEEP_DAYS = 3650

const SCHEMA = `CREATE TABLE IF NOT EXISTS environments (environment TEXT PRIMARY KEY, created_at INTEGER NOT NULL);`

export class Directory extends DurableObject<Env> {
  readonly #sql: SqlStorage
  readonly #history: History

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#history = new History(ctx.storage.sql)
    this.#sql.exec(SCHEMA)
    this.#history.ensure()
  }

  /** Enters an environment before it is made, so that none is ever without an entry. Repeatable. */
  enter(environment: string, operator: string): Answer<object> {
    return answering(() =>
      this.ctx.storage.transactionSync(() => {
        const known = this.#sql
          .exec('SELECT 1 FROM environments WHERE environment = ?', environment)
          .toArray()
        if (known.length > 0) return {}
        const { n } = this.#sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM environments').one()
        if (n >= ENVIRONMENT_LIMIT)
          refuse('conflict', { message: `There are ${ENVIRONMENT_LIMIT} environments already.` })
        const now = epochSeconds()
        this.#sql.exec('INSERT INTO environments VALUES (?, ?)', environment, now)
        this.#history.append({
          type: 'environment.entered',
          actor: `operator:${operator}`,
          at: now,
          data: { environment },
        })
        this.#history.trim(now, KEEP_DAYS)
        return {}
      }),
    )
  }

  /** Answers: that is all that a health check wants to know. */
  ping(): true {
    return true
  }

  list(): EnvironmentListResult['environments'] {
    return this.#sql
      .exec<{ environment: string; created_at: number }>(
        'SELECT * FROM environments ORDER BY environment',
      )
      .toArray()
      .map(({ environment, created_at }) => ({ environment, createdAt: created_at }))
  }

  events(before: number | undefined): { events: AuditEvent[]; next?: number } {
    return this.#history.page(before)
  }
  verifyEvents(after: number | undefined): Omit<AuditVerifyResult, 'cursor'> & { next?: number } {
    return this.#history.verify(after)
  }
}
