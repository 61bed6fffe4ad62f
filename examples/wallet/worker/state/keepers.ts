// The objects that keep shares, three classes with a secret each: none of them alone can make a key.
// A keeper knows whose share it has and of which set; neither address nor the shares of others.
import { DurableObject } from 'cloudflare:workers'
import { seal, unseal } from '../seal.ts'
import type { SetRef } from '../shares.ts'
import type { Secrets } from './secrets.ts'

const SCHEMA = `CREATE TABLE IF NOT EXISTS shares (
  owner TEXT NOT NULL,
  generation INTEGER NOT NULL,
  attempt TEXT NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (owner, generation, attempt)
);`

class Keeper extends DurableObject<Secrets> {
  readonly #sql: SqlStorage
  readonly #title: string
  readonly #secret: string

  constructor(ctx: DurableObjectState, env: Secrets, title: string, secret: string) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#title = title
    this.#secret = secret
    this.#sql.exec(SCHEMA)
  }

  /** Keeps a share of a user's key. A set is written once: a share never replaces another. */
  keep(owner: string, { generation, attempt }: SetRef, share: Uint8Array): void {
    const sealed = seal(this.#secret, this.#place(owner, { generation, attempt }), share)
    this.#sql.exec('INSERT INTO shares VALUES (?, ?, ?, ?)', owner, generation, attempt, sealed)
  }

  /** The share of a set, where it is kept here. */
  give(owner: string, { generation, attempt }: SetRef): Uint8Array | undefined {
    const [row] = this.#sql
      .exec<{ sealed: ArrayBuffer }>(
        'SELECT sealed FROM shares WHERE owner = ? AND generation = ? AND attempt = ?',
        ...[owner, generation, attempt],
      )
      .toArray()
    const place = this.#place(owner, { generation, attempt })
    return row && unseal(this.#secret, place, new Uint8Array(row.sealed))
  }

  /** Forgets a set that was never put to use. */
  drop(owner: string, { generation, attempt }: SetRef): void {
    this.#sql.exec(
      'DELETE FROM shares WHERE owner = ? AND generation = ? AND attempt = ?',
      ...[owner, generation, attempt],
    )
  }

  /** Forgets every set up to the one in use. Later ones stay: somebody may be about to use them. */
  prune(owner: string, { generation, attempt }: SetRef): void {
    this.#sql.exec(
      'DELETE FROM shares WHERE owner = ? AND generation <= ? AND NOT (generation = ? AND attempt = ?)',
      ...[owner, generation, generation, attempt],
    )
  }

  #place(owner: string, { generation, attempt }: SetRef): string[] {
    return [this.#title, owner, String(generation), attempt]
  }
}

/** The first share, one object a user. */
export class Vault extends Keeper {
  constructor(ctx: DurableObjectState, env: Secrets) {
    super(ctx, env, 'vault', env.VAULT_SECRET)
  }
}

/** The second share, one object a user. */
export class Custodian extends Keeper {
  constructor(ctx: DurableObjectState, env: Secrets) {
    super(ctx, env, 'custodian', env.CUSTODIAN_SECRET)
  }
}

/** The third shares that others trusted a user with, one object for the user who is trusted. */
export class Delegate extends Keeper {
  constructor(ctx: DurableObjectState, env: Secrets) {
    super(ctx, env, 'delegate', env.DELEGATE_SECRET)
  }
}
