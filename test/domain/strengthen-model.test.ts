// The rule in effect, compared with a model that takes the strongest of everything that matched: never weaker
// than the base or any matching entry, in any order and number.
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  ACRS,
  DETAILS_RULES,
  METHODS,
  MODES,
  REQUIRES,
  type Rule,
  type RulePart,
} from '../../contract/index.ts'
import {
  type Conditions,
  type Facts,
  loadConditions,
} from '../../functions/domain/conditions/condition.ts'
import type { Stricter } from '../../functions/domain/policy/policy.ts'
import { effectiveAction } from '../../functions/domain/policy/strengthen.ts'
import { actionOf } from '../support/policy-table.ts'

const RUNS = 500
let conditions: Conditions
beforeAll(async () => {
  conditions = await loadConditions()
})

/** What is known of a call; each of it may be missing. */
interface World {
  amount: number | string | undefined
  country: string | undefined
  totp: boolean
  claim: boolean | undefined
}

const FAILS = 'fails'
/** Conditions, and what each comes to: said here in another language. */
const WHENS: [when: string, outcome: (world: World) => boolean | typeof FAILS][] = [
  ['true', () => true],
  ['false', () => false],
  ['"totp" in subject.kinds', ({ totp }) => totp],
  ['!("totp" in subject.kinds)', ({ totp }) => !totp],
  ['details.amount > 1000', ({ amount }) => (typeof amount === 'number' ? amount > 1000 : FAILS)],
  ['details.amount <= 1000', ({ amount }) => (typeof amount === 'number' ? amount <= 1000 : FAILS)],
  ['request.country == "NL"', ({ country }) => (country === undefined ? FAILS : country === 'NL')],
  [
    'request.country == "NL" && details.amount > 1000',
    // What reads details is not even looked at without any; else false and a failure come to false.
    ({ country, amount }) => {
      if (amount === undefined) return FAILS
      const sides = [
        country && country === 'NL',
        typeof amount === 'number' ? amount > 1000 : undefined,
      ]
      return sides.includes(false) ? false : sides.includes(undefined) ? FAILS : true
    },
  ],
  ['session.claims.risky', ({ claim }) => claim ?? FAILS],
  ['no condition at all', () => FAILS],
  ['1 / 0 == 1', () => FAILS],
]

const worlds: fc.Arbitrary<World> = fc.record({
  amount: fc.constantFrom(undefined, 5, 1500, 'much'),
  country: fc.constantFrom(undefined, 'NL', 'US'),
  totp: fc.boolean(),
  claim: fc.constantFrom(undefined, true, false),
})

const factsOf = ({ amount, country, totp, claim }: World): Facts => ({
  ...(amount !== undefined && { details: { amount } }),
  subject: { enrolled: true, totp, passkey: false, recovery: true },
  session: { claims: claim === undefined ? {} : { risky: claim } },
  request: { time: 1_800_000_000, ...(country !== undefined && { country }) },
})

const seconds = fc.integer({ min: 10, max: 3600 })
const members = {
  require: fc.constantFrom(...REQUIRES),
  methods: fc.subarray([...METHODS]),
  acr: fc.constantFrom(...ACRS),
  singleUse: fc.boolean(),
  lifetimeSeconds: seconds,
  freshnessSeconds: seconds,
  details: fc.constantFrom(...DETAILS_RULES),
  acceptsMfaToken: fc.boolean(),
  dpop: fc.boolean(),
  mode: fc.constantFrom(...MODES),
}
/** A legacy token is for no rule that needs details or a passkey: no base says otherwise. */
const bases: fc.Arbitrary<Rule> = fc.record(members).map((rule) => ({
  ...rule,
  acceptsMfaToken: rule.acceptsMfaToken && rule.details !== 'required' && rule.acr !== 'phr',
}))
const parts: fc.Arbitrary<RulePart> = fc.record(members, { requiredKeys: [] })
const entry: fc.Arbitrary<Stricter> = fc.record({
  when: fc.constantFrom(...WHENS.map(([when]) => when)),
  part: parts,
})
const entries = fc.array(entry, { maxLength: 5 })

const inEffect = (rule: Rule, stricter: readonly Stricter[], world: World): Rule =>
  effectiveAction(
    { ...actionOf(rule), conditional: stricter.length > 0, stricter },
    factsOf(world),
    conditions,
  ).action.rule

const matches = ({ when }: Stricter, world: World): boolean =>
  WHENS.find(([known]) => known === when)?.[1](world) !== false

type Order = readonly string[]
const rank = (order: Order, word: string): number => order.indexOf(word)
const ORDERS: [member: 'require' | 'acr' | 'details' | 'mode', order: Order][] = [
  ['require', REQUIRES],
  ['acr', ACRS],
  ['details', DETAILS_RULES],
  ['mode', ['observe', 'enforce']],
]

/** Every member in which a rule is weaker than it must be. */
function weakerThan(rule: Rule, floor: RulePart): string[] {
  const { methods, singleUse, lifetimeSeconds, freshnessSeconds, acceptsMfaToken, dpop } = floor
  return [
    ...ORDERS.filter(([member, order]) => {
      const least = floor[member]
      return least !== undefined && rank(order, rule[member]) < rank(order, least)
    }).map(([member]) => member),
    ...(methods && !rule.methods.every((method) => methods.includes(method)) ? ['methods'] : []),
    ...(singleUse && !rule.singleUse ? ['singleUse'] : []),
    ...(rule.lifetimeSeconds > (lifetimeSeconds ?? Infinity) ? ['lifetimeSeconds'] : []),
    ...(rule.freshnessSeconds > (freshnessSeconds ?? Infinity) ? ['freshnessSeconds'] : []),
    ...(dpop && !rule.dpop ? ['dpop'] : []),
    ...(acceptsMfaToken === false && rule.acceptsMfaToken ? ['acceptsMfaToken'] : []),
  ]
}

/** The strongest of a base and of all that matched, member by member. */
function strongest(base: Rule, matched: readonly RulePart[]): Rule {
  const all: readonly RulePart[] = [base, ...matched]
  const say = <K extends keyof Rule>(member: K) =>
    all.map((part) => part[member]).filter((value) => value !== undefined)
  const last = <T extends string>(order: readonly T[], words: readonly T[]): T =>
    order.findLast((word) => words.includes(word)) ?? order[0] ?? (words[0] as T)
  const methods = base.methods.filter((method) =>
    matched.every((part) => part.methods?.includes(method) ?? true),
  )
  const narrowed = matched.some((part) => part.methods)
  const acr = last(ACRS, say('acr'))
  const details = last(DETAILS_RULES, say('details'))
  return {
    require: narrowed && methods.length === 0 ? 'deny' : last(REQUIRES, say('require')),
    methods,
    acr,
    singleUse: say('singleUse').includes(true),
    lifetimeSeconds: Math.min(...say('lifetimeSeconds')),
    freshnessSeconds: Math.min(...say('freshnessSeconds')),
    details,
    acceptsMfaToken:
      !say('acceptsMfaToken').includes(false) && details !== 'required' && acr !== 'phr',
    dpop: say('dpop').includes(true),
    mode: say('mode').includes('enforce') ? 'enforce' : 'observe',
  }
}

describe('the rule in effect', () => {
  it('is the strongest of the base and of every entry that matches or cannot be evaluated', () => {
    fc.assert(
      fc.property(bases, entries, worlds, (base, stricter, world) => {
        const matched = stricter.filter((one) => matches(one, world)).map(({ part }) => part)
        const rule = inEffect(base, stricter, world)
        for (const floor of [base, ...matched]) expect(weakerThan(rule, floor)).toEqual([])
        expect(rule).toEqual(strongest(base, matched))
      }),
      { numRuns: RUNS },
    )
  })

  it('is the same in whatever order the entries stand', () => {
    const shuffled = entries.chain((stricter) =>
      fc.tuple(
        fc.constant(stricter),
        fc.shuffledSubarray(stricter, { minLength: stricter.length }),
      ),
    )
    fc.assert(
      fc.property(bases, shuffled, worlds, (base, [stricter, turned], world) => {
        expect(inEffect(base, turned, world)).toEqual(inEffect(base, stricter, world))
      }),
      { numRuns: RUNS },
    )
  })

  it('is never weakened by one entry more, wherever it is put', () => {
    fc.assert(
      fc.property(bases, entries, entry, fc.nat(5), worlds, (base, stricter, more, at, world) => {
        const before = inEffect(base, stricter, world)
        const after = inEffect(base, stricter.toSpliced(at, 0, more), world)
        expect(weakerThan(after, before)).toEqual([])
      }),
      { numRuns: RUNS },
    )
  })
})
