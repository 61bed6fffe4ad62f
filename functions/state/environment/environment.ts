// The Environment object, one for each environment. It stores the settings with their version, the sealed data
// key, the signing keys of tokens and of receipts, the resource keys, the credential ids in use, and the history of changes.
import { DurableObject } from 'cloudflare:workers'
import type {
  AuditEvent,
  EnvironmentSettings,
  KeyUse,
  ResourceKey,
  SigningKey,
} from '../../../contract/index.ts'
import { epochSeconds, random } from '../../clock.ts'
import { hashParts, toBase64Url } from '../../domain/bytes.ts'
import { DAY_SECONDS } from '../../domain/factors/throttle.ts'
import type { NewEvent } from '../../domain/history/audit.ts'
import { type ChainEnd, type ChainName, signCheckpoint } from '../../domain/history/checkpoint.ts'
import { type Answer, answering, refusal, refuse } from '../../domain/refusal.ts'
import { copyKey, keySetOf, type Published } from '../../domain/settings/published.ts'
import { checkVersion, resolveSettings } from '../../domain/settings/settings.ts'
import {
  currentKey,
  openKey,
  PUBLISH_AHEAD_SECONDS,
  publishedKeys,
  type RingKey,
  retirementOf,
  viewRing,
} from '../../domain/tokens/key-ring.ts'
import { readVariables } from '../../variables.ts'
import { CHECKPOINT_WITHIN_SECONDS } from '../checkpoints.ts'
import { History, NO_EVENTS, type VerifiedPart, verifyNothing } from '../history.ts'
import { Credentials, type HeldCredential } from './credentials.ts'
import { Document, type DocumentRow, sealDataKey } from './document.ts'
import { ResourceKeys } from './resource-keys.ts'
import { makeSigningKey, SigningKeys } from './signing-keys.ts'

const PUBLISH_INTERVAL_SECONDS = 60
const KV_LIFETIME_SECONDS = 3600
export const REMOVED =
  'An environment with this name was removed, and its name cannot be used again: choose another name.'
/** The tables that are dropped when the environment is removed. */
const TABLES = [
  ...['document', 'signing_keys', 'receipt_keys', 'resource_keys', 'credentials'],
  ...['events', 'chain', 'tallies', 'checkpoints'],
]

/** The part of an environment that an isolate caches. Its private keys are sealed. */
export interface Snapshot {
  environment: string
  version: number
  settings: EnvironmentSettings
  dataKey: Uint8Array
  ring: RingKey[]
  receiptRing: RingKey[]
  resourceKeys: { id: string; hash: string; audience: string }[]
}

/** The part of an environment that operators see. */
export interface Overview {
  settings: EnvironmentSettings
  version: number
  keys: SigningKey[]
  receiptKeys: SigningKey[]
  resourceKeys: ResourceKey[]
}

export class Environment extends DurableObject<Env> {
  readonly #sql: SqlStorage
  readonly #document: Document
  readonly #history: History
  readonly #rings: Record<KeyUse, SigningKeys>
  readonly #resourceKeys: ResourceKeys
  readonly #credentials: Credentials
  #publishedAt = 0

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#document = new Document(ctx.storage.sql)
    this.#history = new History(ctx.storage.sql, () => {
      void ctx.storage.setAlarm((epochSeconds() + CHECKPOINT_WITHIN_SECONDS) * 1000)
    })
    this.#rings = {
      tokens: new SigningKeys(ctx.storage.sql, 'tokens'),
      receipts: new SigningKeys(ctx.storage.sql, 'receipts'),
    }
    this.#resourceKeys = new ResourceKeys(ctx.storage.sql)
    this.#credentials = new Credentials(ctx.storage.sql)
  }

  /** Creates the environment with its data key and its first signing keys, which sign at once. */
  async create(
    environment: string,
    settings: EnvironmentSettings,
    operator: string,
  ): Promise<Answer<Overview>> {
    const dataKey = random(32)
    const sealed = sealDataKey(environment, dataKey, readVariables(this.env).rootSecret)
    const now = epochSeconds()
    const key = await makeSigningKey('tokens', environment, dataKey, now, now)
    const receiptKey = await makeSigningKey('receipts', environment, dataKey, now, now)
    return this.#change(() => {
      if (this.#document.find())
        refuse('conflict', {
          message: 'An environment with this name already exists: choose another name.',
        })
      if (this.isRemoved()) refuse('conflict', { message: REMOVED })
      this.#document.create(environment, settings, sealed, now)
      this.#rings.tokens.replaceAll(key)
      this.#rings.receipts.replaceAll(receiptKey)
      const kids = { kid: key.kid, receiptKid: receiptKey.kid }
      this.#record('environment.created', `operator:${operator}`, kids)
      return this.#overview(now)
    })
  }

  /** Returns what an isolate needs to serve this environment, or undefined if it does not exist. */
  async snapshot(): Promise<Snapshot | undefined> {
    const found = this.#exists() ? this.#document.find() : undefined
    if (!found) return undefined
    if (!this.#hasTable('receipt_keys')) await this.#makeReceiptKey(found)
    // The environment can be removed while a key is made.
    const document = this.#exists() ? this.#document.find() : undefined
    if (!document) return undefined
    const now = epochSeconds()
    const { environment, version } = document
    const snapshot = {
      environment,
      version,
      settings: JSON.parse(document.settings),
      dataKey: this.#dataKey(document),
      ring: publishedKeys(this.#rings.tokens.ring(), now),
      receiptRing: publishedKeys(this.#rings.receipts.ring(), now),
      resourceKeys: this.#resourceKeys.hashes(),
    }
    // The difference is absolute, so that a clock that was set back does not delay the next copy.
    if (Math.abs(now - this.#publishedAt) >= PUBLISH_INTERVAL_SECONDS) {
      this.#publishedAt = now
      this.ctx.waitUntil(this.#publish(snapshot, now))
    }
    return snapshot
  }

  /** Makes the first receipt key of an environment that a release without receipts created. */
  async #makeReceiptKey(document: DocumentRow): Promise<void> {
    const now = epochSeconds()
    const { environment } = document
    const key = await makeSigningKey('receipts', environment, this.#dataKey(document), now, now)
    this.#change(() => {
      this.#mustHave()
      if (this.#rings.receipts.ring().length > 0) return {}
      this.#rings.receipts.replaceAll(key)
      this.#record('environment.receipt_key_created', 'service', { kid: key.kid })
      return {}
    })
  }

  /** Writes the published copy. If that fails, the next call tries again. */
  async #publish(snapshot: Snapshot, now: number): Promise<void> {
    try {
      const { environment, version, settings, ring } = snapshot
      const copy: Published = { version, settings, keySet: keySetOf(ring), confirmedAt: now }
      await this.env.PUBLISHED.put(copyKey(environment), JSON.stringify(copy), {
        expirationTtl: KV_LIFETIME_SECONDS,
      })
    } catch (error) {
      if (this.#publishedAt === now) this.#publishedAt = 0
      const fault = `the copy of ${snapshot.environment} was not published: ${String(error)}`
      console.log(JSON.stringify({ level: 'error', fault: fault.slice(0, 300) }))
    }
  }

  /** Returns the environment as operators see it. */
  overview(): Answer<Overview> {
    return this.#exists() && this.#document.find() ? this.#overview(epochSeconds()) : missing()
  }

  update(settings: EnvironmentSettings, version: number, operator: string): Answer<Overview> {
    return this.#change(() => {
      const document = this.#mustHave()
      checkVersion(document.version, version)
      this.#document.update(settings)
      const hash = (text: string) => toBase64Url(hashParts('countersign/settings/v1', text))
      const keepDays = keepDaysOf(settings) - keepDaysOf(JSON.parse(document.settings))
      if (keepDays > 0) this.#rings.receipts.keepLonger(keepDays * DAY_SECONDS)
      this.#record('environment.updated', `operator:${operator}`, {
        version: version + 1,
        before: hash(document.settings),
        after: hash(JSON.stringify(settings)),
      })
      this.#publishedAt = 0
      return this.#overview(epochSeconds())
    })
  }

  /**
   * Creates a new signing key, which signs ten minutes after it was published. After a compromise, it signs at once,
   * and all other keys of its ring are deleted, so that nothing that they signed can be verified.
   */
  async rotateKeys(
    use: KeyUse,
    compromised: boolean,
    operator: string,
  ): Promise<Answer<{ keys: SigningKey[] }>> {
    const document = this.#exists() ? this.#document.find() : undefined
    if (!document) return missing()
    const now = epochSeconds()
    const signsAt = compromised ? now : now + PUBLISH_AHEAD_SECONDS
    const { environment } = document
    const key = await makeSigningKey(use, environment, this.#dataKey(document), now, signsAt)
    return this.#change(() => {
      const ring = this.#rings[use]
      const { settings } = this.#mustHave()
      const leavesAt = retirementOf(use, signsAt, keepDaysOf(JSON.parse(settings)))
      if (compromised) ring.replaceAll(key)
      else ring.follow(key, now, leavesAt)
      const data = { kid: key.kid, signsAt, compromised, use }
      this.#record('environment.keys_rotated', `operator:${operator}`, data)
      this.#publishedAt = 0
      return { keys: viewRing(ring.ring(), now) }
    })
  }

  createResourceKey(
    audience: string,
    label: string | null,
    operator: string,
  ): Answer<{ id: string; key: string }> {
    return this.#change(() => {
      const settings: EnvironmentSettings = JSON.parse(this.#mustHave().settings)
      if (!settings.audiences.includes(audience)) {
        refuse('input_invalid', {
          message: `${audience} is not one of the environment's \`audiences\`.`,
        })
      }
      const created = this.#resourceKeys.create(audience, label, epochSeconds())
      this.#record('resource_key.created', `operator:${operator}`, { id: created.id, audience })
      return created
    })
  }

  revokeResourceKey(id: string, operator: string): Answer<object> {
    return this.#change(() => {
      this.#mustHave()
      this.#resourceKeys.revoke(id)
      this.#record('resource_key.revoked', `operator:${operator}`, { id })
      return {}
    })
  }

  /**
   * Removes everything that the environment stores. Records that it existed, so that its name is not used again: a
   * new environment of that name would have its users. Repeatable.
   *
   * @returns the end of its history, which the Directory stores
   */
  remove(): ChainEnd {
    return this.ctx.storage.transactionSync(() => {
      this.#sql.exec(
        'CREATE TABLE IF NOT EXISTS removed (at INTEGER NOT NULL, events INTEGER NOT NULL, head TEXT NOT NULL)',
      )
      const [before] = this.#sql
        .exec<{ events: number; head: string }>('SELECT events, head FROM removed')
        .toArray()
      if (before) return before
      const end = this.chainEnd()
      for (const table of TABLES) this.#sql.exec(`DROP TABLE IF EXISTS ${table}`)
      this.#sql.exec('INSERT INTO removed VALUES (?, ?, ?)', epochSeconds(), end.events, end.head)
      return end
    })
  }

  /** Returns whether the environment existed and was removed. */
  isRemoved(): boolean {
    return this.#hasTable('removed')
  }

  /** Reserves a credential id for one enrollment of a user. Returns false if another user has it. */
  claimCredential(held: HeldCredential, owner: string): boolean {
    if (!this.#exists()) return false
    return this.ctx.storage.transactionSync(() => this.#credentials.claim(held, owner))
  }

  releaseCredentials(all: HeldCredential[], owner: string): void {
    if (!this.#exists()) return
    for (const held of all) this.#credentials.release(held, owner)
  }

  events(before: number | undefined): { events: AuditEvent[]; next?: number } {
    return this.#exists() ? this.#history.page(before) : { events: [] }
  }
  verifyEvents(after: number | undefined, since?: ChainEnd): VerifiedPart {
    if (!this.#exists()) return verifyNothing(since)
    // An environment of an earlier release has no checkpoints yet.
    this.#history.ensure()
    return this.#history.verify(after, since)
  }
  chainEnd(): ChainEnd {
    return this.#exists() ? this.#history.end() : NO_EVENTS
  }

  /**
   * Signs checkpoints of a user's chain, or of this environment's own, with the current receipt key.
   *
   * @returns the checkpoints, or none if the environment was removed
   */
  async signCheckpoints(about: Omit<ChainName, 'iss'>, ends: ChainEnd[]): Promise<string[]> {
    const document = this.#exists() ? this.#document.find() : undefined
    const ring = this.#hasTable('receipt_keys') ? this.#rings.receipts.ring() : []
    const now = epochSeconds()
    const current = currentKey(ring, now)
    if (!document || !current) return []
    const { environment } = document
    const key = await openKey('receipts', environment, this.#dataKey(document), current)
    const chain = { iss: `${readVariables(this.env).publicUrl}/${environment}`, ...about }
    return Promise.all(ends.map((end) => signCheckpoint(chain, end, key, now)))
  }

  /** Signs the checkpoints of its own history. */
  override async alarm(): Promise<void> {
    const document = this.#exists() ? this.#document.find() : undefined
    if (!document) return
    this.#history.ensure()
    const ends = this.#history.checkpoints.unsigned()
    const { environment } = document
    const checkpoints = await this.signCheckpoints({ environment }, ends)
    // The environment can be removed while they are signed.
    if (this.#exists()) this.#history.checkpoints.add(ends, checkpoints)
  }

  #change<T extends object>(run: () => Answer<T>): Answer<T> {
    return answering(() =>
      this.ctx.storage.transactionSync(() => {
        for (const table of [
          this.#document,
          this.#rings.tokens,
          this.#rings.receipts,
          this.#resourceKeys,
          this.#credentials,
        ])
          table.ensure()
        this.#history.ensure()
        return run()
      }),
    )
  }

  #exists(): boolean {
    return this.#hasTable('document')
  }

  #hasTable(name: string): boolean {
    return this.#sql.exec('SELECT 1 FROM sqlite_master WHERE name = ?', name).toArray().length > 0
  }

  #mustHave(): DocumentRow {
    return this.#document.find() ?? refuse('unknown_environment')
  }

  #dataKey(row: DocumentRow): Uint8Array {
    return this.#document.dataKey(row, readVariables(this.env))
  }

  #overview(now: number): Overview {
    const { settings, version } = this.#mustHave()
    return {
      settings: JSON.parse(settings),
      version,
      keys: viewRing(this.#rings.tokens.ring(), now),
      receiptKeys: viewRing(this.#hasTable('receipt_keys') ? this.#rings.receipts.ring() : [], now),
      resourceKeys: this.#resourceKeys.list(),
    }
  }

  #record(type: string, actor: string, data: NewEvent['data']): void {
    const now = epochSeconds()
    const { settings } = this.#mustHave()
    this.#history.append({ type, actor, at: now, data })
    this.#history.trim(now, keepDaysOf(JSON.parse(settings)))
  }
}

const keepDaysOf = (settings: EnvironmentSettings): number =>
  resolveSettings(settings).history.keepDays

const missing = () => ({ refused: refusal('unknown_environment') })
