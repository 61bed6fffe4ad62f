// The Counts object: counts the events of an environment, by the hour for two days and by the day for a month. Each
// environment has several of these objects. The counts are estimates, and no decision depends on them.
import { DurableObject } from 'cloudflare:workers'
import { METHODS, type StatsInput, type StatsRow } from '../../contract/index.ts'
import { epochSeconds } from '../clock.ts'
import { DAY_SECONDS } from '../domain/factors/throttle.ts'
import { BUCKETS } from '../domain/history/stats.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS counts (
    bucket_seconds INTEGER NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL, action TEXT NOT NULL,
    method TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (bucket_seconds, at, event, action, method)) WITHOUT ROWID;`

type CountRow = { at: number; event: string; action: string; method: string; count: number }

export class Counts extends DurableObject<Env> {
  readonly #sql: SqlStorage

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
  }

  /** Adds samples to their hours and days. */
  async add(samples: StatsRow[]): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      this.#sql.exec(SCHEMA)
      for (const sample of samples)
        for (const { bucketSeconds } of Object.values(BUCKETS)) this.#add(bucketSeconds, sample)
      this.#trim(epochSeconds())
    })
    if ((await this.ctx.storage.getAlarm()) === null) await this.#wakeTomorrow()
  }

  /** Returns the rows of a range from a time on. */
  rows(range: StatsInput['range'], from: number): StatsRow[] {
    if (!this.#exists()) return []
    return this.#sql
      .exec<CountRow>(
        'SELECT at, event, action, method, count FROM counts WHERE bucket_seconds = ? AND at >= ?',
        BUCKETS[range].bucketSeconds,
        from,
      )
      .toArray()
      .map((row) => ({
        at: row.at,
        event: row.event as StatsRow['event'],
        action: row.action || null,
        method: METHODS.find((method) => method === row.method) ?? null,
        count: row.count,
      }))
  }

  override async alarm(): Promise<void> {
    if (!this.#exists()) return
    this.#trim(epochSeconds())
    const left = this.#sql.exec('SELECT 1 FROM counts LIMIT 1').toArray().length > 0
    if (left) await this.#wakeTomorrow()
    else await this.ctx.storage.deleteAll()
  }

  #add(bucketSeconds: number, { at, event, action, method, count }: StatsRow): void {
    this.#sql.exec(
      `INSERT INTO counts VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET count = count + excluded.count`,
      bucketSeconds,
      Math.floor(at / bucketSeconds) * bucketSeconds,
      event,
      action ?? '',
      method ?? '',
      count,
    )
  }

  #trim(now: number): void {
    for (const { bucketSeconds, keepSeconds } of Object.values(BUCKETS))
      this.#sql.exec(
        'DELETE FROM counts WHERE bucket_seconds = ? AND at < ?',
        bucketSeconds,
        now - keepSeconds,
      )
  }

  #exists(): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'counts'").toArray().length > 0
  }

  #wakeTomorrow(): Promise<void> {
    return this.ctx.storage.setAlarm((epochSeconds() + DAY_SECONDS) * 1000)
  }
}
