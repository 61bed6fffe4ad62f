// Session tokens whose settings name another claim for the audience, claims that a token must have, and where it says
// when its user signed in.
import fc from 'fast-check'
import { createLocalJWKSet } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type AuthTimeSource,
  authTimeOf,
  brokenRule,
  type ClaimRule,
  isForAudience,
  LAST_EPOCH_SECOND,
  SessionSettings,
} from '../../contract/index.ts'
import { checkSession, resolveSession } from '../../functions/domain/settings/settings.ts'
import { requireFresh, verifySession, warningsOf } from '../../functions/domain/tokens/session.ts'
import { laterRefusalOf, NOW, refusalOf, signerOf } from '../support/rules.ts'

const LOGIN = 'https://login.example'
const DOCUMENT = { issuer: LOGIN, keys: { jwksUri: `${LOGIN}/jwks` }, audiences: ['app'] }
const PLACE = { publicUrl: 'https://countersign.example', development: false }
const NEWEST: AuthTimeSource = { from: 'newest', claim: 'amr', member: 'timestamp' }
const EXCEPT: AuthTimeSource = {
  ...NEWEST,
  except: { member: 'method', values: ['token_refresh'] },
}
const MINUTES: AuthTimeSource = { from: 'minutesAgo', claim: 'fva', index: 0 }
const CLAIM: AuthTimeSource = { from: 'claim', claim: 'auth_time' }

let signer: Awaited<ReturnType<typeof signerOf>>
beforeAll(async () => {
  signer = await signerOf()
})

/** The claims of a token, of which any may be missing. */
type Payload = { [claim: string]: unknown }

const session = async (claims: Payload, more: Partial<SessionSettings> = {}) => {
  const whole = { iss: LOGIN, sub: 'alice', aud: 'app', iat: NOW, exp: NOW + 60, ...claims }
  const token = await signer.sign(JSON.parse(JSON.stringify(whole)))
  const settings = resolveSession(SessionSettings.parse({ ...DOCUMENT, ...more }))
  return verifySession(token, settings, createLocalJWKSet(signer.keySet), NOW, PLACE.publicUrl)
}
const told = async (...input: Parameters<typeof session>) => {
  const { reason, message } = await laterRefusalOf(session(...input))
  expect(reason).toBe('unauthenticated')
  return message
}

describe('a session token with a claim of its own for the audience', () => {
  const own = { audienceClaim: 'client_id' }

  it('is accepted by that claim, whatever its other claims say', async () => {
    expect(await session({ aud: 'other', client_id: 'app' }, own)).toMatchObject({
      subject: 'alice',
      clientId: 'app',
    })
  })

  it.each<[what: string, claims: Payload]>([
    ['names another application', { client_id: 'other' }],
    ['lacks the claim, although aud and azp would do', { azp: 'app' }],
    ['holds null', { client_id: null }],
    ['holds an object', { client_id: { app: true } }],
    ['holds a number', { client_id: 7 }],
    ['holds a list in a list', { client_id: [['app']] }],
  ])('is refused where it %s', async (_what, claims) => {
    expect(await told(claims, own)).toBe(
      'The session token is for another application: its `client_id` is not one of the audiences.',
    )
  })

  it('does not find it in a prototype', () => {
    const settings = { audiences: ['app'], audienceClaim: 'inherited' }
    expect(isForAudience(Object.create({ inherited: 'app' }), settings)).toBe(false)
  })
})

describe('a claim that is required', () => {
  const KIND: ClaimRule = { claim: 'token_use', equals: 'access' }
  const WORD: ClaimRule = { claim: 'scope', includes: 'user:basic' }
  const NO_ACTOR: ClaimRule = { claim: 'act', absent: true }

  it.each<[what: string, rule: ClaimRule, claims: Payload]>([
    ['has its value', KIND, { token_use: 'access' }],
    ['has the word among others', WORD, { scope: 'wallet user:basic' }],
    ['has the word in a list', WORD, { scope: ['user:basic'] }],
    ['is missing as it must be', NO_ACTOR, {}],
  ])('is met where it %s', async (_what, rule, claims) => {
    expect(await session(claims, { requiredClaims: [rule] })).toMatchObject({ subject: 'alice' })
  })

  it.each<[what: string, rule: ClaimRule, claims: Payload, message: string]>([
    ['is missing', KIND, {}, '`token_use` must be `access`.'],
    ['has another value', KIND, { token_use: 'id' }, '`token_use` must be `access`.'],
    ['has its value in a list', KIND, { token_use: ['access'] }, '`token_use` must be `access`.'],
    ['is a number', KIND, { token_use: 1 }, '`token_use` must be `access`.'],
    ['is a longer word', WORD, { scope: 'user:basics' }, '`scope` must contain `user:basic`.'],
    ['is a number with words', WORD, { scope: 7 }, '`scope` must contain `user:basic`.'],
    ['is an object', WORD, { scope: { 0: 'user:basic' } }, '`scope` must contain `user:basic`.'],
    ['is nested', WORD, { scope: [['user:basic']] }, '`scope` must contain `user:basic`.'],
    ['is there', NO_ACTOR, { act: { sub: 'admin' } }, 'it must not have `act`.'],
    ['is there as null', NO_ACTOR, { act: null }, 'it must not have `act`.'],
  ])('is not met where it %s', async (_what, rule, claims, message) => {
    expect(await told(claims, { requiredClaims: [rule] })).toBe(
      `The session token is of another kind: ${message}`,
    )
  })

  it('counts with every other: the first that is not met is named', async () => {
    const requiredClaims = [KIND, WORD, NO_ACTOR]
    const message = await told({ token_use: 'access', act: {} }, { requiredClaims })
    expect(message).toContain('`scope`')
  })

  it('reads nothing from a prototype', () => {
    expect(brokenRule({}, [{ claim: 'constructor', absent: true }])).toBeUndefined()
    const inherited = Object.create({ token_use: 'access' })
    expect(brokenRule(inherited, [KIND])).toBe(KIND)
  })
})

describe('the time of a sign-in', () => {
  const at = (timestamp: unknown, method = 'password') => ({ method, timestamp })

  it.each<[what: string, AuthTimeSource, Payload, number | undefined]>([
    ['the newest of a list', NEWEST, { amr: [at(NOW - 90), at(NOW - 40), at(NOW - 70)] }, NOW - 40],
    ['unknown in a list of words', NEWEST, { amr: ['pwd', 'otp'] }, undefined],
    ['unknown in a list with one word', NEWEST, { amr: [at(NOW - 9), 'otp'] }, undefined],
    ['unknown in an empty list', NEWEST, { amr: [] }, undefined],
    ['unknown without a list', NEWEST, { amr: at(NOW - 9) }, undefined],
    ['unknown without the claim', NEWEST, {}, undefined],
    ['unknown where one is in the future', NEWEST, { amr: [at(NOW + 31), at(NOW - 9)] }, undefined],
    ['unknown where one is text', NEWEST, { amr: [at(`${NOW - 9}`), at(NOW - 9)] }, undefined],
    ['unknown where one is missing', NEWEST, { amr: [{ method: 'otp' }, at(NOW - 9)] }, undefined],
    [
      'unknown in milliseconds',
      NEWEST,
      { amr: [at((NOW - 9) * 1000 * 1000), at(NOW - 9)] },
      undefined,
    ],
    [
      'without entries that do not count',
      EXCEPT,
      { amr: [at(NOW, 'token_refresh'), at(NOW - 90)] },
      NOW - 90,
    ],
    ['unknown where no entry counts', EXCEPT, { amr: [at(NOW, 'token_refresh')] }, undefined],
    ['a minute more than the rounded age', MINUTES, { fva: [7, -1] }, NOW - 480],
    ['a minute ago at the age 0', MINUTES, { fva: [0, -1] }, NOW - 60],
    ['counted from the issue of the token', MINUTES, { iat: NOW - 30, fva: [0] }, NOW - 90],
    ['unknown at the age -1', MINUTES, { fva: [-1, 0] }, undefined],
    ['unknown at half a minute', MINUTES, { fva: [0.5] }, undefined],
    ['unknown at an age as text', MINUTES, { fva: ['0'] }, undefined],
    ['unknown where the age is no list', MINUTES, { fva: 0 }, undefined],
    ['unknown without a list of ages', MINUTES, {}, undefined],
    ['unknown at an age before 1970', MINUTES, { fva: [1e9] }, undefined],
    ['unknown at a huge age', MINUTES, { fva: [1e300] }, undefined],
    ['unknown without iat', MINUTES, { iat: undefined, fva: [0] }, undefined],
    ['never after the issue', CLAIM, { iat: NOW - 50, auth_time: NOW - 30 }, NOW - 50],
    ['unknown long after it', CLAIM, { iat: NOW - 50, auth_time: NOW - 19 }, undefined],
    ['never after now', CLAIM, { iat: NOW + 20, auth_time: NOW + 20 }, NOW],
  ])('is %s', async (_what, authTime, claims, expected) => {
    expect((await session(claims, { authTime })).authTime).toBe(expected)
  })

  it('of ten thousand entries is the newest', () => {
    const amr = Array.from({ length: 10_000 }, (_, age) => at(NOW - 20_000 + age))
    expect(authTimeOf({ amr }, NEWEST, NOW)).toBe(NOW - 10_001)
  })

  it('is never later than the issue or now, whatever the claims hold', () => {
    const number = fc.oneof(
      fc.integer({ min: NOW - 700, max: NOW + 700 }),
      fc.double(),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0, LAST_EPOCH_SECOND + 1, 1e308),
    )
    const value = fc.oneof(number, fc.array(number), fc.anything())
    const entry = fc.oneof(fc.record({ timestamp: value, method: fc.string() }), value)
    fc.assert(
      fc.property(
        fc.record({ iat: value, auth_time: value, amr: fc.array(entry), fva: fc.array(value) }),
        fc.constantFrom(CLAIM, NEWEST, EXCEPT, MINUTES),
        (claims, source) => {
          const time = authTimeOf(claims, source, NOW)
          if (time === undefined) return
          expect(Number.isSafeInteger(time)).toBe(true)
          expect(time).toBeGreaterThanOrEqual(0)
          const issued = typeof claims.iat === 'number' ? claims.iat : Number.NaN
          const latest = issued >= 0 && issued <= LAST_EPOCH_SECOND ? Math.min(issued, NOW) : NOW
          expect(time).toBeLessThanOrEqual(latest)
        },
      ),
      { numRuns: 500 },
    )
  })

  it.each<[AuthTimeSource, message: string]>([
    [
      NEWEST,
      'The session token has no usable time of the sign-in in `amr`: each entry needs `timestamp`, in epoch seconds.',
    ],
    [
      MINUTES,
      'The session token has no usable age of the sign-in in `fva`: it needs whole minutes at index 0, and `iat`.',
    ],
  ])('is asked for in the form that the settings name: %j', async (authTime, message) => {
    const verified = await session({}, { authTime })
    const settings = {
      session: resolveSession({ ...DOCUMENT, authTime }),
      firstFactor: 'freshSession',
      firstFactorSessionSeconds: 600,
      assertions: undefined,
    } as const
    const refusal = refusalOf(() => requireFresh(verified, settings, NOW))
    expect(refusal).toMatchObject({ reason: 'session_not_fresh', message })
    expect(warningsOf(verified, settings, NOW)).toContainEqual({
      code: 'auth_time_missing',
      claim: authTime.claim,
    })
  })
})

describe('session settings', () => {
  const fault = (more: Partial<SessionSettings>) =>
    refusalOf(() => checkSession({ ...DOCUMENT, ...more }, PLACE)).message

  it('name one source of the time of the sign-in', () => {
    expect(fault({ authTime: CLAIM, authTimeClaim: 'auth_time' })).toContain('`authTimeClaim`')
    expect(resolveSession({ ...DOCUMENT, authTime: MINUTES })).not.toHaveProperty('authTimeClaim')
    expect(resolveSession(DOCUMENT).authTimeClaim).toBe('auth_time')
  })

  it('name no claim for the audience where any audience is accepted', () => {
    expect(fault({ acceptAnyAudience: true, audienceClaim: 'azp' })).toContain('audienceClaim')
  })

  it('stay valid with every default filled in', () => {
    const written: SessionSettings = { ...DOCUMENT, authTime: EXCEPT, audienceClaim: 'azp' }
    const resolved = resolveSession(written)
    expect(SessionSettings.parse(resolved)).toEqual(resolved)
    expect(checkSession(resolved, PLACE)).toBeUndefined()
  })

  it.each<[what: string, more: object]>([
    ['a source that is not known', { authTime: { from: 'header', claim: 'x' } }],
    ['a source with a member too many', { authTime: { ...CLAIM, index: 0 } }],
    ['a list without its member', { authTime: { from: 'newest', claim: 'amr' } }],
    ['an index that is negative', { authTime: { ...MINUTES, index: -1 } }],
    [
      'an exception without values',
      { authTime: { ...NEWEST, except: { member: 'm', values: [] } } },
    ],
    ['a claim without a value', { requiredClaims: [{ claim: 'x' }] }],
    ['a claim with two values', { requiredClaims: [{ claim: 'x', equals: 'a', includes: 'b' }] }],
    ['a claim that may be there', { requiredClaims: [{ claim: 'x', absent: false }] }],
    ['a word with a space', { requiredClaims: [{ claim: 'x', includes: 'a b' }] }],
    ['an empty list of claims', { requiredClaims: [] }],
    ['eleven claims', { requiredClaims: Array(11).fill({ claim: 'x', equals: 'a' }) }],
  ])('refuse %s', (_what, more) => {
    expect(SessionSettings.safeParse({ ...DOCUMENT, ...more }).success).toBe(false)
  })
})
