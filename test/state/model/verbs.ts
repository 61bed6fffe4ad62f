// The methods of a user's object on the model's state. Each returns `ok` or the reason of a refusal.
import type { Acr, Method } from '../../../contract/index.ts'
import {
  countIn,
  emptyState,
  endTokens,
  type FactorModel,
  faultOfToken,
  forgive,
  type GateModel,
  live,
  openGate,
  type Recorded,
  record,
  type State,
  stepOf,
  tryCode,
} from './state.ts'

export interface Order {
  jti: string
  singleUse: boolean
  lifetime: number
}

/** A call of the object, with everything in it said: the same can be made of the object and of the model. */
export type Call =
  | { verb: 'start'; id: string; kind: 'totp' | 'passkey'; fresh: boolean; gate: GateModel }
  | { verb: 'confirmTotp'; id: string; step: number | null }
  | { verb: 'confirmPasskey'; id: string; nonce: string; good: boolean }
  /** `of`: the factor whose code it is; `id`: the one that it is said to be of. */
  | { verb: 'stepUpTotp'; of: string; id: string | undefined; step: number | null; order: Order }
  | { verb: 'stepUpRecovery'; code: string; order: Order }
  /** `counter`: what the passkey shows, where it counts its signatures. */
  | {
      verb: 'stepUpPasskey'
      id: string
      nonce: string
      good: boolean
      counter?: number
      order: Order
    }
  | { verb: 'exchange'; claim: string; age: number; order: Order }
  | { verb: 'consume'; jti: string; methods: Method[]; requestHash: string | null }
  | { verb: 'revoke'; jti: string }
  | { verb: 'rename'; id: string; label: string }
  | { verb: 'setDefault'; id: string; gate: GateModel }
  | { verb: 'remove'; id: string; gate: GateModel }
  | { verb: 'regenerate'; gate: GateModel }
  | { verb: 'acknowledge' }
  | { verb: 'unlock' }
  | { verb: 'reset' }
  | { verb: 'endTokens' }

type Verbs = {
  [V in Call['verb']]: (state: State, call: Extract<Call, { verb: V }>, codes: string[]) => string
}

const LIMITS = { totp: 5, passkey: 10 }
const LIFETIME = { totp: 600, passkey: 300 }
const RANK: Record<Acr, number> = { recovery: 0, mfa: 1, phr: 2 }

/** How the object must answer, and what it must then be. `codes`: recovery codes that it gave out. */
export function apply(state: State, call: Call, codes: string[]): string {
  const before = structuredClone(state)
  const verb = VERBS[call.verb] as (state: State, call: Call, codes: string[]) => string
  const answer = verb(state, call, codes)
  const type = answer === 'ok' ? eventOf(before, call) : undefined
  if (type) record(state.recorded, { type, data: dataOf(call) })
  return answer
}

/** The events of a call that was answered `ok`: none if it changed nothing. */
function eventOf(before: State, call: Call): string | undefined {
  if (call.verb === 'rename')
    return before.factors.some(({ id, label }) => id === call.id && label !== call.label)
      ? 'factor.renamed'
      : undefined
  if (call.verb === 'consume') {
    const first = before.tokens.some(({ jti, used }) => jti === call.jti && !used)
    return first ? 'token.consumed' : undefined
  }
  if (call.verb === 'revoke')
    return live(before).some(({ jti }) => jti === call.jti) ? 'token.revoked' : undefined
  if (call.verb === 'acknowledge') return before.acknowledged ? undefined : 'recovery.acknowledged'
  return EVENTS[call.verb]
}

const EVENTS: Record<
  Exclude<Call['verb'], 'rename' | 'consume' | 'revoke' | 'acknowledge'>,
  string
> = {
  start: 'enrollment.started',
  confirmTotp: 'factor.confirmed',
  confirmPasskey: 'factor.confirmed',
  stepUpTotp: 'step_up.passed',
  stepUpRecovery: 'step_up.passed',
  stepUpPasskey: 'step_up.passed',
  exchange: 'step_up.passed',
  setDefault: 'factor.default_set',
  remove: 'factor.removed',
  regenerate: 'recovery.regenerated',
  unlock: 'subject.unlocked',
  reset: 'subject.reset',
  endTokens: 'subject.tokens_ended',
}

/** The things that the event of a call is about. */
const dataOf = (call: Call): Recorded['data'] => ({
  ...('id' in call && { factorId: call.id }),
  ...('jti' in call && { jti: call.jti }),
  ...('order' in call && { method: METHODS_OF[call.verb], tokens: [{ jti: call.order.jti }] }),
})

const METHODS_OF = {
  stepUpTotp: 'totp',
  stepUpRecovery: 'recovery',
  stepUpPasskey: 'passkey',
  exchange: 'assertion',
} as const

const VERBS: Verbs = {
  start: (state, { id, kind, fresh, gate }) => {
    if (isFull(state, kind)) return 'factor_limit_reached'
    let linkedBy: string | null = null
    if (state.enrolled) {
      const opened = openGate(state, gate)
      if (typeof opened === 'string') return opened
      linkedBy = opened.by
    } else if (!fresh) return 'session_not_fresh'
    else if (!countIn(state.changes, 30, 3600, state.now)) return 'rate_limited'
    const expiresAt = state.now + LIFETIME[kind]
    // Five at most: the oldest gives way.
    state.pending = [
      ...state.pending.slice(-4),
      { id, kind, createdAt: state.now, expiresAt, linkedBy },
    ]
    return 'ok'
  },

  confirmTotp: (state, { id, step }, codes) => {
    const fault = faultOfPending(state, id, 'totp')
    if (fault) return fault
    const tried = tryCode(state, isTimely(state, step) ? 'ok' : 'invalid_code', false)
    if (tried === 'ok') confirm(state, id, step ?? 0, codes)
    return tried
  },

  confirmPasskey: (state, { id, nonce, good }, codes) => {
    const fault = faultOfPending(state, id, 'passkey')
    if (fault) return fault
    if (!countIn(state.passkeysFailed, 30, 60, state.now)) return 'rate_limited'
    if (!good) return 'passkey_rejected'
    if (state.claimed.includes(nonce)) return 'challenge_used'
    state.claimed.push(nonce)
    state.passkeysFailed.count -= 1
    confirm(state, id, 0, codes)
    return 'ok'
  },

  stepUpTotp: (state, { of, id, step, order }) => {
    const own = state.factors.filter(({ kind }) => kind === 'totp')
    if (id === undefined && own.length === 0) return 'enrollment_required'
    const factor = id === undefined ? theTotp(own) : own.find((one) => one.id === id)
    if (!factor) return 'factor_not_found'
    const right = of === factor.id && isTimely(state, step) ? 'ok' : 'invalid_code'
    const late = right === 'ok' && (step ?? 0) <= factor.step
    const tried = tryCode(state, late ? 'code_already_used' : right, true)
    if (tried !== 'ok') return tried
    factor.step = step ?? 0
    return grant(state, order, { by: factor.id, method: 'totp', acr: 'mfa' })
  },

  stepUpRecovery: (state, { code, order }) => {
    if (state.codes.length === 0) return 'enrollment_required'
    const known = state.codes.find((one) => one.code === code)
    const wrong = known ? 'code_already_used' : 'invalid_code'
    const tried = tryCode(state, known && !known.spent ? 'ok' : wrong, true)
    if (tried !== 'ok' || !known) return tried
    known.spent = true
    return grant(state, order, { by: 'recovery', method: 'recovery', acr: 'recovery' })
  },

  stepUpPasskey: (state, { id, nonce, good, counter, order }) => {
    if (!countIn(state.passkeysFailed, 30, 60, state.now)) return 'rate_limited'
    if (state.claimed.includes(nonce)) return 'challenge_used'
    state.claimed.push(nonce)
    const known = state.factors.find((one) => one.id === id)
    if (!known || !good) return 'passkey_rejected'
    if (counter !== undefined && counter <= known.counter) return 'passkey_rejected'
    known.counter = counter ?? known.counter
    state.passkeysFailed.count -= 1
    forgive(state)
    return grant(state, order, { by: id, method: 'passkey', acr: 'phr' })
  },

  exchange: (state, { claim, age, order }) => {
    if (state.claimed.includes(claim)) return 'assertion_invalid'
    const proof = { by: 'assertion', method: 'assertion' as const, acr: 'mfa' as const }
    const granted = grant(state, order, proof, state.now - age)
    if (granted === 'ok') state.claimed.push(claim)
    return granted
  },

  consume: (state, { jti, methods, requestHash }) => {
    const fault = faultOfToken(state, jti)
    const token = state.tokens.find((one) => one.jti === jti)
    if (fault || !token) return fault ?? 'token_revoked'
    if (!methods.includes(token.method)) return 'step_up_required'
    if (!token.used)
      token.used = { at: state.now, requestHash: token.singleUse ? requestHash : null }
    else if (token.singleUse) {
      const same = requestHash !== null && token.used.requestHash === requestHash
      return same && state.now - token.used.at <= 60 ? 'ok, replayed' : 'token_used'
    }
    return 'ok'
  },

  revoke: (state, { jti }) => {
    const token = state.tokens.find((one) => one.jti === jti)
    if (token && token.expiresAt > state.now) token.ended = true
    return 'ok'
  },

  rename: (state, { id, label }) => {
    const factor = state.factors.find((one) => one.id === id)
    if (!factor) return 'factor_not_found'
    if (factor.label !== label && !countIn(state.changes, 30, 3600, state.now))
      return 'rate_limited'
    factor.label = label
    return 'ok'
  },

  setDefault: (state, { id, gate }) => {
    if (!state.factors.some((one) => one.id === id)) return 'factor_not_found'
    const opened = openGate(state, gate)
    if (typeof opened === 'string') return opened
    for (const factor of state.factors) factor.isDefault = factor.id === id
    return 'ok'
  },

  remove: (state, { id, gate }) => {
    const factor = state.factors.find((one) => one.id === id)
    if (!factor) return 'factor_not_found'
    const last = state.factors.length === 1
    const token = state.tokens.find((one) => one.jti === gate.jti)
    const least = last && gate.acr === 'recovery' ? 'mfa' : gate.acr
    if (gate.jti !== undefined && RANK[token?.acr ?? 'phr'] < RANK[least]) return 'step_up_required'
    const methods = gate.methods.filter((method) => !last || method !== 'recovery')
    const opened = openGate(state, { ...gate, methods })
    if (typeof opened === 'string') return opened
    state.factors = state.factors.filter((one) => one !== factor)
    state.pending = state.pending.filter(({ linkedBy }) => linkedBy !== id)
    endTokens(state, id)
    if (factor.isDefault) {
      const [next] = state.factors.toSorted(
        (a, b) =>
          (b.usedAt ?? b.confirmedAt) - (a.usedAt ?? a.confirmedAt) || (a.id < b.id ? -1 : 1),
      )
      if (next) next.isDefault = true
    }
    return 'ok'
  },

  regenerate: (state, { gate }, codes) => {
    if (!state.enrolled) return 'enrollment_required'
    const opened = openGate(state, gate)
    if (typeof opened === 'string') return opened
    state.pending = state.pending.filter(({ linkedBy }) => linkedBy !== 'recovery')
    endTokens(state, 'recovery')
    giveCodes(state, codes)
    return 'ok'
  },

  acknowledge: (state) => {
    if (state.codes.length === 0) return 'enrollment_required'
    state.acknowledged = true
    return 'ok'
  },

  unlock: (state) => {
    forgive(state)
    state.passkeysFailed = { startedAt: 0, count: 0 }
    return 'ok'
  },

  reset: (state) => {
    endTokens(state)
    const { now, recorded, tokens, claimed, changes } = state
    Object.assign(state, emptyState(now), { recorded, tokens, claimed, changes })
    return 'ok'
  },

  endTokens: (state) => {
    endTokens(state)
    state.pending = []
    return 'ok'
  },
}

const isFull = ({ factors }: State, kind: 'totp' | 'passkey'): boolean =>
  factors.filter((one) => one.kind === kind).length >= LIMITS[kind]

/** A code of now, or of the step before. */
const isTimely = ({ now }: State, step: number | null): boolean =>
  step !== null && [stepOf(now), stepOf(now) - 1].includes(step)

/** The one that is checked where none is named: the default, else the last used. */
const theTotp = (own: FactorModel[]): FactorModel | undefined =>
  own.find(({ isDefault }) => isDefault) ??
  own
    .toSorted((a, b) => a.confirmedAt - b.confirmedAt || (a.id < b.id ? -1 : 1))
    .reduce((a, b) => ((b.usedAt ?? b.createdAt) > (a.usedAt ?? a.createdAt) ? b : a))

function faultOfPending(state: State, id: string, kind: 'totp' | 'passkey'): string | undefined {
  const confirmed = state.factors.find((one) => one.id === id && one.kind === kind)
  if (confirmed) return 'conflict'
  const pending = state.pending.find((one) => one.id === id && one.kind === kind)
  if (!pending) return 'factor_not_found'
  if (pending.expiresAt <= state.now) return 'challenge_expired'
  return isFull(state, kind) ? 'factor_limit_reached' : undefined
}

/** Makes a factor of an enrollment; the first one ends all others and brings the codes. */
function confirm(state: State, id: string, step: number, codes: string[]): void {
  const own = state.pending.find((one) => one.id === id)
  if (!own) return
  const { kind, createdAt, linkedBy } = own
  const isRecovered = linkedBy === 'recovery'
  if (isRecovered) for (const factor of state.factors) factor.isDefault = false
  const isDefault = isRecovered || state.factors.length === 0
  const times = { createdAt, confirmedAt: state.now, usedAt: null }
  state.factors.push({ id, kind, label: null, isDefault, step, counter: 0, ...times })
  state.pending = state.enrolled ? state.pending.filter((one) => one !== own) : []
  if (!state.enrolled) giveCodes(state, codes)
  state.enrolled = true
}

function giveCodes(state: State, codes: string[]): void {
  state.codes = codes.map((code) => ({ code, spent: false }))
  state.acknowledged = false
}

/** Writes down the token of a proof, and that its factor was used. */
function grant(
  state: State,
  { jti, singleUse, lifetime }: Order,
  proof: { by: string; method: Method; acr: Acr },
  authTime = state.now,
): string {
  const expiresAt = Math.min(state.now + lifetime, authTime + lifetime)
  if (expiresAt <= state.now) return 'session_not_fresh'
  state.tokens.push({ jti, singleUse, expiresAt, ended: false, used: undefined, ...proof })
  for (const factor of state.factors) if (factor.id === proof.by) factor.usedAt = state.now
  return 'ok'
}
