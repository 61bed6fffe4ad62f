// Random steps for a user's object, which become calls about what exists in its state.
import fc from 'fast-check'
import { METHODS, type Method } from '../../../contract/index.ts'
import { type GateModel, type State, stepOf } from './state.ts'
import type { Call, Order } from './verbs.ts'

/** A call to be: its numbers choose among what is there when it is made. */
export interface Try {
  verb: Call['verb']
  which: number
  token: number
  code: number
  request: number
  methods: number
}
/** One call, some at once, or time that goes by. */
export type Step = { at: 'once'; tries: Try[] } | { at: 'wait'; seconds: number }

const VERBS: [weight: number, verb: Call['verb']][] = [
  ...[[4, 'start'] as const, [3, 'confirmTotp'] as const, [3, 'confirmPasskey'] as const],
  ...[[6, 'stepUpTotp'] as const, [3, 'stepUpRecovery'] as const, [3, 'stepUpPasskey'] as const],
  ...[[2, 'exchange'] as const, [9, 'consume'] as const, [1, 'revoke'] as const],
  ...[[1, 'rename'] as const, [2, 'setDefault'] as const, [2, 'remove'] as const],
  ...[[1, 'regenerate'] as const, [1, 'acknowledge'] as const, [1, 'unlock'] as const],
  ...[[0.3, 'reset'] as const, [0.5, 'endTokens'] as const],
].map(([weight, verb]) => [weight * 10, verb])

const oneTry: fc.Arbitrary<Try> = fc.record({
  verb: fc.oneof(...VERBS.map(([weight, verb]) => ({ weight, arbitrary: fc.constant(verb) }))),
  which: fc.nat(9),
  token: fc.nat(9),
  code: fc.nat(9),
  request: fc.nat(2),
  methods: fc.nat(3),
})
const once = (length: { minLength: number; maxLength: number }): fc.Arbitrary<Step> =>
  fc.array(oneTry, length).map((tries) => ({ at: 'once', tries }))
const wait: fc.Arbitrary<Step> = fc
  .oneof(fc.constantFrom(30, 30, 60, 61, 299, 300, 301, 600, 3600), fc.integer({ min: 1, max: 90 }))
  .map((seconds) => ({ at: 'wait', seconds }))

const sure = (verb: Call['verb'], code: number): Step => ({
  at: 'once',
  tries: [{ verb, which: 0, token: 0, code, request: 2, methods: 0 }],
})
const TOTP = [sure('start', 0), sure('confirmTotp', 1), sure('stepUpTotp', 0)]
const PASSKEY = [sure('start', 9), sure('confirmPasskey', 0), sure('stepUpPasskey', 0)]
/** Most calls need a user who has enrolled. */
const BEGINNINGS: Step[][] = [[], TOTP, PASSKEY, [...TOTP, ...PASSKEY], [...TOTP, ...PASSKEY]]
const begun = (rest: fc.Arbitrary<Step[]>): fc.Arbitrary<Step[]> =>
  fc.tuple(fc.constantFrom(...BEGINNINGS), rest).map(([before, after]) => [...before, ...after])

/** Wrong codes one after the other, until one waits; and what comes when the wait is nearly over, or is. */
const guesses: fc.Arbitrary<Step[]> = fc
  .record({ times: fc.integer({ min: 5, max: 6 }), seconds: fc.constantFrom(29, 30, 31, 60) })
  .map(({ times, seconds }) => [
    ...Array.from({ length: times }, () => sure('stepUpTotp', 5)),
    { at: 'wait', seconds },
    sure('stepUpTotp', 0),
  ])

/** Steps by their weights, one after the other. */
const mixed = (length: { minLength: number; maxLength: number }, atOnce: number) =>
  begun(
    fc
      .array(
        fc.oneof(
          { weight: 20, arbitrary: once({ minLength: 1, maxLength: 1 }).map((step) => [step]) },
          { weight: atOnce, arbitrary: once({ minLength: 2, maxLength: 4 }).map((step) => [step]) },
          { weight: 4, arbitrary: wait.map((step) => [step]) },
          { weight: 1, arbitrary: guesses },
        ),
        length,
      )
      .map((steps) => steps.flat()),
  )

/** One call after the other, and time. */
export const sequences = mixed({ minLength: 12, maxLength: 36 }, 0)
/** Two to four calls at once, in between others. */
export const bursts = mixed({ minLength: 6, maxLength: 18 }, 20)

const METHOD_SETS: Method[][] = [
  [...METHODS],
  [...METHODS],
  ['totp', 'passkey'],
  ['passkey', 'recovery'],
]
/** Nine of ten times something that is there. */
const among = <T>(list: readonly T[], which: number): T | undefined =>
  which === 9 ? undefined : list[which % Math.max(1, list.length)]

/** Names what is new; no name is given twice. */
export type Namer = (word: string) => string

/** The call of a try, about what there is. */
export function callOf(
  state: State,
  { verb, which, token, code, request, methods }: Try,
  name: Namer,
): Call {
  const id = among(state.factors, which)?.id ?? 'fac_unknown'
  const totp =
    among(
      state.factors.filter(({ kind }) => kind === 'totp'),
      which,
    )?.id ?? 'fac_unknown'
  const passkey =
    among(
      state.factors.filter(({ kind }) => kind === 'passkey'),
      which,
    )?.id ?? 'fac_unknown'
  const pending = (kind: 'totp' | 'passkey') =>
    among(
      [...state.pending, ...state.factors].filter((one) => one.kind === kind),
      which,
    )?.id ?? id
  // Mostly one of the two newest: what is older has expired or was used.
  const jti = among(state.tokens.toReversed(), token < 7 ? token % 2 : token)?.jti
  const allowed = METHOD_SETS[methods] ?? []
  const gate: GateModel = { jti, methods: allowed, acr: methods === 2 ? 'mfa' : 'recovery' }
  const nowStep = stepOf(state.now)
  const step = [nowStep, nowStep - 1, nowStep, nowStep, nowStep - 1, null, nowStep - 2, nowStep + 1]
  const right = code < 8
  const order: Order = {
    jti: name('jti'),
    singleUse: request > 0,
    lifetime: [60, 600, 300][request] ?? 60,
  }
  // Now and then what was used before.
  const onceOnly = (word: string): string => {
    const used = among(
      state.claimed.filter((one) => one.startsWith(word)),
      which,
    )
    return used !== undefined && code > 6 ? used : name(word)
  }
  const codes = [...state.codes.filter(({ spent }) => !spent), ...state.codes]
  switch (verb) {
    case 'start':
      return { verb, id: name('fac'), kind: code < 5 ? 'totp' : 'passkey', fresh: which < 8, gate }
    case 'confirmTotp':
      return { verb, id: pending('totp'), step: step[code] ?? null }
    case 'confirmPasskey':
      return { verb, id: pending('passkey'), nonce: onceOnly('nonce'), good: right }
    case 'stepUpTotp':
      return {
        verb,
        of: totp,
        id: request === 0 ? undefined : totp,
        step: step[code] ?? null,
        order,
      }
    case 'stepUpRecovery':
      return { verb, code: (right && among(codes, code)?.code) || 'no code', order }
    case 'stepUpPasskey':
      return { verb, id: passkey, nonce: onceOnly('nonce'), good: right, order }
    case 'exchange':
      return { verb, claim: onceOnly('assertion'), age: which < 7 ? which : 700, order }
    case 'consume':
      return {
        verb,
        jti: jti ?? 'unknown',
        methods: allowed,
        requestHash: ['a', 'a', null][request] ?? null,
      }
    case 'revoke':
      return { verb, jti: jti ?? 'unknown' }
    case 'rename':
      return { verb, id, label: `label ${code}` }
    case 'setDefault':
    case 'remove':
      return { verb, id, gate }
    case 'regenerate':
      return { verb, gate }
    default:
      return { verb }
  }
}
