// The state of a user's object as plain data, and the answer of each method: written from docs/security.md, with
// loops over lists instead of tables.
import type { Acr, Method } from '../../../contract/index.ts'
import { type Happening, ThrottleModel } from '../../support/throttle-model.ts'

export interface FactorModel {
  id: string
  kind: 'totp' | 'passkey'
  label: string | null
  isDefault: boolean
  createdAt: number
  confirmedAt: number
  usedAt: number | null
  /** The newest step that was accepted. */
  step: number
  /** The newest count of signatures that was accepted. */
  counter: number
}
export interface PendingModel {
  id: string
  kind: 'totp' | 'passkey'
  createdAt: number
  expiresAt: number
  linkedBy: string | null
}
export interface TokenModel {
  jti: string
  by: string
  method: Method
  acr: Acr
  singleUse: boolean
  expiresAt: number
  ended: boolean
  used: { at: number; requestHash: string | null } | undefined
}
/** What an event of the history says, as far as it is compared. */
export interface Recorded {
  type: string
  data: object
}

type Things = (data: {
  factorId?: string
  jti?: string
  id?: string
  method?: string
  tokens?: { jti: string }[]
}) => (string | undefined)[]
/** The events that are compared, and the things that each is about. Refusals are not among them. */
const THINGS: Record<string, Things> = {
  'enrollment.started': ({ factorId }) => [factorId],
  'factor.confirmed': ({ factorId }) => [factorId],
  'factor.renamed': ({ factorId }) => [factorId],
  'factor.default_set': ({ factorId }) => [factorId],
  'factor.removed': ({ factorId }) => [factorId],
  'recovery.regenerated': () => [],
  'recovery.acknowledged': () => [],
  'step_up.passed': ({ method, tokens = [] }) => [method, ...tokens.map(({ jti }) => jti)],
  'token.consumed': ({ jti }) => [jti],
  'token.revoked': ({ jti }) => [jti],
  'subject.unlocked': () => [],
  'subject.reset': () => [],
  'subject.tokens_ended': () => [],
  'resource_key.created': ({ id }) => [id],
  'resource_key.revoked': ({ id }) => [id],
}

/** Counts an event: once for its type, and once for each thing that it is about. */
export function record(recorded: Record<string, number>, { type, data }: Recorded): void {
  const things = THINGS[type]?.(data)
  const names = things ? [type, ...things.map((thing) => `${type} ${thing}`)] : []
  for (const name of names) recorded[name] = (recorded[name] ?? 0) + 1
}

export interface State {
  now: number
  /** What the history holds, as `record` counts it. */
  recorded: Record<string, number>
  enrolled: boolean
  acknowledged: boolean
  factors: FactorModel[]
  pending: PendingModel[]
  codes: { code: string; spent: boolean }[]
  tokens: TokenModel[]
  /** Challenges and assertions that were used. */
  claimed: string[]
  codesTried: Happening[]
  passkeysFailed: { startedAt: number; count: number }
  changes: { startedAt: number; count: number }
}

export const emptyState = (now: number): State => ({
  now,
  recorded: {},
  enrolled: false,
  acknowledged: false,
  factors: [],
  pending: [],
  codes: [],
  tokens: [],
  claimed: [],
  codesTried: [],
  passkeysFailed: { startedAt: 0, count: 0 },
  changes: { startedAt: 0, count: 0 },
})

const STEP = 30

export const stepOf = (now: number): number => Math.floor(now / STEP)

/** What a token that opens a change must be. */
export interface GateModel {
  jti: string | undefined
  methods: Method[]
  acr: Acr
}

/** Counts one more of what may happen so often in a window; false where there is no room. */
export function countIn(
  window: { startedAt: number; count: number },
  most: number,
  seconds: number,
  now: number,
): boolean {
  if (now >= window.startedAt + seconds) Object.assign(window, { startedAt: now, count: 0 })
  if (window.count >= most) return false
  window.count += 1
  return true
}

/** Why a token may not be used now, if it may not. */
export function faultOfToken(state: State, jti: string | undefined): string | undefined {
  const token = state.tokens.find((one) => one.jti === jti)
  if (!token || token.ended) return 'token_revoked'
  return token.expiresAt <= state.now ? 'token_expired' : undefined
}

/** Uses a token up for a change of factors; the reason where it opens none. */
export function openGate(state: State, { jti, methods }: GateModel): TokenModel | string {
  if (jti === undefined) return 'step_up_required'
  const fault = faultOfToken(state, jti)
  const token = state.tokens.find((one) => one.jti === jti)
  if (fault || !token) return fault ?? 'token_revoked'
  if (!methods.includes(token.method)) return 'step_up_required'
  if (token.used) return 'token_used'
  token.used = { at: state.now, requestHash: null }
  return token
}

/** Tries a code under the throttle. */
export function tryCode(state: State, outcome: string, steppedUp: boolean): string {
  const throttle = new ThrottleModel(state.codesTried)
  const barred = throttle.barred(state.now)
  if (barred) return barred.reason
  if (outcome !== 'ok') throttle.wrong(state.now)
  else if (steppedUp) throttle.passed(state.now)
  return outcome
}

export const forgive = (state: State): void =>
  new ThrottleModel(state.codesTried).forgiven(state.now)

/** Ends the live tokens that somebody's proof earned, or all. */
export function endTokens(state: State, by?: string): void {
  for (const token of state.tokens)
    if ((by === undefined || token.by === by) && token.expiresAt > state.now) token.ended = true
}

export const live = (state: State): TokenModel[] =>
  state.tokens.filter(({ ended, expiresAt }) => !ended && expiresAt > state.now)

/** What an operator sees, and whether each token would still be accepted. */
export function seen(state: State) {
  const throttle = new ThrottleModel(state.codesTried)
  const mayTryAt = throttle.retryAt(state.now)
  return {
    enrolled: state.enrolled,
    factors: state.factors
      .toSorted((a, b) => a.confirmedAt - b.confirmedAt || (a.id < b.id ? -1 : 1))
      .map(({ id, kind, label, isDefault, createdAt, usedAt }) => ({
        factorId: id,
        kind,
        label,
        isDefault,
        createdAt,
        lastUsedAt: usedAt,
      })),
    pendingEnrollments: state.pending.filter(({ expiresAt }) => expiresAt > state.now).length,
    recovery: {
      remaining: state.codes.filter(({ spent }) => !spent).length,
      total: state.codes.length,
      acknowledged: state.acknowledged,
    },
    locked: throttle.locked(),
    retryAt: mayTryAt > state.now ? mayTryAt : null,
    liveTokens: live(state).length,
    active: live(state)
      .filter(({ singleUse, used }) => !singleUse || !used)
      .map(({ jti }) => jti),
  }
}
