// The token store: keeps the user's tokens, finds the one that matches a call, and removes expired ones by
// the server's clock. A keeper decides where the tokens are kept.
import type { Details, ElevatedToken, MfaToken } from '../contract/index.ts'
import { canonical } from '../contract/shared/details.ts'

/** A token in the store. */
export interface StoredToken {
  token: string
  jti: string
  /** The scopes of an elevated token; a legacy token has none. */
  scopes: readonly string[]
  singleUse: boolean
  /** Epoch seconds by the server's clock. */
  expiresAt: number
  /** How many seconds the server's clock is ahead of this machine's clock. */
  aheadSeconds: number
  /** The user who owns the token. */
  subject: string
  /** The canonical text of the details that the token is bound to. */
  details?: string | undefined
}

/** Keeps tokens, and makes sure that only one tab sends a single-use token. */
export interface TokenKeeper {
  read(): readonly StoredToken[]
  write(tokens: readonly StoredToken[]): void
  /**
   * Reserves a single-use token for this tab. Returns undefined if another tab has reserved it, or else a
   * function that ends the reservation, for a token that was not sent.
   */
  claim(token: StoredToken): Promise<(() => void) | undefined>
  /** Reports changes that other tabs made. */
  watch?(changed: () => void): void
}

/** Describes the token that a call needs. */
export interface Wanted {
  /** Undefined for a legacy token, which has no scope. */
  scope: string | undefined
  details?: Details | undefined
}

/** A token that a caller has taken from the store to send it. */
export interface TakenToken {
  token: string
  jti: string
  /** Puts a single-use token back that was not sent. */
  putBack(): void
}

/** The tokens of one instance. */
export interface TokenStore {
  /** Returns the reusable token for a scope that expires first, or else a single-use one. */
  get(wanted: Wanted): StoredToken | undefined
  /** Takes the token that `get` returns. Removes it from the store if it is single-use or `leave` is true. */
  take(wanted: Wanted, leave?: boolean): Promise<TakenToken | undefined>
  put(token: ElevatedToken | MfaToken, issuing: Issuing): void
  drop(jti: string): void
  /** Removes the tokens of all other users. */
  keepOnly(subject: string | undefined): void
  list(): readonly StoredToken[]
  subscribe(changed: () => void): () => void
}

/** What the page knows about a new token that the server's response does not say. */
export interface Issuing {
  subject: string
  details?: Details | undefined
  /** When the page asked for the token, in epoch milliseconds by this machine's clock. */
  askedAt: number
  /** When the server issued it, in epoch seconds. */
  issuedAt: number
}

/** A token is not sent in its last second, because it would arrive expired. */
const MARGIN_SECONDS = 1

/** Keeps tokens in memory. They are lost with the page, and no other tab can read them. */
export function memoryKeeper(): TokenKeeper {
  let kept: readonly StoredToken[] = []
  return {
    read: () => kept,
    write: (tokens) => {
      kept = tokens
    },
    claim: async () => () => {},
  }
}

/**
 * Creates a token store.
 *
 * @param now this machine's clock, in epoch milliseconds
 * @example const tokens = createTokenStore(memoryKeeper())
 */
export function createTokenStore(keeper: TokenKeeper, now: () => number = Date.now): TokenStore {
  const listeners = new Set<() => void>()
  const notify = () => {
    for (const listener of listeners) listener()
  }
  let isOwn = (_: StoredToken) => true
  const isLive = ({ expiresAt, aheadSeconds }: StoredToken) =>
    now() / 1000 + aheadSeconds < expiresAt - MARGIN_SECONDS
  const live = () => keeper.read().filter((token) => isLive(token) && isOwn(token))
  const write = (tokens: readonly StoredToken[]) => {
    keeper.write(tokens)
    notify()
  }
  const keepAlone = (rest: readonly StoredToken[]) => {
    if (rest.length < keeper.read().length) write(rest)
  }
  const drop = (jti: string) => {
    keepAlone(live().filter((token) => token.jti !== jti))
  }
  const fitting = ({ scope, details }: Wanted) => {
    const bound = details && canonical(details)
    return live()
      .filter(
        (token) =>
          (scope === undefined ? token.scopes.length === 0 : token.scopes.includes(scope)) &&
          (token.details === undefined || token.details === bound),
      )
      .sort((a, b) => +a.singleUse - +b.singleUse || a.expiresAt - b.expiresAt)
  }
  keeper.watch?.(notify)

  return {
    get: (wanted) => fitting(wanted)[0],
    async take(wanted, leave) {
      for (const kept of fitting(wanted)) {
        const { token, jti, singleUse } = kept
        if (!singleUse) {
          if (leave) drop(jti)
          return { token, jti, putBack() {} }
        }
        const giveUp = await keeper.claim(kept)
        // During the await, another tab may have used the token, or another user may have signed in.
        if (!giveUp || !live().some((other) => other.jti === jti)) continue
        drop(jti)
        const putBack = () => {
          giveUp()
          if (isOwn(kept)) write([...live(), kept])
        }
        return { token, jti, putBack }
      }
      return undefined
    },
    put(token, { subject, details, askedAt, issuedAt }) {
      const { jti, singleUse, expiresAt } = token
      const entry: StoredToken = {
        token: token.token,
        jti,
        scopes: 'scopes' in token ? token.scopes : [],
        singleUse,
        expiresAt,
        aheadSeconds: issuedAt - askedAt / 1000,
        subject,
        details: details && canonical(details),
      }
      write([...live().filter((other) => other.subject === subject), entry])
    },
    drop,
    keepOnly(subject) {
      isOwn = (token) => token.subject === subject
      keepAlone(keeper.read().filter(isOwn))
    },
    list: live,
    subscribe(changed) {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
  }
}
