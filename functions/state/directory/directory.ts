// The Directory object: the list of environments, the named operators and the dashboard sessions. Calls of users
// never reach it.
import { DurableObject } from 'cloudflare:workers'
import type { AuditEvent, EnvironmentListResult, Reason } from '../../../contract/index.ts'
import { epochSeconds } from '../../clock.ts'
import { HOUR_SECONDS } from '../../domain/factors/throttle.ts'
import type { ChainEnd } from '../../domain/history/checkpoint.ts'
import { FIRST_OPERATOR, KEEP_DAYS, OPERATOR_ENVIRONMENT } from '../../domain/operators.ts'
import { type Answer, answering, refuse } from '../../domain/refusal.ts'
import { CHECKPOINT_WITHIN_SECONDS } from '../checkpoints.ts'
import { REMOVED } from '../environment/environment.ts'
import { endOfHour, History, type Tally, type VerifiedPart } from '../history.ts'
import { type ConsoleSession, type KnownOperator, Operators } from './operators.ts'

export const ENVIRONMENT_LIMIT = 1000
/** Limits the names of all environments, including removed ones, whose names cannot be used again. */
export const ENVIRONMENT_NAMES_LIMIT = 100_000
/** Sign-ins of one operator above this limit are only counted. */
const SIGN_INS_RECORDED_PER_HOUR = 10

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS environments (environment TEXT PRIMARY KEY, created_at INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS removed_environments (environment TEXT PRIMARY KEY);`

/** The hash of the secret `OPERATOR_KEY`, and how long the Directory accepts it. */
export interface FirstKey {
  hash: string
  /** If true, the secret stays valid after a named operator has signed in. True only on a developer's machine. */
  always: boolean
}

export class Directory extends DurableObject<Env> {
  readonly #sql: SqlStorage
  readonly #history: History
  readonly #operators: Operators
  /** When the alarm that this instance has set is due, in epoch seconds. */
  #alarmAt = 0

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#history = new History(ctx.storage.sql, () =>
      this.#wakeBy(epochSeconds() + CHECKPOINT_WITHIN_SECONDS),
    )
    this.#operators = new Operators(ctx.storage.sql)
    this.#sql.exec(SCHEMA)
    this.#operators.ensure()
    this.#history.ensure()
  }

  /** Adds an environment to the list before it is created, so that every environment is listed. Repeatable. */
  enter(environment: string, operator: string): Answer<object> {
    return this.#change(() => {
      const isIn = (table: string) =>
        this.#sql.exec(`SELECT 1 FROM ${table} WHERE environment = ?`, environment).toArray()
          .length > 0
      const count = (table: string) =>
        this.#sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`).one().n
      if (isIn('removed_environments')) refuse('conflict', { message: REMOVED })
      if (isIn('environments')) return {}
      const live = count('environments')
      if (live >= ENVIRONMENT_LIMIT)
        refuse('conflict', {
          message: `The limit of ${ENVIRONMENT_LIMIT} environments is reached: remove one first.`,
        })
      if (live + count('removed_environments') >= ENVIRONMENT_NAMES_LIMIT)
        refuse('conflict', {
          message: `The limit of ${ENVIRONMENT_NAMES_LIMIT} environment names is reached: no more environments can be created.`,
        })
      this.#sql.exec('INSERT INTO environments VALUES (?, ?)', environment, epochSeconds())
      this.#record('environment.entered', operator, { environment })
      return {}
    })
  }

  /** Removes an environment from the list, and stores its name and the end of its history. Repeatable. */
  leave(environment: string, end: ChainEnd, operator: string): object {
    return this.#change(() => {
      this.#sql.exec('DELETE FROM environments WHERE environment = ?', environment)
      const removed = this.#sql.exec(
        'INSERT OR IGNORE INTO removed_environments VALUES (?) RETURNING environment',
        environment,
      )
      if (removed.toArray().length > 0)
        this.#record('environment.removed', operator, { environment, ...end })
      return {}
    })
  }

  /** Returns the operator of a key: a named one, or the first operator while `OPERATOR_KEY` is valid. */
  operatorByKey(hash: string, first: FirstKey): KnownOperator | undefined {
    if (hash === first.hash) return this.#first(first)
    const operator = this.#operators.byKey(hash)
    if (operator) this.#operators.see(operator.id, epochSeconds())
    return operator
  }

  /** Returns a dashboard session and its operator, while the key that it was created with is valid. */
  operatorBySession(
    secretHash: string,
    first: FirstKey,
  ): { operator: KnownOperator; session: ConsoleSession } | undefined {
    const session = this.#operators.session(secretHash, epochSeconds())
    if (!session) return undefined
    const operator = this.operatorByKey(session.keyHash, first)
    return operator?.id === session.operator ? { operator, session } : undefined
  }

  operators(): { operators: KnownOperator[]; guarded: boolean } {
    return { operators: this.#operators.list(), guarded: this.#operators.isGuarded() }
  }

  /** Records that an operator has a factor, so that every change needs a step-up. Repeatable. */
  guard(): void {
    this.ctx.storage.transactionSync(() => this.#operators.guard(epochSeconds()))
  }

  createOperator(
    name: string,
    automation: boolean,
    by: string,
  ): Answer<{ operator: KnownOperator; key: string }> {
    return this.#change(() => {
      const created = this.#operators.create(name, automation, epochSeconds())
      const { id } = created.operator
      this.#record('operator.created', by, { id, name, automation })
      return created
    })
  }

  revokeOperator(id: string, by: string): Answer<object> {
    return this.#change(() => {
      const { name } = this.#operators.revoke(id, epochSeconds())
      this.#record('operator.revoked', by, { id, name })
      return {}
    })
  }

  /** Starts a dashboard session for the operator of a key. */
  signIn(
    keyHash: string,
    secretHash: string,
    first: FirstKey,
  ): Answer<ConsoleSession & { name: string }> {
    return this.#change(() => {
      const operator = this.operatorByKey(keyHash, first)
      if (!operator)
        refuse('unauthenticated', { message: 'This operator key is unknown or revoked.' })
      if (operator.automation)
        refuse('forbidden', {
          message:
            'Automation keys cannot sign in to the dashboard. Use the key of a named operator.',
        })
      const session = this.#operators.signIn(operator.id, keyHash, secretHash, epochSeconds())
      this.#recordSignIn(operator, session)
      return { ...session, name: operator.name }
    })
  }

  signOut(secretHash: string): void {
    this.ctx.storage.transactionSync(() => this.#operators.signOut(secretHash))
  }

  /**
   * Counts a change by an automation key before the change is made.
   *
   * @returns the refusal `rate_limited` if the key made too many changes within the hour
   */
  countChange(id: string): Answer<object> {
    return this.#change(() => this.#operators.countChange(id, epochSeconds()))
  }

  /** Counts a refusal outside the chain, because a stolen key can cause any number of them. */
  noteRefusal(
    { id, name }: Pick<KnownOperator, 'id' | 'name'>,
    call: string,
    reason: Reason,
  ): void {
    this.#tally({
      key: `refused:${id}:${call}:${reason}`,
      type: 'operator.refused',
      actor: `operator:${name}`,
      at: epochSeconds(),
      data: { id, call, reason },
    })
  }

  /** Writes the tallies whose hour has ended, and has the environment of the operators sign checkpoints. */
  override async alarm(): Promise<void> {
    const now = epochSeconds()
    this.#alarmAt = 0
    const tallied = this.ctx.storage.transactionSync(() => this.#history.flush(now))
    if (tallied) this.#wakeBy(endOfHour(now))
    const { checkpoints } = this.#history
    const ends = checkpoints.unsigned()
    const signer = this.env.ENVIRONMENT.getByName(OPERATOR_ENVIRONMENT)
    if (ends.length > 0) checkpoints.add(ends, await signer.signCheckpoints({}, ends))
  }

  /** Returns true, for a health check. */
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

  /** Returns one page, newest first. Does not write the tallies whose hour has not ended. */
  events(before: number | undefined): { events: AuditEvent[]; next?: number } {
    return this.#history.page(before)
  }
  verifyEvents(after: number | undefined, since?: ChainEnd): VerifiedPart {
    return this.#history.verify(after, since)
  }
  chainEnd(): ChainEnd {
    return this.#history.end()
  }

  #first({ always }: FirstKey): KnownOperator | undefined {
    if (!always && this.#operators.hasSeenPerson()) return undefined
    return { id: FIRST_OPERATOR, name: FIRST_OPERATOR, automation: false, createdAt: 0 }
  }

  #change<T extends object>(run: () => Answer<T>): Answer<T> {
    return answering(() => this.ctx.storage.transactionSync(run))
  }

  /** Records a sign-in. Counts frequent sign-ins of one operator outside the chain. */
  #recordSignIn(
    { id, name }: KnownOperator,
    { id: session, signedInAt: at }: ConsoleSession,
  ): void {
    const signedIn = { type: 'operator.signed_in', actor: `operator:${name}` }
    if (this.#history.countRecent(signedIn, at - HOUR_SECONDS) < SIGN_INS_RECORDED_PER_HOUR)
      this.#record(signedIn.type, name, { id, session })
    else {
      const again = { ...signedIn, type: 'operator.signed_in_again' }
      this.#tally({ ...again, key: `${again.type}:${id}`, at, data: { id } })
    }
  }

  /** Counts an event. Writes the tallies whose hour has ended first, because an alarm can be lost. */
  #tally(tally: Tally): void {
    this.ctx.storage.transactionSync(() => {
      this.#history.flush(tally.at)
      this.#history.tally(tally)
    })
    this.#wakeBy(endOfHour(tally.at))
  }

  /** Sets the alarm, unless an earlier one is pending. */
  #wakeBy(at: number): void {
    if (this.#alarmAt > epochSeconds() && this.#alarmAt <= at) return
    this.#alarmAt = at
    void this.ctx.storage.setAlarm(at * 1000)
  }

  #record(type: string, operator: string, data: Record<string, unknown>): void {
    const now = epochSeconds()
    this.#history.append({ type, actor: `operator:${operator}`, at: now, data })
    this.#history.trim(now, KEEP_DAYS)
  }
}
