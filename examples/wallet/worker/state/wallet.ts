// The Wallet object, one a user: their sign-ins, and all that is known of their wallet but a share.
// rules.ts decides what may change; a change is decided and written in one synchronous transaction.
import { DurableObject } from 'cloudflare:workers'
import type { Decision, WalletView } from '../../shared/view.ts'
import {
  after,
  type Change,
  described,
  dueReshare,
  notChangeable,
  notWantable,
  type WalletDocument,
} from '../rules.ts'
import { type SetRef, THRESHOLD } from '../shares.ts'

const LOG_ROWS = 50
const SCHEMA = `
CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY CHECK (id = 1), sign_ins INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS wallet (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ended (sid TEXT PRIMARY KEY, expires_at INTEGER NOT NULL);`

const epochSeconds = (): number => Math.floor(Date.now() / 1000)

/** What an object answers where it may refuse. */
export type Outcome = { done: true } | { refused: string }

/** A wallet as the Worker needs it within one request. */
export interface OpenWallet {
  document: WalletDocument
  log: WalletView['log']
}

/** Which shares make the key, of what address, and who is trusted with one: all of one moment. */
export type CurrentWallet = Pick<WalletDocument, 'address' | 'set' | 'delegation'>

export class Wallet extends DurableObject<object> {
  readonly #sql: SqlStorage

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#sql.exec(SCHEMA)
  }

  /** Counts a sign-in. The number tells a session from the ones before, where a clock could not. */
  signIn(): { signIn: number; known: boolean } {
    const { sign_ins } = this.#sql
      .exec<{ sign_ins: number }>(
        `INSERT INTO account VALUES (1, 1)
         ON CONFLICT (id) DO UPDATE SET sign_ins = sign_ins + 1 RETURNING sign_ins`,
      )
      .one()
    return { signIn: sign_ins, known: this.#read() !== undefined }
  }

  /** Returns whether the user ever signed in. A wallet may be made for one who did not. */
  hasSignedIn(): boolean {
    return this.#sql.exec('SELECT 1 FROM account').toArray().length > 0
  }

  /** Ends a session before its time. */
  signOut(sid: string, expiresAt: number): void {
    this.#sql.exec('DELETE FROM ended WHERE expires_at <= ?', epochSeconds())
    this.#sql.exec('INSERT OR IGNORE INTO ended VALUES (?, ?)', sid, expiresAt)
  }

  /** Returns the wallet for a session, or why it cannot be opened. */
  open(sid: string): OpenWallet | 'signed_out' | 'no_wallet' {
    if (this.#sql.exec('SELECT 1 FROM ended WHERE sid = ?', sid).toArray().length > 0)
      return 'signed_out'
    const document = this.#read()
    return document ? { document, log: this.#log() } : 'no_wallet'
  }

  /** The set of shares in use, with the address that they must lead to. */
  current(): CurrentWallet | undefined {
    return this.#read()
  }

  /** Puts a first set of shares to use, where there is no wallet yet. */
  create(wallet: Pick<WalletDocument, 'address' | 'set' | 'shares' | 'madeBy'>): Outcome {
    return this.ctx.storage.transactionSync(() => {
      if (this.#read()) return { refused: 'There is a wallet for this name already.' }
      this.#write({ ...wallet, delegation: null, wanted: null })
      this.#append('wallet created', wallet.madeBy === null ? '' : `by ${wallet.madeBy}`)
      return { done: true }
    })
  }

  /** Puts the next set of shares to use: where the one it was made from still is, and only then. */
  switchTo(change: Change, from: SetRef, next: Pick<WalletDocument, 'set' | 'shares'>): Outcome {
    return this.ctx.storage.transactionSync(() => {
      const wallet = this.#read()
      if (wallet?.set.attempt !== from.attempt || wallet.set.generation !== from.generation)
        return { refused: 'The shares were changed by another call just now: look again.' }
      const refused = notChangeable(wallet, change)
      if (refused) return { refused }
      this.#write(after(wallet, change, next))
      this.#append(...described(wallet, change))
      return { done: true }
    })
  }

  /** Marks what is to be asked at the next sign-in. */
  want(decision: Decision, signIn: number): Outcome {
    return this.ctx.storage.transactionSync(() => {
      const wallet = this.#read()
      const refused = wallet ? notWantable(wallet, decision) : 'There is no wallet.'
      if (!wallet || refused !== undefined) return { refused: refused ?? '' }
      this.#write({ ...wallet, wanted: { decision, signIn } })
      const asked = decision === 'approve' ? 'approval requested' : 'revocation requested'
      this.#append(asked, 'to confirm at the next sign-in')
      return { done: true }
    })
  }

  /** Notes a use of the key. */
  note(event: string, detail: string): void {
    this.#append(event, detail)
  }

  #read(): WalletDocument | undefined {
    const [row] = this.#sql.exec<{ document: string }>('SELECT document FROM wallet').toArray()
    return row && JSON.parse(row.document)
  }

  #write(document: WalletDocument): void {
    this.#sql.exec('INSERT OR REPLACE INTO wallet VALUES (1, ?)', JSON.stringify(document))
  }

  #append(event: string, detail: string): void {
    this.#sql.exec('INSERT INTO log VALUES (NULL, ?, ?, ?)', epochSeconds(), event, detail)
    this.#sql.exec('DELETE FROM log WHERE id <= (SELECT MAX(id) FROM log) - ?', LOG_ROWS)
  }

  #log(): WalletView['log'] {
    return this.#sql
      .exec<WalletView['log'][number]>('SELECT at, event, detail FROM log ORDER BY id DESC')
      .toArray()
  }
}

/** What the page may know of a wallet, in a session. */
export function viewOf({ document, log }: OpenWallet, signIn: number): WalletView {
  const { address, set, shares, delegation, madeBy, wanted } = document
  const due = dueReshare(document, signIn)
  return {
    address,
    generation: set.generation,
    threshold: THRESHOLD,
    shares,
    delegation: delegation && { to: delegation.to, state: delegation.state },
    pregenerated: madeBy === null ? null : { by: madeBy },
    ...(wanted && !due && { wanted: wanted.decision }),
    ...(due && delegation && { reshare: { wanted: due, to: delegation.to } }),
    log,
  }
}
