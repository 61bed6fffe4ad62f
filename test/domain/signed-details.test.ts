// What a passkey signs about details: their salted hash. The same details in any order of their keys are accepted.
// Details with any other value, type, order of a list, Unicode form or member are refused.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Details } from '../../contract/index.ts'
import { bindDetails, commitTo } from '../../functions/domain/details/details.ts'
import {
  newChallenge,
  readChallenge,
  STEP_UP_PURPOSE,
  webauthnChallengeOf,
} from '../../functions/domain/tokens/challenge.ts'
import { counting, ISSUER, NOW } from '../support/rules.ts'

const KEY = counting(1)(32)
const CONTEXT = { iss: ISSUER, sub: 'alice', purpose: STEP_UP_PURPOSE, epoch: 2 }
const ACTION = 'order.refund'

const name = fc.string({ unit: 'grapheme', maxLength: 5 }).filter((one) => one !== 'type')
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.constantFrom('é', 'A\u030a', '1', 'null', 'true', ''),
)
const leaf = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null))
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'details' },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
}))
const details = fc
  .dictionary(name, value, { minKeys: 1, maxKeys: 4 })
  .filter((one) => !JSON.stringify(one).includes('"__proto__"'))

/** Every value that differs from the given one in one place. */
function othersOf(one: unknown): unknown[] {
  if (Array.isArray(one)) {
    const within = one.flatMap((member, at) => othersOf(member).map((other) => one.with(at, other)))
    const turned = one.toReversed()
    const isOrdered = JSON.stringify(turned) !== JSON.stringify(one)
    return [
      ...within,
      [...one, null],
      Object.fromEntries(one.entries()),
      ...(isOrdered ? [turned] : []),
    ]
  }
  if (typeof one === 'object' && one !== null) return [...othersOfObject(one), Object.entries(one)]
  if (typeof one === 'string') {
    const forms = ['NFC', 'NFD', 'NFKC'].map((form) => one.normalize(form))
    return [`${one} `, [one], ...forms.filter((form) => form !== one), ...(one === '1' ? [1] : [])]
  }
  if (typeof one === 'number') return [one + 1, String(one), [one]]
  return [String(one), one === null ? false : !one, one === null ? 0 : null]
}

const othersOfObject = (one: object): Details[] => [
  ...Object.entries(one).flatMap(([key, member]) => [
    ...othersOf(member).map((other) => ({ ...one, [key]: other })),
    Object.fromEntries(Object.entries(one).filter(([other]) => other !== key)),
  ]),
  { ...one, added: null },
]

/** The same members in the opposite order, at every level. */
const reordered = (one: unknown): unknown =>
  Array.isArray(one)
    ? one.map(reordered)
    : typeof one === 'object' && one !== null
      ? Object.fromEntries(
          Object.entries(one)
            .reverse()
            .map(([key, member]) => [key, reordered(member)]),
        )
      : one

const signed = (given: Details, action = ACTION) => {
  const { claim } = bindDetails(given, action)
  const made = newChallenge(KEY, CONTEXT, { scope: 'orders:refund', claim }, counting(), NOW)
  return readChallenge(KEY, CONTEXT, made.challenge, NOW)
}

describe('details that a passkey signed', () => {
  it('are refused with any other value, type, order of a list, Unicode form or member', () => {
    fc.assert(
      fc.property(details, (given) => {
        const statement = signed(given)
        const answered = webauthnChallengeOf(statement)
        for (const other of othersOfObject(given))
          expect(webauthnChallengeOf({ ...statement, details: other })).not.toBe(answered)
      }),
    )
  })

  it('are accepted in any order of their keys', () => {
    fc.assert(
      fc.property(details, (given) => {
        const turned = reordered(given) as Details
        expect(webauthnChallengeOf(signed(turned))).toBe(webauthnChallengeOf(signed(given)))
      }),
    )
  })

  it('are refused for another action, and with another salt', () => {
    const statement = signed({ amount: 5 })
    const answered = webauthnChallengeOf(statement)
    expect(webauthnChallengeOf({ ...statement, action: 'order.list' })).not.toBe(answered)
    expect(webauthnChallengeOf({ ...statement, salt: 'AAAAAAAAAAAAAAAAAAAAAA' })).not.toBe(answered)
  })

  it('cannot be confirmed by a guess without the salt', () => {
    const hashes = [0, 1].map((from) => commitTo({ amount: 5 }, ACTION, counting(from)(16)))
    expect(new Set([...hashes, bindDetails({ amount: 5 }, ACTION).hash]).size).toBe(3)
  })
})
