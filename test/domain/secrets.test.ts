// Sealed secrets, carried statements, challenges, the key ring and names. Stored hashes are compared with values
// that were computed elsewhere, because they must never change.
import { describe, expect, it } from 'vitest'
import {
  deriveKey,
  fromBase64Url,
  hashParts,
  lengthPrefixed,
  sameBytes,
  sha256,
  toBase64Url,
  toHex,
  utf8,
} from '../../functions/domain/bytes.ts'
import {
  hashKey,
  newFactorId,
  newJti,
  newOperatorKey,
  newResourceKey,
  subjectObjectName,
} from '../../functions/domain/names.ts'
import { open, seal } from '../../functions/domain/seal.ts'
import {
  challengeKey,
  enrollPurpose,
  newChallenge,
  readChallenge,
  STEP_UP_PURPOSE,
  webauthnChallengeOf,
} from '../../functions/domain/tokens/challenge.ts'
import {
  currentKey,
  hasNextKey,
  publishedKeys,
  type RingKey,
  retirementOf,
  viewRing,
} from '../../functions/domain/tokens/key-ring.ts'
import { canonical, carry, readCarried } from '../../functions/domain/tokens/statement.ts'
import { counting, ISSUER, NOW, refusalOf } from '../support/rules.ts'

const KEY = counting(1)(32)
const OTHER_KEY = counting(2)(32)

describe('bytes', () => {
  it('are joined each after its length, so that no two lists are alike', () => {
    expect(toHex(lengthPrefixed('ab', Uint8Array.of(7)))).toBe('0000000261620000000107')
    expect(toHex(lengthPrefixed())).toBe('')
    expect(toHex(lengthPrefixed('é'))).toBe('00000002c3a9')
    expect(lengthPrefixed('a', 'bc')).not.toEqual(lengthPrefixed('ab', 'c'))
    expect(hashParts('a', 'bc')).toEqual(sha256(lengthPrefixed('a', 'bc')))
  })

  it('are read from base64url alone, without padding', () => {
    expect(fromBase64Url('-_8')).toEqual(Uint8Array.of(251, 255))
    for (const text of ['+/8', '-_8=', 'a', '-_ 8', '-_9'])
      expect(fromBase64Url(text)).toBeUndefined()
  })

  it('are compared as a whole', () => {
    const [a, b] = [Uint8Array.of(1, 2), Uint8Array.of(1, 3)]
    expect([sameBytes(a, a.slice()), sameBytes(a, b), sameBytes(a, a.slice(0, 1))]).toEqual([
      true,
      false,
      false,
    ])
  })

  it('are a key of 32 bytes for one purpose alone', () => {
    expect(deriveKey(KEY, 'a')).toHaveLength(32)
    expect(deriveKey(KEY, 'a')).not.toEqual(deriveKey(KEY, 'b'))
    expect(deriveKey(KEY, 'a')).not.toEqual(deriveKey(OTHER_KEY, 'a'))
  })
})

describe('a sealed secret', () => {
  const place = ['live', 'alice', 'fac_1']
  const secret = utf8('the secret')
  const sealed = seal(KEY, 'totp', place, secret, counting())
  const bytes = fromBase64Url(sealed) ?? new Uint8Array()

  it('opens with its key, for its purpose and its place', () => {
    expect(open(KEY, 'totp', place, sealed)).toEqual(secret)
  })

  it.each<[what: string, key: Uint8Array, purpose: string, place: string[]]>([
    ['another key', OTHER_KEY, 'totp', place],
    ['another purpose', KEY, 'signing-key', place],
    ['another user', KEY, 'totp', ['live', 'bob', 'fac_1']],
    ['another cut of the same place', KEY, 'totp', ['live', 'alicef', 'ac_1']],
    ['no place', KEY, 'totp', []],
  ])('does not open with %s', (_what, key, purpose, elsewhere) => {
    expect(open(key, purpose, elsewhere, sealed)).toBeUndefined()
  })

  it.each([0, 12, bytes.length - 1])('does not open with a bit turned at byte %i', (index) => {
    const bent = bytes.slice()
    bent[index] = (bent[index] ?? 0) ^ 1
    expect(open(KEY, 'totp', place, toBase64Url(bent))).toBeUndefined()
  })

  it.each(['', 'no base64url!', toBase64Url(new Uint8Array(27)), toBase64Url(new Uint8Array(28))])(
    'is not %j',
    (text) => {
      expect(open(KEY, 'totp', place, text)).toBeUndefined()
    },
  )

  it('holds a nonce of twelve bytes, as many as the secret, and a tag of sixteen', () => {
    expect(bytes).toHaveLength(12 + secret.length + 16)
    expect(bytes.slice(0, 12)).toEqual(counting()(12))
    expect(Buffer.from(bytes).includes(Buffer.from(secret))).toBe(false)
  })

  it('may be empty', () => {
    const empty = seal(KEY, 'totp', place, new Uint8Array(), counting())
    expect(open(KEY, 'totp', place, empty)).toEqual(new Uint8Array())
  })
})

describe('a carried statement', () => {
  const statement = { b: 1, a: ['x', null] }
  const carried = carry(KEY, 'cursor', statement)
  const [head, tail] = carried.split('.') as [string, string]

  it('comes back as it was', () => {
    expect(readCarried(KEY, 'cursor', carried)).toEqual(statement)
    expect(new TextDecoder().decode(fromBase64Url(head))).toBe('{"a":["x",null],"b":1}')
  })

  it.each<[what: string, text: string, key: Uint8Array, purpose: string]>([
    ['another key', carried, OTHER_KEY, 'cursor'],
    ['another purpose', carried, KEY, 'challenge'],
    ['another statement', `${toBase64Url(utf8('{"a":2}'))}.${tail}`, KEY, 'cursor'],
    ['a shorter MAC', `${head}.${tail.slice(0, 40)}`, KEY, 'cursor'],
    ['no MAC', head, KEY, 'cursor'],
    ['an empty MAC', `${head}.`, KEY, 'cursor'],
    ['nothing', '', KEY, 'cursor'],
    ['a third part', `${carried}.x`, KEY, 'cursor'],
    ['an odd head', `!.${tail}`, KEY, 'cursor'],
    ['an odd MAC', `${head}.!`, KEY, 'cursor'],
  ])('is nothing with %s', (_what, text, key, purpose) => {
    expect(readCarried(key, purpose, text)).toBeUndefined()
  })

  it('is canonical, whatever it holds', () => {
    expect([canonical({ b: 1, a: 2 }), canonical(undefined)]).toEqual(['{"a":2,"b":1}', 'null'])
  })
})

describe('a challenge', () => {
  const CONTEXT = { iss: ISSUER, sub: 'alice', purpose: STEP_UP_PURPOSE, epoch: 2 }
  const wish = { scope: 'orders:refund', details: { amount: 5 } }
  const claim = { ...wish.details, type: 'order.refund' }
  const made = newChallenge(KEY, CONTEXT, { scope: wish.scope, claim }, counting(), NOW)
  const SIXTEEN = toBase64Url(counting()(16))

  it('says whom and what it is for, for five minutes', () => {
    expect(made.expiresAt).toBe(NOW + 300)
    expect(readChallenge(KEY, CONTEXT, made.challenge, NOW)).toEqual({
      ...CONTEXT,
      ...wish,
      ...{ v: 2, action: 'order.refund', salt: SIXTEEN, nonce: SIXTEEN },
      exp: NOW + 300,
    })
  })

  it('without details names none', () => {
    const { challenge } = newChallenge(KEY, CONTEXT, { scope: '' }, counting(), NOW)
    const statement = readChallenge(KEY, CONTEXT, challenge, NOW)
    expect(Object.keys(statement).sort()).toEqual(
      ['epoch', 'exp', 'iss', 'nonce', 'purpose', 'scope', 'sub', 'v'].sort(),
    )
  })

  it('is signed as a hash of all that it says, with a salted hash in place of the details', () => {
    const statement = readChallenge(KEY, CONTEXT, made.challenge, NOW)
    expect(webauthnChallengeOf(statement)).toBe(toBase64Url(made.webauthnChallenge))
    const hash = hashParts('countersign/details/v2', 'order.refund', counting()(16), '{"amount":5}')
    const text = `countersign/webauthn/v2{"details":"${toBase64Url(hash)}","epoch":2,"exp":${NOW + 300},"iss":"${ISSUER}","nonce":"${SIXTEEN}","purpose":"step_up","scope":"orders:refund","sub":"alice","v":2}`
    expect(webauthnChallengeOf(statement)).toBe(toBase64Url(sha256(utf8(text))))
    expect(webauthnChallengeOf({ ...statement, scope: 'x' })).not.toBe(
      webauthnChallengeOf(statement),
    )
  })

  it('of version 1 stays valid until it expires', () => {
    const stored =
      'eyJkZXRhaWxzIjp7ImFtb3VudCI6NX0sImVwb2NoIjoyLCJleHAiOjE4MDAwMDAzMDAsImlzcyI6Imh0dHBzOi8vY291bnRlcnNpZ24uZXhhbXBsZS9saXZlIiwibm9uY2UiOiJub25jZS0xIiwicHVycG9zZSI6InN0ZXBfdXAiLCJzY29wZSI6Im9yZGVyczpyZWZ1bmQiLCJzdWIiOiJhbGljZSJ9.ShKihSmtpBmL5AVbI7knpDQcoDN3_mG2kgXaWE9UQDU'
    const statement = readChallenge(KEY, CONTEXT, stored, NOW + 299)
    expect(statement).toMatchObject(wish)
    expect(webauthnChallengeOf(statement)).toBe('ua1Km33RHV64Zj21RNRBEwl_7ozYxyVhZO2kjMAgPbQ')
    expect(refusalOf(() => readChallenge(KEY, CONTEXT, stored, NOW + 300)).reason).toBe(
      'challenge_expired',
    )
  })

  it.each([
    ['iss', 'https://countersign.example/demo'],
    ['sub', 'bob'],
    ['purpose', enrollPurpose('fac_1')],
  ])('made for another %s is rejected', (member, value) => {
    const read = () => readChallenge(KEY, { ...CONTEXT, [member]: value }, made.challenge, NOW)
    expect(refusalOf(read)).toEqual({
      reason: 'passkey_rejected',
      message: 'This challenge is not valid for this call: start again.',
    })
  })

  it.each([
    [
      'of another key',
      carry(OTHER_KEY, 'challenge', { ...CONTEXT, ...wish, nonce: 'n', exp: NOW + 1 }),
    ],
    [
      'carried as something else',
      carry(KEY, 'cursor', { ...CONTEXT, ...wish, nonce: 'n', exp: NOW + 1 }),
    ],
    ['without an end', carry(KEY, 'challenge', { ...CONTEXT, ...wish, nonce: 'n' })],
    [
      'with a member too many',
      carry(KEY, 'challenge', { ...CONTEXT, ...wish, nonce: 'n', exp: NOW + 1, x: 1 }),
    ],
    ['that is not a challenge', 'x'],
  ])('%s is rejected', (_what, challenge) => {
    expect(refusalOf(() => readChallenge(KEY, CONTEXT, challenge, NOW)).reason).toBe(
      'passkey_rejected',
    )
  })

  it('expires with its second, and with its epoch', () => {
    const read = (now: number, epoch = 2) =>
      readChallenge(KEY, { ...CONTEXT, epoch }, made.challenge, now)
    expect(read(NOW + 299).nonce).toBe(SIXTEEN)
    expect(refusalOf(() => read(NOW + 300)).reason).toBe('challenge_expired')
    expect(refusalOf(() => read(NOW, 3)).reason).toBe('challenge_expired')
  })

  it('is claimed by its nonce until it ends', () => {
    const statement = readChallenge(KEY, CONTEXT, made.challenge, NOW)
    expect(challengeKey(statement)).toEqual({ key: `challenge:${SIXTEEN}`, expiresAt: NOW + 300 })
  })

  it('has a purpose for each enrollment', () => {
    expect([STEP_UP_PURPOSE, enrollPurpose('fac_1')]).toEqual(['step_up', 'enroll:fac_1'])
  })
})

describe('the ring of signing keys', () => {
  const key = (kid: string, signsAt: number, leavesAt: number | null): RingKey => ({
    kid,
    publicJwk: { kid },
    sealedPrivateJwk: `sealed ${kid}`,
    createdAt: signsAt - 600,
    signsAt,
    leavesAt,
  })
  const [gone, old, present, next] = [
    key('gone', NOW - 900, NOW),
    key('old', NOW - 800, NOW + 1),
    key('present', NOW, null),
    key('next', NOW + 1, null),
  ]
  const ring = [next, gone, present, old]

  it('is published from the oldest on, until the second in which a key leaves', () => {
    expect(publishedKeys(ring, NOW).map(({ kid }) => kid)).toEqual(['old', 'present', 'next'])
    expect(publishedKeys(ring, NOW - 1).map(({ kid }) => kid)).toContain('gone')
  })

  it('signs with the youngest whose time has come', () => {
    const kidAt = (now: number) => currentKey(ring, now)?.kid
    expect([kidAt(NOW - 1), kidAt(NOW), kidAt(NOW + 1)]).toEqual(['old', 'present', 'next'])
    expect(currentKey([next], NOW)).toBeUndefined()
  })

  it('waits where a key is still to sign', () => {
    expect([hasNextKey(ring, NOW), hasNextKey(ring, NOW + 1)]).toEqual([true, false])
    expect(hasNextKey([], NOW)).toBe(false)
  })

  it('lets a key go a day and ten minutes after the next one signs, and one of receipts with the history', () => {
    expect(retirementOf('tokens', NOW, 400)).toBe(NOW + 87_000)
    expect(retirementOf('receipts', NOW, 400)).toBe(NOW + 400 * 24 * 3600)
  })

  it('is shown with what each key is, and with nothing of the key itself', () => {
    expect(viewRing(ring, NOW)).toEqual([
      {
        kid: 'old',
        state: 'retired',
        createdAt: NOW - 1400,
        signsAt: NOW - 800,
        leavesAt: NOW + 1,
      },
      { kid: 'present', state: 'current', createdAt: NOW - 600, signsAt: NOW, leavesAt: null },
      { kid: 'next', state: 'next', createdAt: NOW - 599, signsAt: NOW + 1, leavesAt: null },
    ])
  })
})

describe('names', () => {
  it('of an object and of a key are hashes that never change', () => {
    expect(subjectObjectName('live', 'alice')).toBe('X0-c4tZLyMQMxpbtLDZE3Tnw9lRyI4Kxu9EobCs47vY')
    expect(subjectObjectName('livea', 'lice')).not.toBe(subjectObjectName('live', 'alice'))
    expect(hashKey('csk_res_x')).toBe('MCkHbMGJad9iEkerHC2gxbvNvMO3vT_P60CPPw_BuI0')
  })

  it('are made of as many random bytes as each needs', () => {
    expect(newJti(counting())).toBe('AAECAwQFBgcICQoLDA0ODw')
    expect(newFactorId(counting())).toBe('fac_AAECAwQFBgcICQoLDA0ODw')
    const key = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'
    expect(newResourceKey(counting())).toBe(`csk_res_${key}`)
    expect(newOperatorKey(counting())).toBe(`csk_op_${key}`)
  })
})
