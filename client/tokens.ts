// The tokens that a user earned: which there are, which one fits, and who may have it. No framework,
// and no clock but the server's. Where the tokens lie is the business of a keeper.
import type { Details, ElevatedToken, MfaToken } from '../contract/index.ts'
import { canonical } from '../contract/shared/details.ts'

/** A token as it is kept. */
export interface StoredToken {
  token: string
  jti: string
  /** The scopes of an elevated token; a legacy token has none. */
  scopes: readonly string[]
  singleUse: boolean
  /** By the server's clock, in epoch seconds. */
  expiresAt: number
  /** How far the server's clock is ahead of this machine's, in seconds. */
  aheadSeconds: number
  /** Whose token it is. */
  subject: string
  /** The details that it is bound to, in one spelling. */
  details?: string | undefined
}

/** Where tokens lie, and how a single-use one is claimed by one tab alone. */
export interface TokenKeeper {
  read(): readonly StoredToken[]
  write(tokens: readonly StoredToken[]): void
  /**
   * Claims a single-use token for this tab; undefined where another one has it. The function that
   * comes back gives the claim up, for a token that was not sent after all.
   */
  claim(token: StoredToken): Promise<(() => void) | undefined>
  /** Reports changes that other tabs made. */
  watch?(changed: () => void): void
}

/** What a token is wanted for. */
export interface Wanted {
  /** Undefined: a legacy token, which has no scope. */
  scope: string | undefined
  details?: Details | undefined
}

/** A token that a caller has taken out of the store in order to send it. */
export interface TakenToken {
  token: string
  jti: string
  /** Puts a single-use token back that never left this machine. */
  putBack(): void
}

/** The tokens of one instance. */
export interface TokenStore {
  /** The best token for a scope: the reusable one that expires soonest, else a single-use one. */
  get(wanted: Wanted): StoredToken | undefined
  /** Takes that token: a single-use one leaves the store. */
  take(wanted: Wanted, leave?: boolean): Promise<TakenToken | undefined>
  put(token: ElevatedToken | MfaToken, issuing: Issuing): void
  drop(jti: string): void
  /** Keeps the tokens of one user alone. */
  keepOnly(subject: string | undefined): void
  list(): readonly StoredToken[]
  subscribe(changed: () => void): () => void
}

/** What is known of a token beside what the server says of it. */
export interface Issuing {
  subject: string
  details?: Details | undefined
  /** When the token was asked for, by this machine, in epoch milliseconds. */
  askedAt: number
  /** When the server issued it, in epoch seconds. */
  issuedAt: number
}

/** A token is not sent in its last second: it would arrive expired. */
const MARGIN_SECONDS = 1

/** Keeps tokens in memory: gone with the page, and out of reach of any other tab. */
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
 * Makes a token store.
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
        // While the claim was awaited another tab may have used the token, or the user have changed.
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
