// The object of one user, by hand: the same checks and the same writes as Countersign's, without anything that
// Countersign offers beside them.
import { DurableObject } from 'cloudflare:workers'
import { createHash, randomBytes } from 'node:crypto'
import type { ConsumeCall, Passkey, PasskeyCall, Planned } from './calls.ts'
import { counterOf, readAssertion, verifyAssertion } from './passkey.ts'
import { openSecret, stepOfCode } from './totp.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS factors (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, secret TEXT NOT NULL, last_used_at INTEGER);
  CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY CHECK (id = 1), failures INTEGER NOT NULL, last_at INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS claims (
    key TEXT PRIMARY KEY, ordinal INTEGER NOT NULL, holder TEXT, at INTEGER NOT NULL, expires_at INTEGER);
  CREATE TABLE IF NOT EXISTS tokens (
    jti TEXT PRIMARY KEY, method TEXT NOT NULL, scope TEXT NOT NULL, single_use INTEGER NOT NULL,
    issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, ended_at INTEGER);
  CREATE TABLE IF NOT EXISTS receipts (jti TEXT PRIMARY KEY, seq INTEGER NOT NULL, stored TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, type TEXT NOT NULL, actor TEXT NOT NULL, data TEXT NOT NULL,
    salt TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
  INSERT OR IGNORE INTO attempts VALUES (1, 0, 0);`

const GENESIS = '0'.repeat(64)
const FREE_FAILURES = 5
const WAIT_SECONDS = 30
const REPEAT_SECONDS = 60
const CLEAN_AFTER_MILLISECONDS = 3_600_000

type Factor = { id: string; kind: string; secret: string }
type Token = {
  method: string
  scope: string
  single_use: number
  expires_at: number
  ended_at: number | null
}

const now = (): number => Math.floor(Date.now() / 1000)

export class Subject extends DurableObject {
  readonly #sql = this.ctx.storage.sql

  /** Creates the tables and stores a factor. */
  enroll({ id, kind, secret }: Factor): void {
    this.#sql.exec(SCHEMA)
    this.#sql.exec('INSERT INTO factors VALUES (?, ?, ?, NULL)', id, kind, secret)
    void this.ctx.storage.setAlarm(Date.now() + CLEAN_AFTER_MILLISECONDS)
  }

  override alarm(): void {
    for (const table of ['claims', 'tokens'])
      this.#sql.exec(`DELETE FROM ${table} WHERE expires_at <= ?`, now())
  }

  /** Returns the kinds of factors that the user has. */
  kinds(): string[] {
    return this.#sql
      .exec<{ kind: string }>('SELECT kind FROM factors')
      .toArray()
      .map(({ kind }) => kind)
  }

  /** Claims a key once. */
  claim(key: string): boolean {
    return this.#claim(key, 0, now() + 300)
  }

  /** Steps up with a code, in one transaction. */
  stepUpTotp(user: string, code: string, planned: Planned) {
    return this.ctx.storage.transactionSync(() => {
      const at = now()
      const factor = this.#factor('totp')
      this.#countAttempt(at)
      const secret = openSecret(factor.secret, [user, factor.id])
      const step = stepOfCode(secret, code, at)
      if (step === undefined) throw new Error('the code is wrong')
      if (!this.#claim(`totp:${factor.id}`, step, null)) throw new Error('the code was used')
      this.#clearAttempts()
      return this.#accept(factor, 'mfa', planned, at)
    })
  }

  /** Steps up with a passkey: the attempt is counted and the challenge claimed before the signature is verified. */
  async stepUpPasskey(
    { response, challenge, origin, nonce, expiresAt }: PasskeyCall,
    planned: Planned,
  ) {
    const { factor, passkey } = this.ctx.storage.transactionSync(() => {
      const at = now()
      const factor = this.#factor('passkey')
      const passkey: Passkey = JSON.parse(factor.secret)
      this.#countAttempt(at)
      if (passkey.credentialId !== response.id) throw new Error('another credential')
      if (!this.#claim(`challenge:${nonce}`, 0, expiresAt))
        throw new Error('the challenge was used')
      return { factor, passkey }
    })
    const data = readAssertion(response, challenge, origin, passkey)
    if (!(await verifyAssertion(response, data, passkey.publicKey))) throw new Error('not verified')
    return this.ctx.storage.transactionSync(() => {
      const stored: Passkey = JSON.parse(this.#factor('passkey').secret)
      const counter = counterOf(data)
      if ((counter > 0 || stored.counter > 0) && counter <= stored.counter)
        throw new Error('the counter did not increase')
      const secret = JSON.stringify({ ...stored, counter })
      this.#sql.exec('UPDATE factors SET secret = ? WHERE id = ?', secret, factor.id)
      this.#clearAttempts()
      const { publicKey } = passkey
      return this.#accept(factor, 'phr', planned, now(), { ...response.response, publicKey, nonce })
    })
  }

  /** Stores a token without a step-up, for the measurement of `consume`. */
  issue(planned: Planned): { issuedAt: number; expiresAt: number } {
    return this.#store('assertion', planned, now())
  }

  /** Spends a token once, in one transaction. Returns whether the call repeats the one that spent it. */
  consume({ jti, scope, methods, action, actor, holder }: ConsumeCall): boolean {
    return this.ctx.storage.transactionSync(() => {
      const at = now()
      const [token] = this.#sql.exec<Token>('SELECT * FROM tokens WHERE jti = ?', jti).toArray()
      if (!token || token.ended_at !== null) throw new Error('the token was revoked')
      if (token.expires_at <= at) throw new Error('the token has expired')
      if (token.scope !== scope) throw new Error('the token has another scope')
      if (!methods.includes(token.method)) throw new Error('the method does not meet the rule')
      const key = `token:${jti}`
      if (!this.#claim(key, 0, token.expires_at, holder)) {
        const earlier = this.#sql
          .exec<{ holder: string; at: number }>('SELECT holder, at FROM claims WHERE key = ?', key)
          .one()
        if (earlier.holder !== holder || at - earlier.at > REPEAT_SECONDS)
          throw new Error('the token was used')
        return true
      }
      this.#record(at, 'token.consumed', actor, { jti, action, method: token.method })
      return false
    })
  }

  #factor(kind: string): Factor {
    return this.#sql.exec<Factor>('SELECT * FROM factors WHERE kind = ?', kind).one()
  }

  #countAttempt(at: number): void {
    const { failures, last_at } = this.#sql
      .exec<{ failures: number; last_at: number }>('SELECT failures, last_at FROM attempts')
      .one()
    if (failures >= FREE_FAILURES && at < last_at + WAIT_SECONDS) throw new Error('wait')
    this.#sql.exec('UPDATE attempts SET failures = ?, last_at = ?', failures + 1, at)
  }

  #clearAttempts(): void {
    this.#sql.exec('UPDATE attempts SET failures = 0')
  }

  #claim(key: string, ordinal: number, expiresAt: number | null, holder: string | null = null) {
    return (
      this.#sql
        .exec(
          `INSERT INTO claims VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET ordinal = excluded.ordinal
           WHERE excluded.ordinal > claims.ordinal RETURNING key`,
          key,
          ordinal,
          holder,
          now(),
          expiresAt,
        )
        .toArray().length === 1
    )
  }

  #accept({ id, kind }: Factor, acr: string, planned: Planned, at: number, evidence?: object) {
    const { jti, scope } = planned
    const times = this.#store(kind, planned, at)
    this.#sql.exec('UPDATE factors SET last_used_at = ? WHERE id = ?', at, id)
    const data = { method: kind, factorId: id, acr, tokens: [{ jti, scope }] }
    const seq = this.#record(at, 'step_up.passed', 'subject', data)
    const stored = JSON.stringify({ jti, scope, acr, ...times, ...evidence })
    this.#sql.exec('INSERT INTO receipts VALUES (?, ?, ?)', jti, seq, stored)
    return { factorId: id, ...times }
  }

  #store(method: string, { jti, scope, lifetimeSeconds }: Planned, at: number) {
    const expiresAt = at + lifetimeSeconds
    this.#sql.exec(
      'INSERT INTO tokens VALUES (?, ?, ?, 1, ?, ?, NULL)',
      jti,
      method,
      scope,
      at,
      expiresAt,
    )
    return { issuedAt: at, expiresAt }
  }

  #record(at: number, type: string, actor: string, data: object): number {
    const [last] = this.#sql
      .exec<{ seq: number; hash: string }>('SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1')
      .toArray()
    const { seq: before, hash: previous } = last ?? { seq: 0, hash: GENESIS }
    const seq = before + 1
    const text = JSON.stringify(data)
    const salt = randomBytes(16)
    const digest = createHash('sha256')
      .update(JSON.stringify({ actor, at, data, seq, type }))
      .update(salt)
      .digest()
    const hash = createHash('sha256').update(previous, 'hex').update(digest).digest('hex')
    this.#sql.exec(
      'INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      seq,
      at,
      type,
      actor,
      text,
      salt.toString('hex'),
      previous,
      hash,
    )
    return seq
  }
}
