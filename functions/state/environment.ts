// The Environment object: one for each environment. Its settings with their version, its data key and
// signing keys (sealed), its resource keys, the credential ids in use, and the history of all that.
import { DurableObject } from 'cloudflare:workers'
import { exportJWK, generateKeyPair } from 'jose'
import type {
  AuditEvent,
  AuditVerifyResult,
  EnvironmentSettings,
  ResourceKey,
  SigningKey,
} from '../../contract/index.ts'
import { epochSeconds, random } from '../clock.ts'
import { GENESIS_HASH, type Happening } from '../domain/audit.ts'
import { hashParts, toBase64Url, utf8 } from '../domain/bytes.ts'
import {
  hasNextKey,
  PUBLISH_AHEAD_SECONDS,
  publishedKeys,
  type RingKey,
  retirementOf,
  viewRing,
} from '../domain/keyring.ts'
import { hashKey, newResourceKey } from '../domain/names.ts'
import { type Answer, answering, refusal, refuse } from '../domain/refusal.ts'
import { open, seal } from '../domain/seal.ts'
import { resolveSettings } from '../domain/settings.ts'
import { SIGNING_ALGORITHM } from '../domain/token.ts'
import { readBindings } from '../env.ts'
import { History } from './history.ts'
import { publish } from './published.ts'

export const RESOURCE_KEY_LIMIT = 50
const PUBLISH_INTERVAL_SECONDS = 60

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS document (
    id INTEGER PRIMARY KEY CHECK (id = 1), environment TEXT NOT NULL, version INTEGER NOT NULL,
    settings TEXT NOT NULL, created_at INTEGER NOT NULL, sealed_data_key TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS signing_keys (
    kid TEXT PRIMARY KEY, public_jwk TEXT NOT NULL, sealed_private_jwk TEXT NOT NULL,
    created_at INTEGER NOT NULL, signs_at INTEGER NOT NULL, leaves_at INTEGER);
  CREATE TABLE IF NOT EXISTS resource_keys (
    id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, audience TEXT NOT NULL, label TEXT, created_at INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS credentials (
    id_hash TEXT NOT NULL, factor_id TEXT NOT NULL, holder TEXT NOT NULL, PRIMARY KEY (id_hash, factor_id));`

type DocumentRow = {
  environment: string
  version: number
  settings: string
  created_at: number
  sealed_data_key: string
}
type KeyRow = Record<'kid' | 'public_jwk' | 'sealed_private_jwk', string> &
  Record<'created_at' | 'signs_at', number> & { leaves_at: number | null }
type ResourceKeyRow = {
  id: string
  hash: string
  audience: string
  label: string | null
  created_at: number
}

/** What an isolate keeps of an environment for a short while. Private keys in it are sealed. */
export interface Snapshot {
  environment: string
  version: number
  settings: EnvironmentSettings
  dataKey: Uint8Array
  ring: RingKey[]
  resourceKeys: { id: string; hash: string; audience: string }[]
}

/** A credential id and the factor that it is enrolled as. */
export interface HeldCredential {
  credentialId: string
  factorId: string
}

/** Everything of an environment that an operator may see. */
export interface Overview {
  settings: EnvironmentSettings
  version: number
  keys: SigningKey[]
  resourceKeys: ResourceKey[]
}

export class Environment extends DurableObject<Env> {
  readonly #sql: SqlStorage
  readonly #history: History
  #publishedAt = 0

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#history = new History(ctx.storage.sql)
  }

  /** Makes the environment with its data key and its first signing key, which signs at once. */
  async create(
    environment: string,
    settings: EnvironmentSettings,
    operator: string,
  ): Promise<Answer<Overview>> {
    const dataKey = random(32)
    const { rootSecret } = readBindings(this.env)
    const sealedDataKey = seal(utf8(rootSecret), 'data-key', [environment], dataKey, random)
    const now = epochSeconds()
    const key = await makeKey(environment, dataKey, now, now)
    return this.#change(() => {
      if (this.#document())
        refuse('conflict', { message: 'There is an environment of this name already.' })
      this.#sql.exec(
        'INSERT INTO document VALUES (1, ?, 1, ?, ?, ?)',
        environment,
        JSON.stringify(settings),
        now,
        sealedDataKey,
      )
      this.#addKey(key)
      this.#tell('environment.created', operator, { kid: key.kid })
      return this.#overview(now)
    })
  }

  /** What an isolate needs to serve this environment; undefined where there is none. */
  async snapshot(): Promise<Snapshot | undefined> {
    const document = this.#exists() ? this.#document() : undefined
    if (!document) return undefined
    const now = epochSeconds()
    const { environment, version } = document
    const snapshot = {
      environment,
      version,
      settings: JSON.parse(document.settings),
      dataKey: this.#dataKey(document),
      ring: publishedKeys(this.#ring(), now),
      resourceKeys: this.#resourceKeys().map(({ id, hash, audience }) => ({ id, hash, audience })),
    }
    if (now - this.#publishedAt >= PUBLISH_INTERVAL_SECONDS) {
      this.#publishedAt = now
      this.ctx.waitUntil(publish(readBindings(this.env).published, snapshot, now))
    }
    return snapshot
  }

  /** For operators. */
  overview(): Answer<Overview> {
    return this.#exists() && this.#document() ? this.#overview(epochSeconds()) : missing()
  }

  update(settings: EnvironmentSettings, version: number, operator: string): Answer<Overview> {
    return this.#change(() => {
      const document = this.#mustHave()
      if (document.version !== version) {
        refuse('conflict', {
          message: `The settings are at version ${document.version} now: read them again, then apply your change.`,
        })
      }
      this.#sql.exec(
        'UPDATE document SET settings = ?, version = version + 1',
        JSON.stringify(settings),
      )
      const hash = (text: string) => toBase64Url(hashParts('countersign/settings/v1', text))
      this.#tell('environment.updated', operator, {
        version: version + 1,
        before: hash(document.settings),
        after: hash(JSON.stringify(settings)),
      })
      this.#publishedAt = 0
      return this.#overview(epochSeconds())
    })
  }

  /**
   * Makes a new signing key. It signs ten minutes after it was published; after a compromise it signs
   * at once, every other key leaves, and with them every token that they signed ends.
   */
  async rotateKeys(
    compromised: boolean,
    operator: string,
  ): Promise<Answer<{ keys: SigningKey[] }>> {
    const document = this.#exists() ? this.#document() : undefined
    if (!document) return missing()
    const now = epochSeconds()
    const signsAt = compromised ? now : now + PUBLISH_AHEAD_SECONDS
    const key = await makeKey(document.environment, this.#dataKey(document), now, signsAt)
    return this.#change(() => {
      if (compromised) this.#sql.exec('DELETE FROM signing_keys')
      else if (hasNextKey(this.#ring(), now)) {
        refuse('conflict', {
          message: 'A next key is published already and signs soon: rotate again after that.',
        })
      }
      this.#sql.exec('DELETE FROM signing_keys WHERE leaves_at <= ?', now)
      this.#sql.exec(
        'UPDATE signing_keys SET leaves_at = ? WHERE leaves_at IS NULL',
        retirementOf(signsAt),
      )
      this.#addKey(key)
      this.#tell('environment.keys_rotated', operator, { kid: key.kid, signsAt, compromised })
      this.#publishedAt = 0
      return { keys: viewRing(this.#ring(), now) }
    })
  }

  createResourceKey(
    audience: string,
    label: string | null,
    operator: string,
  ): Answer<{ id: string; key: string }> {
    const key = newResourceKey(random)
    const id = `rk_${toBase64Url(random(9))}`
    return this.#change(() => {
      const settings: EnvironmentSettings = JSON.parse(this.#mustHave().settings)
      if (!settings.audiences.includes(audience)) {
        refuse('input_invalid', {
          message: `${audience} is not one of the environment's \`audiences\`.`,
        })
      }
      if (this.#resourceKeys().length >= RESOURCE_KEY_LIMIT) {
        refuse('conflict', {
          message: `There are ${RESOURCE_KEY_LIMIT} resource keys already: revoke one first.`,
        })
      }
      this.#sql.exec(
        'INSERT INTO resource_keys VALUES (?, ?, ?, ?, ?)',
        id,
        hashKey(key),
        audience,
        label,
        epochSeconds(),
      )
      this.#tell('resource_key.created', operator, { id, audience })
      return { id, key }
    })
  }

  revokeResourceKey(id: string, operator: string): Answer<object> {
    return this.#change(() => {
      this.#mustHave()
      const gone = this.#sql
        .exec('DELETE FROM resource_keys WHERE id = ? RETURNING id', id)
        .toArray()
      if (gone.length === 0) refuse('not_found', { message: 'There is no such resource key.' })
      this.#tell('resource_key.revoked', operator, { id })
      return {}
    })
  }

  /**
   * Takes a credential id for one enrollment of a user; false where another user has it. Each
   * enrollment has a row of its own, so that one given back late takes no later one along.
   */
  claimCredential({ credentialId, factorId }: HeldCredential, holder: string): boolean {
    if (!this.#exists()) return false
    const hash = hashCredential(credentialId)
    return this.ctx.storage.transactionSync(() => {
      const others = this.#sql.exec(
        'SELECT 1 FROM credentials WHERE id_hash = ? AND holder <> ? LIMIT 1',
        hash,
        holder,
      )
      if (others.toArray().length > 0) return false
      this.#sql.exec('INSERT OR IGNORE INTO credentials VALUES (?, ?, ?)', hash, factorId, holder)
      return true
    })
  }

  releaseCredentials(held: HeldCredential[], holder: string): void {
    if (!this.#exists()) return
    for (const { credentialId, factorId } of held) {
      this.#sql.exec(
        'DELETE FROM credentials WHERE id_hash = ? AND factor_id = ? AND holder = ?',
        hashCredential(credentialId),
        factorId,
        holder,
      )
    }
  }

  events(before: number | undefined): { events: AuditEvent[]; next?: number } {
    return this.#exists() ? this.#history.page(before) : { events: [] }
  }
  verifyEvents(after: number | undefined): Omit<AuditVerifyResult, 'cursor'> & { next?: number } {
    return this.#exists()
      ? this.#history.verify(after)
      : { intact: true, count: 0, head: GENESIS_HASH }
  }

  #change<T extends object>(run: () => Answer<T>): Answer<T> {
    return answering(() =>
      this.ctx.storage.transactionSync(() => {
        this.#sql.exec(SCHEMA)
        this.#history.ensure()
        return run()
      }),
    )
  }

  #exists(): boolean {
    return (
      this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'document'").toArray().length > 0
    )
  }

  #document(): DocumentRow | undefined {
    return this.#sql.exec<DocumentRow>('SELECT * FROM document').toArray()[0]
  }

  #mustHave(): DocumentRow {
    return this.#document() ?? refuse('unknown_environment')
  }

  /** Opens the data key. One sealed by the root secret before the last is sealed again by this one. */
  #dataKey({ environment, sealed_data_key: sealed }: DocumentRow): Uint8Array {
    const { rootSecret, previousRootSecret } = readBindings(this.env)
    const opened = open(utf8(rootSecret), 'data-key', [environment], sealed)
    if (opened) return opened
    const before =
      previousRootSecret && open(utf8(previousRootSecret), 'data-key', [environment], sealed)
    if (!before)
      throw new Error('the data key does not open with ROOT_SECRET (nor with ROOT_SECRET_PREVIOUS)')
    this.#sql.exec(
      'UPDATE document SET sealed_data_key = ?',
      seal(utf8(rootSecret), 'data-key', [environment], before, random),
    )
    return before
  }

  #ring(): RingKey[] {
    return this.#sql
      .exec<KeyRow>('SELECT * FROM signing_keys')
      .toArray()
      .map((row) => ({
        kid: row.kid,
        publicJwk: JSON.parse(row.public_jwk),
        sealedPrivateJwk: row.sealed_private_jwk,
        createdAt: row.created_at,
        signsAt: row.signs_at,
        leavesAt: row.leaves_at,
      }))
  }

  #addKey(key: RingKey): void {
    this.#sql.exec(
      'INSERT INTO signing_keys VALUES (?, ?, ?, ?, ?, ?)',
      key.kid,
      JSON.stringify(key.publicJwk),
      key.sealedPrivateJwk,
      key.createdAt,
      key.signsAt,
      key.leavesAt,
    )
  }

  #resourceKeys(): ResourceKeyRow[] {
    return this.#sql
      .exec<ResourceKeyRow>('SELECT * FROM resource_keys ORDER BY created_at, id')
      .toArray()
  }

  #overview(now: number): Overview {
    const { settings, version } = this.#mustHave()
    return {
      settings: JSON.parse(settings),
      version,
      keys: viewRing(this.#ring(), now),
      resourceKeys: this.#resourceKeys().map(({ id, audience, label, created_at }) => ({
        id,
        audience,
        label,
        createdAt: created_at,
      })),
    }
  }

  #tell(type: string, operator: string, data: Happening['data']): void {
    const now = epochSeconds()
    const { settings } = this.#mustHave()
    this.#history.append({ type, actor: `operator:${operator}`, at: now, data })
    this.#history.trim(now, resolveSettings(JSON.parse(settings)).history.keepDays)
  }
}

const missing = () => ({ refused: refusal('unknown_environment') })

const hashCredential = (credentialId: string): string =>
  toBase64Url(hashParts('countersign/credential/v1', credentialId))

/** A new signing key (ES256), its private half sealed by the environment's data key. */
async function makeKey(
  environment: string,
  dataKey: Uint8Array,
  now: number,
  signsAt: number,
): Promise<RingKey> {
  const { publicKey, privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true })
  const kid = toBase64Url(random(12))
  const privateJwk = utf8(JSON.stringify(await exportJWK(privateKey)))
  return {
    kid,
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg: SIGNING_ALGORITHM, use: 'sig' },
    sealedPrivateJwk: seal(dataKey, 'signing-key', [environment, kid], privateJwk, random),
    createdAt: now,
    signsAt,
    leavesAt: null,
  }
}
